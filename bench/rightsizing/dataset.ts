/** Memory size -> mean duration of public functions (`../shared/rightsizing/curves.csv`), and which of them the benchmark is made of. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const SHARED = fileURLToPath(new URL("../../../shared/rightsizing/", import.meta.url));

/** One measured size. */
export interface Point {
  memoryMib: number;
  durationMs: number;
  /** Standard deviation of single runs and their number; null: the source has means only. */
  sdMs: number | null;
  runs: number | null;
  /** Max Memory Used; null: the source does not say. */
  usedMib: number | null;
}

export interface Curve {
  source: string;
  name: string;
  /** Family that is left out of the prior together (leave one group out). */
  group: string;
  /** Sizes ascending. */
  points: Point[];
  /** Root mean square of ln residuals of the best curve that never rises: noise, whatever the model. */
  roughness: number;
}

/** Noisier tables say little about curves. */
export const CLEAN = 0.1;

/** Rows of one set, by function. `sha256`: of the file, so that figures can be told apart. */
export function readCurves(path = `${SHARED}curves.csv`): {
  curves: Map<string, Curve & { set: string; platform: string }>;
  sha256: string;
} {
  const bytes = readFileSync(path);
  const [head, ...lines] = bytes.toString("utf8").trim().split(/\r?\n/);
  const columns = head!.split(",");
  const curves = new Map<string, Curve & { set: string; platform: string }>();
  for (const line of lines) {
    const cells = line.split(",");
    const cell = (name: string): string => cells[columns.indexOf(name)] ?? "";
    const number = (name: string): number | null => (cell(name) === "" ? null : Number(cell(name)));
    const [source, name, set, platform] = [cell("source"), cell("function"), cell("set"), cell("platform")];
    const key = [source, name, set, platform, cell("kind")].join("|");
    let curve = curves.get(key);
    if (!curve) {
      curve = { source, name, set, platform, group: groupOf(source), points: [], roughness: 0 };
      curves.set(key, curve);
    }
    curve.points.push({
      memoryMib: number("memory_mb")!,
      durationMs: number("avg_duration_ms")!,
      sdMs: number("std_ms"),
      runs: number("n"),
      usedMib: number("max_memory_mb"),
    });
  }
  for (const curve of curves.values()) {
    curve.points.sort((a, b) => a.memoryMib - b.memoryMib);
    curve.roughness = roughness(curve.points);
  }
  return { curves, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** The benchmark: AWS, at least four sizes over a span of at least four, no narrow re-runs. Noisy ones are in it; `CLEAN` tells. */
export function benchmarkSet(curves: Iterable<Curve & { set: string; platform: string }>): Curve[] {
  return [...curves].filter(
    ({ platform, set, name, points }) =>
      platform === "aws" &&
      set === "core" &&
      !name.includes("#run") &&
      points.length >= 4 &&
      points.at(-1)!.memoryMib / points[0]!.memoryMib >= 4,
  );
}

/** Curves of CPU shares on OpenFaaS, given as the memory that has that share on Lambda: no prior was fitted to them. */
export function openFaas(curves: Iterable<Curve & { set: string; platform: string }>): Curve[] {
  return [...curves].filter(
    ({ platform, points, roughness: rough }) => platform === "openfaas-cpu" && points.length >= 4 && rough <= CLEAN,
  );
}

const groupOf = (source: string): string => source.replace(/^mbwilding.*/, "mbwilding");

/** Pool adjacent violators: the non-increasing sequence nearest to the logarithms. */
function roughness(points: readonly Point[]): number {
  const logs = points.map(({ durationMs }) => Math.log(durationMs));
  const pools: { sum: number; count: number }[] = [];
  for (const log of logs) {
    pools.push({ sum: log, count: 1 });
    while (pools.length > 1) {
      const [before, last] = [pools.at(-2)!, pools.at(-1)!];
      if (before.sum / before.count >= last.sum / last.count) break;
      pools.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  }
  const fit = pools.flatMap(({ sum, count }) => Array<number>(count).fill(sum / count));
  return Math.sqrt(logs.reduce((total, log, i) => total + (log - fit[i]!) ** 2, 0) / logs.length);
}
