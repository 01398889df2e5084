/**
 * `node bench/rightsizing/fit-prior.ts [--exclude FAMILY] [--out FILE]`: fits the prior to the clean curves of `../shared/rightsizing`,
 * writes it in the form of `src/analyzer/sizing/prior.json`, and says how far its predictions lie from those of the shipped prior.
 * The shipped one was fitted in the same way to these curves and six more that are not in the file.
 * Exit code 1: predictions from three sizes differ by more than 3 % in the median, without --exclude.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CANDIDATES_MIB } from "../../src/analyzer/sizing/choose.ts";
import { posterior } from "../../src/analyzer/sizing/posterior.ts";
import { Prior, type PriorRow, shippedPrior } from "../../src/analyzer/sizing/prior.ts";
import { benchmarkSet, CLEAN, type Curve, type Point, readCurves } from "./dataset.ts";
import { fitPrior } from "./fit.ts";
import { median } from "./metrics.ts";
import { type Regime, shown } from "./regimes.ts";

const MOST_DIFFERENCE = 0.03;
const SHIPPED = new URL("../../src/analyzer/sizing/prior.json", import.meta.url);

const { values } = parseArgs({ options: { exclude: { type: "string" }, out: { type: "string" } } });

/** |ln| of the ratio of predictions at sizes that evscope may choose, within the function's range. */
function differences(curves: readonly Curve[], prior: Prior, regime: Regime): number[] {
  const mean = (points: readonly Point[], by: Prior): ((size: number) => number) => {
    const observations = points.map(({ memoryMib, durationMs }) => ({ memoryMib, durationMs, logSe: 0 }));
    const of = posterior(observations, { cpuMs: null, prior: by });
    return (size) => of.meanMs(size);
  };
  return curves.flatMap((curve) =>
    shown(curve, regime).flatMap((points) => {
      const [refitted, shipped] = [mean(points, prior), mean(points, shippedPrior())];
      const [least, most] = [curve.points[0]!.memoryMib, curve.points.at(-1)!.memoryMib];
      const sizes = CANDIDATES_MIB.filter((size) => size >= least && size <= most && !points.some(({ memoryMib }) => memoryMib === size));
      return sizes.map((size) => Math.abs(Math.log(refitted(size) / shipped(size))));
    }),
  );
}

const clean = benchmarkSet(readCurves().curves.values()).filter(({ roughness }) => roughness <= CLEAN);
const known = clean.filter(({ group }) => group !== values.exclude);
if (values.exclude !== undefined && known.length === clean.length) throw new Error(`no family is called ${values.exclude}`);
const rows = fitPrior(known);
if (values.out !== undefined) writeFileSync(values.out, fileText(rows));
console.log(`${rows.length} curves from ${known.length} functions${values.out === undefined ? "" : `, written to ${values.out}`}`);
const prior = new Prior(rows);
for (const regime of ["1 size", "policy pair", "3 sizes"] as const) {
  const found = differences(clean, prior, regime).sort((a, b) => a - b);
  const p90 = found[Math.floor(found.length * 0.9)]!;
  console.log(`${regime}: differs from the shipped prior by ${percent(median(found))} in the median, ${percent(p90)} in nine of ten`);
  if (regime === "3 sizes" && values.exclude === undefined && median(found) > MOST_DIFFERENCE) process.exitCode = 1;
}

function percent(log: number): string {
  return `${(Math.expm1(log) * 100).toFixed(1)} %`;
}

function fileText(particles: readonly PriorRow[]): string {
  const { source, columns } = JSON.parse(readFileSync(SHIPPED, "utf8")) as { source: string; columns: string[] };
  const lines = particles.map((row) => `    [${row.map((value) => Number(value.toPrecision(8))).join(", ")}]`);
  return `{\n  "source": ${JSON.stringify(source)},\n  "columns": ${JSON.stringify(columns)},\n  "particles": [\n${lines.join(",\n")}\n  ]\n}\n`;
}
