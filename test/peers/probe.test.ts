/** `probe` on a server that really runs functions, read back with the vendor's SDK. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListAliasesCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probe, type ProbeOptions } from "../../src/app/probe/index.ts";
import { loadSettings } from "../../src/app/settings.ts";
import { scopeOf } from "../../src/app/targets.ts";
import { openDataset } from "../../src/store/index.ts";
import { pointSdkAt } from "../support/aws-client.ts";
import { liveContext } from "./support/live-context.ts";
import { at, deploy } from "./support/order-system.ts";
import { has, type Peer, start } from "./support/servers.ts";

describe.skipIf(!has("ministack"))("ministack", () => {
  let peer: Peer;
  let lambda: LambdaClient;
  let folder: string;

  beforeAll(async () => {
    peer = await start("ministack");
    pointSdkAt(peer.url);
    lambda = new LambdaClient(at(peer.url));
    folder = mkdtempSync(join(tmpdir(), "evscope-probe-"));
    await deploy(peer.url);
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60 }, { FunctionName: "notify" });
  });
  afterAll(() => peer?.stop());

  const options: ProbeOptions = {
    fn: "notify",
    sizesMib: [128, 512, 1769],
    rounds: 3,
    payloads: ['{"detail":{"correlation_id":"probe-1"}}', '{"detail":{"correlation_id":"probe-2"}}'],
    budgetUsd: 0.05,
    dryRun: false,
    confirm: () => Promise.resolve(true),
  };

  function run(more: Partial<ProbeOptions>, signal?: AbortSignal): ReturnType<typeof probe> {
    const settings = loadSettings(null, folder);
    const world = signal === undefined ? liveContext() : liveContext({ signal });
    const scope = scopeOf(settings, { region: ["us-east-1"] }, {}, world.clock.now());
    return probe(join(folder, ".evscope"), { ...options, ...more }, scope, settings, world);
  }

  /** Everything that a probe could disturb. */
  async function state(): Promise<unknown> {
    const { Functions } = await lambda.send(new ListFunctionsCommand({}));
    const { $metadata: _, ...latest } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "notify" }));
    const { Versions } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName: "notify" }));
    const { Aliases } = await lambda.send(new ListAliasesCommand({ FunctionName: "notify" }));
    return { names: Functions!.map((one) => one.FunctionName).sort(), latest, versions: Versions!.map((one) => one.Version), Aliases };
  }

  it("measures the sizes, keeps the runs, leaves everything as it was", async () => {
    const before = await state();
    const outcome = await run({});
    expect(outcome).toMatchObject({ ended: "rounds", failure: null, leftBehind: [], kept: 12, currentMib: 1024 });
    expect(outcome.runs.map((one) => one.durationsMs.length)).toEqual([3, 3, 3]);
    // the handler sleeps 5 ms at one vCPU, 5 * 1769/128 = 69 ms at 128 MiB: the order holds whatever the machine adds
    const [small, middle, large] = outcome.runs.map((one) => Math.min(...one.durationsMs));
    expect(small).toBeGreaterThan(middle!);
    expect(small! - large!).toBeGreaterThan(40);
    expect(outcome.spentUsd).toBeGreaterThan(0);
    expect(outcome.spentUsd).toBeLessThan(0.001);
    expect(await state()).toEqual(before);
    const dataset = await openDataset(join(folder, ".evscope"));
    try {
      const usage = await dataset.usage({ from: null, to: null, functions: ["notify"], clouds: [] });
      expect(usage.reduce((sum, one) => sum + one.count, 0)).toBe(12);
      const stats = await dataset.functionStats({ from: null, to: null, functions: ["notify"], clouds: [] });
      expect(stats.map((one) => [one.memoryMib, one.probe]).sort()).toEqual([
        [128, true],
        [1769, true],
        [512, true],
      ]);
    } finally {
      await dataset.close();
    }
  });

  it("a dry run, and a question that is declined, make nothing", async () => {
    const before = await state();
    expect((await run({ dryRun: true })).ended).toBe("dry-run");
    expect((await run({ confirm: () => Promise.resolve(false) })).ended).toBe("declined");
    expect(await state()).toEqual(before);
  });

  it("a budget that cannot be kept is refused before anything is made", async () => {
    const before = await state();
    await expect(run({ budgetUsd: 0.0001 })).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining("timeout") });
    // a round at most: 10 s x (128 + 512 + 1769) MiB = 23.525390625 GB-s x 0.0000166667 + 3 x 0.0000002 = 0.00039269062793 USD
    expect((await run({ dryRun: true })).mostPerRoundUsd).toBeCloseTo(0.00039269062793, 12);
    expect(await state()).toEqual(before);
  });

  it("Ctrl-C while it runs leaves nothing behind", async () => {
    const before = await state();
    const stop = new AbortController();
    const running = run({ rounds: 50, confirm: () => (setTimeout(() => stop.abort(), 1_500), Promise.resolve(true)) }, stop.signal);
    await expect(running).rejects.toThrow(/abort/i);
    expect(await state()).toEqual(before);
  });
});
