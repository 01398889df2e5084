/** Answers that are not what the services' specifications say, field by field: gaps and errors that name the call, and never a crash. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AzureError } from "../../../src/clouds/azure/api.ts";
import type { LiveSession } from "../../../src/clouds/room.ts";
import { UserError } from "../../../src/model/errors.ts";
import type { ResourceRef } from "../../../src/model/plan.ts";
import type { Config, Rec } from "../../../src/model/records.ts";
import { GROUP, orderWorld, runOrders, SUBSCRIPTION } from "../support/azure/orders.ts";
import { type Azure, startAzure } from "../support/azure/server.ts";
import { sessionOf } from "../support/azure/session.ts";
import { numbers, spoilt } from "../support/azure/spoilt.ts";

/** Rounds; each has answers of its own, and the seed of one that failed is in the test's message. */
const ROUNDS = Number(process.env["ROUNDS"] ?? 12);
const FIRST = Number(process.env["SEED"] ?? 1);
const HOUR_MS = 3_600_000;

describe("answers of Azure that break their specification", () => {
  let azure: Azure;
  let session: LiveSession;
  let known: Config[];
  const window = { from: Date.now() - 3 * HOUR_MS, to: Date.now() };
  const ref: ResourceRef = {
    cloud: "azure",
    account: SUBSCRIPTION,
    region: "eastus",
    kind: "azure.function-app",
    resource: `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Web/sites/quote-fn`,
    name: "quote-fn",
  };

  beforeAll(async () => {
    const world = orderWorld();
    const truth = runOrders(world, { seed: 5, orders: 4, startAt: Date.now() - HOUR_MS });
    world.metrics.set(ref.resource.toLowerCase(), { InstanceCount: { unit: "Count", points: [{ at: Date.now() - HOUR_MS, value: 1 }] } });
    azure = await startAzure(world, { judged: false });
    session = await sessionOf(azure, { patienceMs: 1, requestTimeoutMs: 2000 });
    known = (await all(session.collector.inventory())).filter((one): one is Config => one.type === "config");
    id = { kind: "business", value: truth.chains[0]!.id } as never;
  });
  afterAll(async () => {
    session?.close();
    await azure?.stop();
  });
  let id: never;

  async function all(source: AsyncIterable<Rec[]>): Promise<Rec[]> {
    const found: Rec[] = [];
    for await (const page of source) found.push(...page);
    return found;
  }

  /** Everything that a session reads; how each part ended. */
  async function everything(): Promise<{ part: string; error: unknown; records: Rec[] }[]> {
    const ends: { part: string; error: unknown; records: Rec[] }[] = [];
    const part = async (name: string, work: () => Promise<Rec[]>): Promise<Rec[]> => {
      let [records, error]: [Rec[], unknown] = [[], null];
      try {
        records = await work();
      } catch (thrown) {
        error = thrown;
      }
      ends.push({ part: name, error, records });
      return records;
    };
    const seen = (await part("inventory", () => all(session.collector.inventory()))).filter((one): one is Config => one.type === "config");
    for (const [whose, configs] of [
      ["known", known],
      ["seen", seen],
    ] as const)
      await part(`plan and run of what is ${whose}`, async () => {
        const request = { window, signals: ["logs", "traces", "metrics"], logs: "all", maxQueryUsd: 1 } as never;
        const plan = await session.collector.plan(configs, request, (_, wanted) => [wanted]);
        const records: Rec[] = [];
        for (const task of plan.tasks) records.push(...(await part(task.source, () => all(session.collector.run(task)))));
        return records;
      });
    await part("search", () => all(session.collector.search([id], known, window, 1)));
    await part("permissions", async () => {
      for await (const check of session.permissions()) expect(check).toBeDefined();
      return [];
    });
    await part("applier", async () => (await session.applier.read(ref, ["host.extensions.queues.batchSize"]), []));
    await part("owners", async () => (await session.applier.owners(ref), []));
    return ends;
  }

  it.each(Array.from({ length: ROUNDS }, (_, i) => FIRST + i))("round %i", async (seed) => {
    const random = numbers(seed);
    const rarity = [20, 60, 200, 1000][seed % 4]!;
    azure.rules.length = 0;
    azure.requests.length = 0;
    azure.rules.push({ match: /^(?!.*oauth2|.*openid)/, fault: { change: (body) => spoilt(body, random, rarity) ?? {} } });
    for (const { part, error, records } of await everything()) {
      if (error !== null) {
        const said = error as Error;
        expect(said instanceof UserError || said instanceof AzureError, `${part}: ${said.stack}`).toBe(true);
        expect(said.message).not.toMatch(/Cannot read|is not a function|is not iterable|\[object Object\]|undefined/);
      }
      for (const record of records)
        if (record.type === "gap") expect(record.why, part).not.toMatch(/Cannot read|is not a function|\[object Object\]/);
    }
    expect(azure.writes()).toEqual([]);
  });
});
