/**
 * `npm run bench:rightsizing`: how well memory sizes are advised, on public measurements (`../shared/rightsizing`), against the gates of its
 * page and beside other ways to do it. Whole families of functions are left out of the prior in turn. Exit code 1: a gate is missed.
 */
import { existsSync } from "node:fs";
import { benchmarkSet, CLEAN, type Curve, openFaas, readCurves, SHARED } from "./dataset.ts";
import { gateTable, shownValue } from "./gates.ts";
import { gatesOf } from "./goals.ts";
import { bootstrap, mean, median, standing } from "./metrics.ts";
import { BASES, oneSize } from "./one-size.ts";
import type { Acts } from "./acts.ts";
import { ladders } from "./ladders.ts";
import { measure } from "./measure.ts";
import { contenders, coverage, evscope, type Score, scored } from "./score.ts";
import { MEMORY_RULES } from "./baselines.ts";
import { onCandidates, REGIMES, shown, sizelessGrid } from "./regimes.ts";
import { fitOfTheWhole, leaveGroupOut, shippedModel } from "./models.ts";

const percent = (value: number): string => (value * 100).toFixed(1).padStart(6);
const print = (line = ""): void => console.log(line);

/** A line per contender: error, and for three objectives exact / within 5 % / regret. */
function row(name: string, scores: readonly Score[]): string {
  const errors = scores.map((score) => score.mape);
  const picks = (["1", "0.75", "fastest"] as const).map((objective) =>
    (["exact", "within5", "regret"] as const).map((key) => percent(mean(scores.map((score) => score.picks[objective][key])))).join(""),
  );
  return `  ${name.padEnd(18)}${percent(mean(errors))}${percent(median(errors))}   ${picks.join("   ")}`;
}

function comparison(curves: readonly Curve[], known: readonly Curve[]): void {
  const model = leaveGroupOut(known);
  const decisions = curves.map(onCandidates);
  const head = `  ${"%".padEnd(18)}  MAPE median   cheapest           balanced (.75)     fastest`;
  for (const regime of REGIMES) {
    print(`\n${regime}: error at sizes not shown; then exact, within 5 %, regret\n${head}`);
    const leastSizes = regime === "1 size" ? 1 : regime === "3 sizes" ? 3 : 2;
    for (const [name, fit] of contenders(model, leastSizes))
      print(
        row(
          name,
          scored(decisions, (curve) => shown(curve, regime), fit),
        ),
      );
  }
  print(`\n3 sizes, every measured size (steps of a few MiB too)\n${head}`);
  for (const [name, fit] of contenders(model, 3))
    print(
      row(
        name,
        scored(curves, (curve) => shown(curve, "3 sizes"), fit),
      ),
    );
  print(
    row(
      "(fit to all points)",
      scored(curves, () => [[]], fitOfTheWhole),
    ),
  );
  const sizeless = curves.map(sizelessGrid).filter((curve) => curve !== null);
  print(`\nSizeless' six sizes, three shown (256, 1024, 3008), ${sizeless.length} functions\n${head}`);
  const three = (curve: Curve): Curve["points"][] => [curve.points.filter(({ memoryMib }) => [256, 1024, 3008].includes(memoryMib))];
  for (const [name, fit] of contenders(model, 3)) print(row(name, scored(sizeless, three, fit)));
  const told = decisions.filter(({ points }) => points.every(({ usedMib }) => usedMib !== null));
  print(
    `\nMax Memory Used alone, ${told.length} functions that report it: exact, within 5 %, regret\n  ${"%".padEnd(18)}cheapest           balanced (.75)     fastest`,
  );
  for (const [name, rule] of Object.entries(MEMORY_RULES)) {
    const picks = (["1", "0.75", "fastest"] as const).map((objective) => {
      const stands = told.map(({ points }) => standing(points, rule(points), objective));
      return (["exact", "within5", "regret"] as const).map((key) => percent(mean(stands.map((one) => one[key])))).join("");
    });
    print(`  ${name.padEnd(18)}${picks.join("   ")}`);
  }
}

function actCells({ actRate, harm, realised, predicted, changes }: Acts): string {
  const saved = realised === null ? "-" : `${percent(realised).trim()} (${percent(predicted!).trim()})`;
  return `${percent(actRate)}${percent(harm)}  ${saved.padStart(12)}${String(changes).padStart(6)}`;
}

async function main(): Promise<number> {
  if (!existsSync(`${SHARED}curves.csv`)) {
    print(`skipped: ${SHARED}curves.csv is not on this machine`);
    return 0;
  }
  const start = performance.now();
  const { curves, sha256 } = readCurves();
  const all = benchmarkSet(curves.values());
  const clean = all.filter(({ roughness }) => roughness <= CLEAN);
  print(
    `curves.csv ${sha256.slice(0, 12)}: ${all.length} functions in ${new Set(all.map(({ group }) => group)).size} families, ${clean.length} clean`,
  );
  comparison(clean, clean);
  const figures = await measure(all, clean);
  print("\nacting on it (cost): share of cases, harmful, saved (predicted), to sizes not shown, changes");
  for (const [name, found] of Object.entries(figures.acts)) {
    const saved = found.realised === null ? "-" : `${percent(found.realised)} (${percent(found.predicted!).trim()})`;
    print(
      `  ${name.padEnd(34)}${percent(found.actRate)}${percent(found.harm)}  ${saved.padStart(16)}${percent(found.unseen)}${String(found.changes).padStart(7)}`,
    );
  }
  print("\none size and what is known beside it, simulated from each function's own curve (partly circular: an upper bound)");
  print(`  ${"%: error, median, 80 % covers, from".padEnd(34)}${BASES.map(([bases]) => bases.padStart(20)).join("")}`);
  const beside = oneSize(clean, clean.map(onCandidates));
  for (const { name, from } of beside)
    print(
      `  ${name.padEnd(34)}${from.map((one) => `${percent(one.mape)}${percent(one.median)}${percent(one.covers80)}`.padStart(20)).join("")}`,
    );
  print("  acting on it: share of cases, harmful, saved (predicted), changes; somebody waits, then nobody");
  for (const { name, waits, asynchronous } of beside)
    print(`  ${name.padEnd(34)}${[waits, asynchronous].map((one) => actCells(one)).join("   ")}`);
  print(
    `\nintervals (80 % and 90 %) cover: ${figures.coverage.map(({ regime, at80, at90 }) => `${regime} ${percent(at80).trim()} / ${percent(at90).trim()}`).join("; ")}`,
  );
  print(
    `flat functions: ${figures.controls.functions}, ${figures.controls.cases} questions, ${figures.controls.speedUps} times more memory advised`,
  );
  const elsewhere = openFaas(curves.values());
  const transfer = (["2 sizes", "3 sizes"] as const).map((regime) => {
    const errors = scored(elsewhere, (curve) => shown(curve, regime), evscope(shippedModel)).map(({ mape }) => mape);
    return `${regime} ${percent(mean(errors)).trim()} (covers ${percent(coverage(elsewhere, regime, shippedModel, 0.8)).trim()})`;
  });
  print(`OpenFaaS, ${elsewhere.length} CPU curves that no prior knows, shipped prior: error with ${transfer.join(", ")}`);
  for (const { name, curves: count, error, covers80, waits, asynchronous } of ladders(elsewhere, shippedModel))
    print(
      `  the sizes of ${name} on ${count} of them, two seen: error ${percent(error).trim()} (covers ${percent(covers80).trim()}); ` +
        `acting, harmful, saved (predicted), changes: ${[waits, asynchronous].map((one) => actCells(one).trim().replace(/ +/g, " ")).join("; nobody waits: ")}`,
    );
  const { vetoes } = figures;
  print(
    `from a dataset's figures: ${vetoes.proposals} of ${vetoes.functions} functions get a proposal; with memory exhausted ${vetoes.afterOutOfMemory}, ` +
      `with timeouts ${vetoes.afterTimeout}, on one size ${vetoes.onOneSize}`,
  );
  print(
    `all ${all.length} functions with the noisy ones, error with 1 / 2 / 3 sizes: ${figures.noisy.map((value) => shownValue(value, "%")).join(" / ")}`,
  );
  const three = figures.clean["3 sizes"];
  const [low, high] = bootstrap(three.map(({ mape }) => mape));
  const [lowExact, highExact] = bootstrap(three.map(({ picks }) => picks["0.75"].exact));
  print(
    `95 % over functions, 3 sizes: error ${shownValue(low, "%")} to ${shownValue(high, "%")}, exact ${shownValue(lowExact, "%")} to ${shownValue(highExact, "%")}\n`,
  );
  const { lines, ok, outOfReach } = gateTable(gatesOf(figures));
  for (const line of lines) print(line);
  const beyond = outOfReach === 0 ? "" : ` but ${outOfReach} MISSED, which the best curve through all points misses too`;
  print(`\n${ok ? `every gate holds${beyond}` : "A GATE IS MISSED"}; ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return ok ? 0 : 1;
}

process.exitCode = await main();
