/**
 * `npm run bench:rightsizing:cli`: the whole product on functions whose curve is known. Their past is written as CloudWatch exports, read by
 * `evscope import`, judged by `evscope rightsize --format json`, and the answer held against the curve. Exit code 1: a gate is missed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RightsizeDocument } from "../../src/report/views/rightsize.ts";
import { casesFrom, type Case } from "./cases.ts";
import { readCurves, SHARED } from "./dataset.ts";
import { writeExports } from "./exports.ts";
import { atLeast, atMost, between, type Gate, gateTable } from "./gates.ts";
import { mean, median } from "./metrics.ts";
import { type Optimize, type Verdict, verdicts } from "./product-score.ts";

const COMMAND = fileURLToPath(new URL("../../bin/run.js", import.meta.url));
/** Functions per origin and number of sizes. */
const COUNT = Number(process.argv.find((arg) => arg.startsWith("--count="))?.slice(8) ?? 100);
const SEED = Number(process.argv.find((arg) => arg.startsWith("--seed="))?.slice(7) ?? 11);
const ORIGINS = ["known", "made", "elsewhere"] as const;

function evscope(...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [COMMAND, ...args], { encoding: "utf8", maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`evscope ${args[0]} ended with ${status}: ${stderr.slice(-2000)}`);
  return stdout;
}

const flat = (found: readonly Verdict[], values: (one: Verdict) => number[]): number[] =>
  found.flatMap((one) => (values(one).length === 0 ? [] : [mean(values(one))]));
const percent = (value: number): string => (Number.isNaN(value) ? "-" : (value * 100).toFixed(1)).padStart(8);

function table(found: readonly Verdict[]): void {
  console.log(`\n  ${"%".padEnd(24)}functions  tiers   error  median  covers    seen  covers`);
  for (const origin of ORIGINS)
    for (const sizes of [1, 2, 3]) {
      const mine = found.filter(({ one }) => one.origin === origin && one.seenMib.length === sizes);
      const errors = flat(mine, (one) => one.errors);
      const figures = [
        mean(mine.map((one) => Number(one.tierRight))),
        mean(errors),
        median(errors),
        mean(flat(mine, (one) => one.inside)),
        mean(flat(mine, (one) => one.errorsSeen)),
        mean(flat(mine, (one) => one.insideSeen)),
      ];
      console.log(
        `  ${`${origin}, ${sizes} size${sizes === 1 ? "" : "s"}`.padEnd(24)}${String(mine.length).padStart(9)}${figures.map(percent).join("")}`,
      );
    }
}

function picks(found: readonly Verdict[]): void {
  const objectives = ["cheapest", "balanced", "fastest"] as const;
  console.log(`\n  ${"best by what is predicted, %".padEnd(32)}${objectives.map((name) => `  ${name}: exact, within 5, regret`).join("")}`);
  for (const sizes of [1, 2, 3]) {
    const mine = found.filter(({ one }) => one.seenMib.length === sizes);
    const cells = objectives.map((name) =>
      (["exact", "within5", "regret"] as const)
        .map((key) => percent(mean(mine.map((v) => v.picks[name][key]))))
        .join(" ")
        .padStart(33),
    );
    console.log(`  ${`${sizes} size${sizes === 1 ? "" : "s"}`.padEnd(28)}${cells.join("")}`);
  }
}

/** Of functions without trouble. */
function acts(found: readonly Verdict[]): void {
  console.log(`\n  ${"%".padEnd(34)}  changes  refused  harmful    saved predicted of what could be`);
  for (const optimize of ["cost", "balanced", "speed"] as const)
    for (const sizes of [1, 2, 3])
      for (const waits of [true, false]) {
        const mine = found.filter(
          (v) => v.optimize === optimize && v.one.seenMib.length === sizes && v.one.asynchronous !== waits && v.one.trouble === "none",
        );
        const changed = mine.filter((v) => v.harmful !== null);
        const figures = [
          changed.length / mine.length,
          mean(mine.map((v) => Number(v.said.refusal !== null))),
          mean(changed.map((v) => Number(v.harmful))),
          mean(changed.map((v) => v.realised!)),
          mean(changed.map((v) => v.predicted!)),
          ...(optimize === "cost"
            ? [changed.reduce((sum, v) => sum + v.realised!, 0) / mine.reduce((sum, v) => sum + v.achievable, 0)]
            : []),
        ];
        const name = `${optimize}, ${sizes} size${sizes === 1 ? "" : "s"}, ${waits ? "someone" : "nobody"} waits`;
        console.log(`  ${name.padEnd(34)}${figures.map(percent).join(" ")}`);
      }
}

function gatesOf(found: readonly Verdict[]): Gate[] {
  const cost = found.filter((v) => v.optimize === "cost");
  const calm = cost.filter(({ one }) => one.trouble === "none");
  const bySizes = (sizes: number): Verdict[] => cost.filter(({ one }) => one.seenMib.length === sizes);
  const changed = cost.filter((v) => v.harmful !== null && v.one.seenMib.length > 1);
  const share = (name: string, value: number, gate: Gate["gate"], goal: Gate["goal"]): Gate => ({ name, value, gate, goal, unit: "%" });
  return [
    { name: "rules broken", value: found.reduce((sum, v) => sum + v.broken.length, 0), gate: atMost(0), goal: atMost(0), unit: "" },
    share("tier as it should be", mean(calm.map((v) => Number(v.tierRight))), atLeast(0.99), atLeast(1)),
    ...[1, 2, 3].map((sizes) =>
      share(
        `80 % interval covers at sizes not seen, ${sizes} size${sizes === 1 ? "" : "s"}`,
        mean(flat(bySizes(sizes), (v) => v.inside)),
        between(0.75, 0.9),
        between(0.78, 0.86),
      ),
    ),
    share("error at sizes not seen, 2 sizes", mean(flat(bySizes(2), (v) => v.errors)), atMost(0.175), atMost(0.14)),
    share("error at sizes not seen, 3 sizes", mean(flat(bySizes(3), (v) => v.errors)), atMost(0.09), atMost(0.07)),
    share("harmful changes, 2 and 3 sizes, cost", mean(changed.map((v) => Number(v.harmful))), atMost(0.02), atMost(0.01)),
    {
      name: "saved / predicted, 2 and 3 sizes",
      value: mean(changed.map((v) => v.realised!)) / mean(changed.map((v) => v.predicted!)),
      gate: between(0.9, 1.1),
      goal: between(0.95, 1.05),
      unit: "",
    },
  ];
}

function main(): number {
  if (!existsSync(`${SHARED}curves.csv`)) {
    console.log(`skipped: ${SHARED}curves.csv is not on this machine`);
    return 0;
  }
  const start = performance.now();
  const cases: Case[] = casesFrom(readCurves().curves, COUNT, SEED);
  const kept = process.argv.includes("--keep");
  const dir = mkdtempSync(join(tmpdir(), "evscope-rightsizing-"));
  try {
    const [files, data] = [join(dir, "files"), join(dir, "data")];
    writeExports(cases, files);
    const runs = cases.reduce((sum, one) => sum + one.spells.reduce((n, spell) => n + spell.runs, 0), 0);
    console.log(`${cases.length} functions, ${runs} runs${kept ? ` in ${dir}` : ""}`);
    evscope("import", files, "--data", data);
    const found = (["cost", "balanced", "speed"] as Optimize[]).flatMap((optimize) =>
      verdicts(
        cases,
        JSON.parse(
          evscope("rightsize", "--data", data, "--offline", "--format", "json", "--optimize", optimize, "--min-saving", "0"),
        ) as RightsizeDocument,
        optimize,
      ),
    );
    table(found.filter((v) => v.optimize === "cost"));
    picks(found.filter((v) => v.optimize === "cost"));
    acts(found);
    const broken = Map.groupBy(
      found.flatMap((v) => v.broken.map((rule) => ({ rule, name: v.one.name }))),
      ({ rule }) => rule,
    );
    for (const [rule, those] of broken) console.log(`  broken: ${rule}: ${those.length} times, as by ${those[0]!.name}`);
    for (const v of found.filter((one) => one.harmful))
      console.log(
        `  harmful: ${v.optimize} ${v.one.name} ${v.said.currentMib} -> ${v.said.proposedMib} MiB, seen at ${v.one.seenMib.join(", ")}`,
      );
    if (process.argv.includes("--changes"))
      for (const v of found.filter((one) => one.optimize === "cost" && one.harmful !== null))
        console.log(
          `  change: ${v.one.name} ${v.one.asynchronous ? "async" : "sync"} ${v.said.currentMib} -> ${v.said.proposedMib} MiB, seen at ${v.one.seenMib.join(", ")}; ${percent(v.realised!)} for ${percent(v.predicted!)} noise ${v.one.noise.toFixed(2)} cold ${v.one.coldShare} init ${v.one.initMs.toFixed(0)} ${v.one.trouble} T ${v.one.truth.find((t) => t.memoryMib === v.said.currentMib)!.durationMs.toFixed(0)}`,
        );
    if (process.argv.includes("--missed"))
      for (const v of found.filter(
        (one) =>
          one.optimize === "cost" &&
          one.achievable > 0.1 &&
          one.one.trouble === "none" &&
          one.one.seenMib.length > 1 &&
          (one.realised ?? 0) < one.achievable - 0.1,
      ))
        console.log(
          `  missed: ${v.one.name} ${v.one.asynchronous ? "async" : "sync"} ${v.said.currentMib} -> ${v.said.proposedMib} MiB, seen at ${v.one.seenMib.join(", ")}; ${percent(v.realised ?? 0)} of ${percent(v.achievable)}; ${v.said.whyNotMore}`,
        );
    const { lines, ok } = gateTable(gatesOf(found));
    console.log(
      `\n${lines.join("\n")}\n\n${ok ? "every gate holds" : "A GATE IS MISSED"}; ${((performance.now() - start) / 1000).toFixed(1)} s`,
    );
    return ok ? 0 : 1;
  } finally {
    if (!kept) rmSync(dir, { recursive: true, force: true });
  }
}

process.exitCode = main();
