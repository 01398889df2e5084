/** Applies or undoes on a cloud in a file, and kills itself with SIGKILL at the given step. Started by crash.test.ts. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "../../../src/model/plan.ts";
import { FakeCloud } from "../../support/fake-applier.ts";
import { run } from "./support.ts";

const [dir, killAt, torn, parallel, undoes] = process.argv.slice(2) as [string, string, string, string, string | undefined];
let ticks = 0;
const tick = (where: string): void => {
  ticks += 1;
  if (ticks !== Number(killAt)) return;
  // the kernel may have taken a part of the line when the process died
  if (torn === "torn" && /^before (begin|done|run-)/.test(where)) appendFileSync(join(dir, "journal/journal.ndjson"), '{"seq":');
  process.kill(process.pid, "SIGKILL");
};
const changes = JSON.parse(readFileSync(join(dir, "changes.json"), "utf8")) as Change[];
const cloud = new FakeCloud(join(dir, "cloud.json"), { tick });
await run(dir, cloud, changes, { tick, parallel: Number(parallel), ...(undoes === undefined ? {} : { undoes }) });
writeFileSync(join(dir, "ticks"), String(ticks));
