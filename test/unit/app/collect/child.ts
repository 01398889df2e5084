/** Collects from a fake cloud into `argv[2]`, and is killed at the n-th file that gets its name (`argv[3]`; 0: never). */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const PACE = { requestsPerS: null, requestTimeoutMs: 1000, patienceMs: 1000 };

const [dir, killAt] = [process.argv[2]!, Number(process.argv[3])];
const rename = fs.renameSync;
let renames = 0;
fs.renameSync = (from, to) => {
  renames += 1;
  if (renames === killAt) process.kill(process.pid, "SIGKILL");
  rename(from, to);
};
syncBuiltinESMExports();

const { collect } = await import("../../../../src/app/collect/index.ts");
const { idKeys } = await import("../../../../src/model/id-keys.ts");
const { silentHost } = await import("../../../../src/model/host.ts");
const { fakeClock, fakeSession, fakeTarget } = await import("../../../support/fake-session.ts");
const { line, T0 } = await import("../../analyzer/chains/records.ts");

const HOUR = 3_600_000;
const clock = fakeClock(T0 + 100 * HOUR);
// every page is late enough for a batch of its own
const before = (): void => clock.advance(3 * 60_000);
const source = (fn: string) => ({
  signal: "logs" as const,
  page: 5,
  before,
  records: Array.from({ length: 10 }, (_, i) => line(fn, null, i * HOUR, [])),
});
const cloud = { sources: { "s/a": source("a"), "s/b": source("b") } };
const result = await collect(
  dir,
  {
    targets: [fakeTarget()],
    signals: ["logs"],
    logs: "all",
    window: { from: T0, to: T0 + 24 * HOUR },
    searchTo: T0 + 24 * HOUR,
    windowGiven: true,
    maxQueryUsd: 1,
    paces: { aws: PACE, azure: PACE, gcp: PACE },
  },
  {
    host: silentHost,
    signal: new AbortController().signal,
    clock,
    keys: idKeys([]),
    connect: async (target) => fakeSession(target, cloud),
  },
);
process.stdout.write(JSON.stringify({ fetched: result.parts.reduce((sum, part) => sum + part.fetched, 0), renames }));
