/**
 * Answers in which each field in turn is of another type, out of range or missing: what can be read is read, the rest is a gap; never a slip
 * of ours, and never a number that is none. The answers are those of the order system.
 */
import { expect, test } from "vitest";
import type { Api } from "../../../../src/clouds/gcp/api.ts";
import { openCollector } from "../../../../src/clouds/gcp/collector.ts";
import { UserError } from "../../../../src/model/errors.ts";
import type { Config, Json, Rec } from "../../../../src/model/records.ts";
import { orderWorld } from "../../../peers/support/gcp/orders.ts";
import type { Obj } from "../../../peers/support/gcp/protos.ts";
import { gcpContext, gcpTarget, HOUR_MS, NOW, type Scripted, scriptedGcp, typed } from "../../../support/scripted-gcp.ts";

type Script = { [api in Api]?: object };

const WINDOW = { from: NOW - HOUR_MS, to: NOW };
// oxfmt-ignore
const HOSTILE: readonly (Json | undefined)[] = [
  undefined, null, true, "", "x", [], {}, [null], [{}], 0, -1, 1e308, "1e308", "-99999999999999999999",
  "999999999999999999s", "-5s", "1.s", "9999-99-99T99:99:99Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
  "\u001b]0;owned\u0007", "\ud800", "=1+1", "a".repeat(100_000), { toString: 1, constructor: null },
  { seconds: "x", nanos: {} }, { seconds: 1e300 }, "projects/../../x", "%E0%A4%A",
];

/** No divisor of the number of values. */
const EVERY = 5;

/** One of each kind of thing, as the servers for tests have them. */
function answers(): Script {
  const world = orderWorld(NOW, 3);
  const entries = world.entries.filter(
    (one, i) => i < 4 || one["httpRequest"] !== undefined || /memory|finished/.test(String(one["textPayload"])),
  );
  const distribution = world.series.find((one) => one.valueType === "DISTRIBUTION")!;
  const at = { startTime: "2026-11-22T23:00:00Z", endTime: "2026-11-22T23:01:00Z" };
  return {
    "run:Locations.ListLocations": { locations: [{ locationId: "us-central1" }] },
    "run:Services.ListServices": { services: world.services, unreachable: ["asia-east1"] },
    "functions:ListFunctions": { functions: world.functions },
    "functions1:ListFunctions": { functions: world.functions1 },
    "pubsub:ListTopics": { topics: world.topics },
    "pubsub:ListSubscriptions": { subscriptions: world.subscriptions },
    "eventarc:triggers.list": { triggers: world.triggers },
    "firestore:databases.list": { databases: world.databases },
    "firestore:fields.list": { fields: world.ttlFields },
    "logging:ListBuckets": { buckets: world.logBuckets },
    "logging:ListLogEntries": { entries: entries.slice(0, 8) },
    "monitoring:ListTimeSeries": {
      timeSeries: [
        {
          metric: distribution.metric,
          resource: distribution.resource,
          metricKind: "DELTA",
          valueType: "DISTRIBUTION",
          unit: "1",
          points: [
            {
              interval: at,
              value: {
                distributionValue: {
                  count: "3",
                  mean: 0.2,
                  bucketOptions: { explicitBuckets: { bounds: [0.1, 0.5] } },
                  bucketCounts: ["1", "2"],
                },
              },
            },
          ],
        },
      ],
    },
    "cloudtrace:traces.list": { traces: world.traces.slice(0, 1) },
    "cloudtrace:traces.get": world.traces[0]!,
  };
}

/** Paths of every value. */
function* places(value: Json, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  yield path;
  // one item of a list stands for all
  if (Array.isArray(value)) for (const [i, one] of value.slice(0, 8).entries()) yield* places(one, [...path, i]);
  else if (typeof value === "object" && value !== null) for (const [key, one] of Object.entries(value)) yield* places(one, [...path, key]);
}

function withValue(answer: object, path: readonly (string | number)[], value: Json | undefined): object {
  if (path.length === 0) return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const copy = structuredClone(answer);
  let at = copy as Obj;
  for (const part of path.slice(0, -1)) at = at[part] as Obj;
  const last = String(path.at(-1));
  if (value === undefined && !Array.isArray(at)) delete at[last];
  else (at as Obj)[last] = value ?? null;
  return copy;
}

async function collectAll(script: Script): Promise<Rec[]> {
  const found: Rec[] = [];
  const collector = openCollector(
    scriptedGcp(script as { [api in Api]?: Scripted }),
    gcpTarget({ account: "shop-mail-418" }),
    gcpContext(),
  );
  const take = async (pages: AsyncIterable<Rec[]>): Promise<void> => {
    try {
      for await (const page of pages) found.push(...page);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  };
  await take(collector.inventory());
  const configs: Config[] = typed(found, "config");
  const plan = await collector.plan(
    configs,
    { signals: ["logs", "metrics", "traces"], logs: "all", window: WINDOW, maxQueryUsd: 1 },
    (_, one) => [one],
  );
  for (const task of plan.tasks.slice(0, 30)) await take(collector.run(task));
  await take(
    collector.search(
      [
        { kind: "trace", value: "0123456789abcdef0123456789abcdef" },
        { kind: "correlation", value: "o-1" },
      ],
      configs,
      WINDOW,
      1,
    ),
  );
  return found;
}

/** Paths of numbers that JSON and Parquet cannot hold. */
function noNumbers(value: unknown, path = ""): string[] {
  if (typeof value === "number") return Number.isFinite(value) ? [] : [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => noNumbers(one, `${path}.${key}`));
}

test.each(Object.keys(answers()) as Api[])(
  "%s",
  async (api) => {
    const whole = answers();
    const slips: string[] = [];
    let n = 0;
    for (const path of places(whole[api] as Json))
      for (const value of HOSTILE) {
        // so many values at so many places that each place has but some of them, and each value stands at many
        if (n++ % EVERY !== 0) continue;
        const told = `${path.join(".")} = ${JSON.stringify(value)?.slice(0, 60)}`;
        try {
          const records = await collectAll({ ...whole, [api]: withValue(whole[api]!, path, value) });
          const bad = records.flatMap((record) => noNumbers(record, record.type));
          if (bad.length > 0) slips.push(`${told}: ${bad[0]}`);
        } catch (error) {
          slips.push(`${told}: ${(error as Error).stack?.split("\n").slice(0, 4).join(" ")}`);
        }
      }
    expect(n).toBeGreaterThan(100);
    expect(slips.slice(0, 12)).toEqual([]);
  },
  60_000,
);

test("a time limit that no function has does not reach for times that no date has", async () => {
  const { services, ...rest } = answers()["run:Services.ListServices"] as { services: Obj[] };
  const one = services.map((service) => ({ ...service, template: { ...service["template"], timeout: "999999999999999s" } }));
  const functions = { "functions:ListFunctions": {}, "functions1:ListFunctions": {}, "logging:ListLogEntries": {} };
  const script = { ...answers(), ...functions, "run:Services.ListServices": { ...rest, services: one } };
  expect(typed(await collectAll(script), "config").filter(({ kind }) => kind === "function")).toHaveLength(services.length);
});

test("a location that could not be reached, and whose name is no text, is a gap all the same", async () => {
  const unreachable = [{ toString: 1 }];
  const found = await collectAll({ ...answers(), "run:Services.ListServices": { unreachable } });
  expect(typed(found, "gap").map((gap) => gap.why)).toContain("Google could not reach a location: not listed there");
});
