/** Whole processes beside each other: wall time, peak memory, medians and ratios of pairs. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Job {
  name: string;
  /** A shell line, so that peers can be pipelines. */
  shell: string;
  /** Run before every measurement, unmeasured. */
  before?: () => void;
  /** What the output must contain to count; a wrong answer is no measurement. */
  expects?: RegExp;
}

export interface Measurement {
  /** Median over the rounds. */
  wallS: number;
  /** Largest resident set of any of its processes, 10^6 bytes. null: no GNU time on this machine. */
  peakMb: number | null;
}

const GNU_TIME = "/usr/bin/time";
/** Starts of Node are slower with it, which is no business of evscope. */
const ENV = { ...process.env, NODE_EXTRA_CA_CERTS: undefined, EVSCOPE_DATA: undefined, CI: "1" };

function once(job: Job): { wallS: number; peakMb: number | null } {
  job.before?.();
  const note = join(tmpdir(), `evscope-bench-${process.pid}.time`);
  const timed = existsSync(GNU_TIME)
    ? ([GNU_TIME, ["-f", "%M", "-o", note, "sh", "-c", job.shell]] as const)
    : (["sh", ["-c", job.shell]] as const);
  const begun = process.hrtime.bigint();
  const result = spawnSync(timed[0], timed[1], { env: ENV, encoding: "utf8", maxBuffer: 1 << 28 });
  const wallS = Number(process.hrtime.bigint() - begun) / 1e9;
  if (result.status !== 0) throw new Error(`${job.name} ended with ${result.status}: ${result.stderr.slice(-500)}`);
  if (job.expects && !job.expects.test(result.stdout)) throw new Error(`${job.name} answered wrongly: ${result.stdout.slice(0, 300)}`);
  const peakMb = existsSync(note) ? (Number(readFileSync(note, "utf8").trim().split("\n").at(-1)) * 1024) / 1e6 : null;
  rmSync(note, { force: true });
  return { wallS, peakMb };
}

/** Runs the jobs in turn (A B C A B C ...) and gives each one's median, and the median of its ratios to the first, pair by pair. */
export function compare(jobs: readonly Job[], rounds: number): (Measurement & { job: Job; ratioToFirst: number })[] {
  const runs = jobs.map((): ReturnType<typeof once>[] => []);
  for (let round = 0; round < rounds; round++) for (const [i, job] of jobs.entries()) runs[i]!.push(once(job));
  return jobs.map((job, i) => ({
    job,
    wallS: median(runs[i]!.map((r) => r.wallS)),
    peakMb: runs[i]!.some((r) => r.peakMb === null) ? null : Math.max(...runs[i]!.map((r) => r.peakMb!)),
    ratioToFirst: median(runs[i]!.map((r, round) => runs[0]![round]!.wallS / r.wallS)),
  }));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function installed(command: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
}
