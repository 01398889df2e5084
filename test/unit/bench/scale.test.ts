/** A small run of `npm run bench:scale`: the real client against a region that refuses what comes too fast. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeAws, startFakeAws } from "../../../bench/scale/fake-aws.ts";
import { collect } from "../../../src/app/collect/index.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { scopeOf } from "../../../src/app/targets.ts";
import { systemClock } from "../../../src/cli/clock.ts";
import { silentHost } from "../../../src/model/host.ts";
import { openDataset } from "../../../src/store/index.ts";

const FUNCTIONS = 200;
const NAMES = ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"] as const;

let dir: string;
let fake: FakeAws;
const kept = new Map<string, string | undefined>();
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "evscope-scale-"));
  fake = await startFakeAws({ functions: FUNCTIONS, requestsPerS: 60, latencyMs: 10 });
  for (const name of NAMES) kept.set(name, process.env[name]);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: fake.url,
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    AWS_EC2_METADATA_DISABLED: "true",
  });
});
afterEach(async () => {
  for (const [name, value] of kept) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await fake.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("a region of 200 functions", () => {
  it("is read whole in a few calls a function, though half of the calls are too fast for it", async () => {
    const settings = loadSettings(null, dir);
    // twice what the region lets through: what is refused is repeated, and the rate goes down
    const pace = { ...settings.live.paces.aws, requestsPerS: 120 };
    const live = { ...settings.live, paces: { ...settings.live.paces, aws: pace } };
    const flags = { region: ["us-east-1"], since: "2026-11-20T10:00", until: "2026-11-20T11:00" };
    const scope = scopeOf({ ...settings, live }, flags, {}, Date.UTC(2026, 10, 23));
    const world = { host: silentHost, signal: new AbortController().signal, clock: systemClock, keys: settings.keys };
    const result = await collect(dir, scope, world);
    expect(result.gaps).toEqual([]);
    expect(result.targets[0]).toMatchObject({ account: "111122223333", functions: FUNCTIONS });
    const calls = Object.values(fake.stats).reduce((sum, one) => sum + one.calls, 0);
    expect(calls / FUNCTIONS).toBeLessThan(2);
    // the server's count of what it refused is the client's
    const refused = Object.values(fake.stats).reduce((sum, one) => sum + one.throttled, 0);
    expect(refused).toBeGreaterThan(0);
    expect(result.calls.reduce((sum, one) => sum + one.throttled, 0)).toBe(refused);
    const dataset = await openDataset(dir);
    const { rows, functions } = await dataset.info();
    await dataset.close();
    // one run an hour and function
    expect([rows.invocation, functions]).toEqual([FUNCTIONS, FUNCTIONS]);
    // four metrics, Duration as average and as maximum, a point a minute
    expect(rows.metric).toBe(FUNCTIONS * 5 * 60);
    const again = await collect(dir, scope, world);
    expect(again.parts).toEqual([]);
  });
});
