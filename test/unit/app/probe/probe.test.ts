import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { probe, type ProbeOptions, type ProbeOutcome } from "../../../../src/app/probe/index.ts";
import { nearNames } from "../../../../src/app/probe/found.ts";
import { readPayloads } from "../../../../src/app/probe/payloads.ts";
import { probeSizes } from "../../../../src/app/probe/sizes.ts";
import { loadSettings } from "../../../../src/app/settings.ts";
import { scopeOf } from "../../../../src/app/targets.ts";
import { AwsError } from "../../../../src/clouds/aws/api.ts";
import type { LiveSession, Prober, Target } from "../../../../src/clouds/room.ts";
import { UserError } from "../../../../src/model/errors.ts";
import { silentHost } from "../../../../src/model/host.ts";
import type { LiveResource } from "../../../../src/model/plan.ts";
import type { ProbeRuns, SizingAdvice } from "../../../../src/model/sizing.ts";
import { openDataset } from "../../../../src/store/index.ts";
import { probeDocument, probeView } from "../../../../src/report/views/probe.ts";
import { fakeClock, fakeSession } from "../../../support/fake-session.ts";
import { schemaErrors } from "../../../support/json-schema.ts";
import { run as runRecord } from "../../analyzer/cost/rates.ts";

const NOW = Date.UTC(2026, 10, 23);

/** A cloud in which every run of `orders` takes `workMibMs / memory`, and whose prober obeys the door. */
interface Bench {
  regions: string[];
  timeoutS: number;
  workMibMs: number;
  stopped: string | null;
  leftBehind: string[];
}

function prober(bench: Bench, made: string[]): Prober {
  return {
    async probe(ref, { sizesMib, rounds, mayGoOn }) {
      const runs = sizesMib.map((memoryMib): ProbeRuns => ({
        memoryMib,
        durationsMs: [],
        billedMs: [],
        initMs: null,
        maxUsedMib: null,
        discardedBilledMs: null,
      }));
      const invocations = [];
      const nothing = { runs, leftBehind: [], invocations: [], stopped: null };
      if (!mayGoOn(runs)) return nothing;
      made.push(ref.name);
      for (let round = 0; round <= rounds; round++) {
        if (round > 0 && !mayGoOn(runs)) break;
        for (const one of runs) {
          const durationMs = bench.workMibMs / one.memoryMib + round * 0.01;
          const billedMs = Math.ceil(durationMs);
          if (round === 0) one.discardedBilledMs = billedMs;
          else {
            one.durationsMs.push(durationMs);
            one.billedMs.push(billedMs);
          }
          const requestId = `00000000-0000-4000-8000-${String(round * 10 + runs.indexOf(one)).padStart(12, "0")}`;
          const startedAt = NOW + round * 1_000_000 + runs.indexOf(one) * 100_000;
          invocations.push(
            runRecord({
              requestId,
              fn: ref.name,
              memoryMib: one.memoryMib,
              durationMs,
              billedMs,
              startedAt,
              trigger: "probe",
              coldStart: round === 0,
            }),
          );
        }
      }
      return { runs, leftBehind: bench.leftBehind, invocations, stopped: bench.stopped };
    },
  };
}

function live(timeoutS: number, region: string): LiveResource {
  const ref = {
    cloud: "aws",
    account: "111122223333",
    region,
    kind: "lambda.function",
    resource: `arn:aws:lambda:${region}:111122223333:function:orders`,
    name: "orders",
  } as const;
  return {
    ...ref,
    settings: { memoryMib: 512, timeoutS, architecture: "x86_64" },
    revision: "r1",
    fingerprint: "f",
    busy: null,
    aliases: [],
  };
}

async function probed(
  more: Partial<ProbeOptions> = {},
  bench: Partial<Bench> = {},
): Promise<{ outcome: ProbeOutcome; made: string[]; said: string[]; dataDir: string }> {
  const all: Bench = { regions: ["eu-central-1"], timeoutS: 3, workMibMs: 100_000, stopped: null, leftBehind: [], ...bench };
  const [made, said]: [string[], string[]] = [[], []];
  const cwd = mkdtempSync(join(tmpdir(), "evscope-probe-"));
  const dataDir = join(cwd, ".evscope");
  const options: ProbeOptions = {
    fn: "orders",
    sizesMib: [256, 512, 2048],
    rounds: 10,
    payloads: ["{}"],
    budgetUsd: 0.05,
    dryRun: false,
    confirm: () => Promise.resolve(true),
    ...more,
  };
  const settings = loadSettings(null, cwd);
  const connect = (target: Target): Promise<LiveSession> =>
    Promise.resolve({
      ...fakeSession(target, {}),
      prober: prober(all, made),
      applier: {
        read: (ref) =>
          all.regions.includes(ref.region)
            ? Promise.resolve(live(all.timeoutS, ref.region))
            : Promise.reject(
                new UserError(`no function ${ref.name} in ${ref.region}`, {
                  cause: new AwsError("not-found", "lambda:GetFunctionConfiguration", "ResourceNotFoundException", "not found", 404, 1),
                }),
              ),
        owners: () => Promise.resolve([]),
        write: () => Promise.reject(new Error("a probe writes nothing")),
        moveAlias: () => Promise.reject(new Error("a probe writes nothing")),
      },
    });
  const clock = fakeClock(NOW);
  const world = {
    host: { ...silentHost, note: (text: string) => void said.push(text) },
    signal: new AbortController().signal,
    clock,
    keys: settings.keys,
    connect,
  };
  const scope = scopeOf(settings, { region: ["eu-central-1", "us-east-1"] }, {}, clock.now());
  return { outcome: await probe(dataDir, options, scope, settings, world), made, said, dataDir };
}

describe("an unknown function", () => {
  it("is said for all places that were looked at", async () => {
    await expect(probed({ fn: "ordes" }, { regions: [] })).rejects.toMatchObject({
      message: expect.stringMatching(/^there is no function ordes in .*eu-central-1 or .*us-east-1$/),
      exitCode: 2,
    });
  });

  it("suggests names that are near, the nearest first", () => {
    const names = ["orders", "orders-archive", "order", "billing", "Orders"];
    // ordes -> orders, order: one letter; six letters and a case
    expect(nearNames("ordes", names)).toEqual(["Orders", "order", "orders"]);
    expect(nearNames("archive", names)).toEqual(["orders-archive"]);
    expect(nearNames("payments", names)).toEqual([]);
  });
});

describe("probe", () => {
  it("says what it will do and cost before it asks, and keeps every run in the dataset", async () => {
    let question = "";
    const { outcome, said, dataDir } = await probed({ confirm: (text) => ((question = text), Promise.resolve(true)), rounds: 3 });
    expect(said[0]).toMatch(/up to 12 runs at 256, 512, 2048 MiB/);
    // at most: 3 s x 2816 MiB = 8.25 GB-s a round (0.00013750 + 3 requests 0.0000006 = 0.00013810), the first with 10 s of init each
    expect(outcome.mostPerRoundUsd).toBeCloseTo(8.25 * 0.0000166667 + 3 * 0.0000002, 12);
    expect(question).toContain("$0.05");
    expect(outcome).toMatchObject({ ended: "rounds", kept: 12, currentMib: 512, failure: null });
    // 4 runs each: 391, 196 and 49 ms are billed: 256 x 391 + 512 x 196 + 2048 x 49 = 300 800 MiB·ms; the trend of 0.01 ms adds none
    expect(outcome.spentUsd).toBeCloseTo(4 * ((300_800 / 1_024_000) * 0.0000166667 + 3 * 0.0000002), 12);
    const dataset = await openDataset(dataDir);
    const stats = await dataset.functionStats({ from: null, to: null, functions: [], clouds: [] });
    await dataset.close();
    expect(stats.map((one) => [one.memoryMib, one.probe, one.warm.count])).toEqual(
      expect.arrayContaining([
        [256, true, 3],
        [512, true, 3],
        [2048, true, 3],
      ]),
    );
  });

  it("stops when more runs would not change the choice, not before five per size", async () => {
    // duration falls as memory grows up to 2,048 MiB: cost is flat, so that no size is much better than another
    const { outcome } = await probed({ rounds: 50 });
    expect(outcome.ended).toBe("enough");
    expect(outcome.runs[0]!.durationsMs.length).toBeGreaterThanOrEqual(5);
    expect(outcome.runs[0]!.durationsMs.length).toBeLessThan(50);
  });

  it("never begins a round that could cost more than the budget leaves", async () => {
    // runs of 2.9 s at 512 MiB: a round costs 0.00002417 + 0.0000002, at most 0.00002520; the first at most 0.0001085 with init
    const bench = { workMibMs: 2_900 * 512 };
    const { outcome } = await probed({ sizesMib: [512], rounds: 50, budgetUsd: 0.000135 }, bench);
    expect(outcome.ended).toBe("budget");
    expect(outcome.spentUsd).toBeLessThanOrEqual(0.000135);
    expect(outcome.spentUsd + outcome.mostPerRoundUsd).toBeGreaterThan(0.000135);
  });

  it("a budget below the first two rounds is refused before anything is made or asked", async () => {
    let asked = false;
    const running = probed({ budgetUsd: 0.0001, confirm: () => ((asked = true), Promise.resolve(true)) });
    await expect(running).rejects.toMatchObject({
      exitCode: 2,
      suggestions: expect.arrayContaining([expect.stringContaining("--budget")]),
    });
    expect(asked).toBe(false);
  });

  it("a dry run and a declined one make nothing, not even a dataset", async () => {
    for (const [more, ended] of [
      [{ dryRun: true }, "dry-run"],
      [{ confirm: () => Promise.resolve(false) }, "declined"],
    ] as const) {
      const { outcome, made, dataDir } = await probed(more);
      expect(outcome.ended).toBe(ended);
      expect(made).toEqual([]);
      expect(existsSync(dataDir)).toBe(false);
    }
  });

  it("a function of this name in two places, or in none, is refused", async () => {
    await expect(probed({}, { regions: ["eu-central-1", "us-east-1"] })).rejects.toThrow(/eu-central-1 and in .*us-east-1/);
    await expect(probed({}, { regions: [] })).rejects.toThrow(/no function orders/);
  });

  it("what was measured before the function failed is kept; what is left behind is named", async () => {
    const { outcome } = await probed(
      { rounds: 3 },
      { stopped: "at 256 MiB the function ended with error", leftBehind: ["orders-evscope-probe"] },
    );
    expect(outcome).toMatchObject({ ended: "failed", kept: 12, leftBehind: ["orders-evscope-probe"] });
    const notes = probeView(outcome).sections[0]!.notes.join("\n");
    expect(notes).toContain("At 256 MiB the function ended with error.");
    expect(notes).toContain("delete-function --function-name orders-evscope-probe");
  });

  it("its document is what the schema promises, also without runs", async () => {
    for (const more of [{ rounds: 3 }, { dryRun: true }])
      expect(schemaErrors("probe", probeDocument((await probed(more)).outcome))).toEqual([]);
  });
});

describe("sizes", () => {
  const of = live(3, "eu-central-1");

  it("three over what is allowed; none below the current size while memory used is not known", () => {
    expect(probeSizes(null, of, null)).toHaveLength(3);
    expect(Math.min(...probeSizes(null, of, null))).toBe(512);
    const known = { floorMib: 128, probeMib: null } as unknown as SizingAdvice;
    expect(probeSizes(null, of, known)).toEqual([128, 512, 2048]);
  });

  it("the user's own, sorted, each once; illegal ones are refused", () => {
    expect(probeSizes([1024, 256, 1024], of, null)).toEqual([256, 1024]);
    for (const sizes of [[64], [10_241], [512.5], [Number.NaN], [], [128, 256, 512, 1024, 2048, 3008, 4096]])
      expect(() => probeSizes(sizes, of, null)).toThrow(UserError);
  });
});

describe("payloads", () => {
  const file = (text: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), "evscope-payload-")), "events.json");
    writeFileSync(path, text);
    return path;
  };

  it("one document, also over several lines; or one per line", () => {
    expect(readPayloads(file('{\n  "a": 1\n}\n'))).toEqual(['{\n  "a": 1\n}']);
    expect(readPayloads(file('{"a":1}\n\n{"a":2}\n'))).toEqual(['{"a":1}', '{"a":2}']);
  });

  it("errors name file and line", () => {
    expect(() => readPayloads(file('{"a":1}\n{"a":\n'))).toThrow(/events\.json:2: not JSON/);
    expect(() => readPayloads(file(" \n"))).toThrow(/empty/);
    expect(() => readPayloads("/nonexistent/payload.json")).toThrow(/no payload file/);
    expect(() => readPayloads(file(`"${"x".repeat(6 * 1024 * 1024)}"`))).toThrow(/:1: 6291458 bytes/);
  });
});
