/**
 * `npm run bench:filter-learning`: filters learned in a simulated world whose rules the learner does not know, held against weeks that neither learner nor
 * proof have seen. `--seeds N` cases per cell (default 3), `--grammars A,B`, `--rules A,B`, `--show`: every case with harm or a refusal.
 * Exit code 1: with outcomes told rightly and nothing changing, one wanted event is dropped in any advised case.
 */
import { parseArgs } from "node:util";
import { FILTER_GRAMMARS, type FilterGrammar } from "../src/model/filters.ts";
import type { Case, Drift, DriftAt, Rule } from "./filter-learning/cases.ts";
import { RULES } from "./filter-learning/cases.ts";
import type { Result } from "./filter-learning/score.ts";
import { scored } from "./filter-learning/score.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "3" },
    grammars: { type: "string", default: FILTER_GRAMMARS.join(",") },
    rules: { type: "string", default: RULES.join(",") },
    show: { type: "boolean", default: false },
  },
});
const seeds = Number(values.seeds);
const grammars = values.grammars.split(",") as FilterGrammar[];
const rules = values.rules.split(",") as Rule[];

const size = { window: 8000, after: 4000 };
const all: Result[] = [];

function run(given: readonly Case[]): Result[] {
  const results = given.map(scored);
  all.push(...results);
  return results;
}

let count = 0;
function cases(of: {
  grammars: readonly FilterGrammar[];
  rules: readonly Rule[];
  noise?: number;
  drift?: Drift;
  driftAt?: DriftAt;
}): Case[] {
  const { noise = 0, drift = "none", driftAt = "after" } = of;
  return of.grammars.flatMap((grammar) =>
    of.rules.flatMap((rule) =>
      Array.from({ length: seeds }, () => ({ grammar, rule, noise, drift, driftAt, ...size, seed: 7919 * (count += 1) })),
    ),
  );
}

const percent = (part: number, whole: number): string => (whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`);

function line(name: string, results: readonly Result[]): string {
  const advised = results.filter(({ refusal }) => refusal === null);
  const harmless = advised.filter(({ wantedDropped }) => wantedDropped === 0).length;
  const saved = advised.reduce((sum, { discardedDropped, discarded }) => sum + discardedDropped / discarded, 0);
  const few = results.filter(({ refusal }) => refusal?.includes("are too few") === true).length;
  const cells = [
    name.padEnd(34),
    String(results.length).padStart(6),
    String(advised.length).padStart(8),
    `${harmless}/${advised.length}`.padStart(11),
    percent(saved, advised.length).padStart(9),
    String(results.length - advised.length).padStart(8),
    String(few).padStart(8),
  ];
  return cells.join("");
}

const header = `${"".padEnd(34)} cases advised   harmless    saved refused  too few\n`;
const print = (text: string) => process.stdout.write(`${text}\n`);

print(
  "Outcomes told rightly, nothing changes. harmless: advised cases without a wanted event dropped in the weeks after; saved: share of what",
);
print("is discarded that the filter drops, of advised cases; too few: refusals for want of wanted events.\n");
print(header);
const clean: Result[] = [];
for (const grammar of grammars) {
  const results = run(cases({ grammars: [grammar], rules }));
  clean.push(...results);
  print(line(grammar, results));
}
print("");
for (const rule of rules)
  print(
    line(
      rule,
      clean.filter(({ given }) => given.rule === rule),
    ),
  );
print(line("all", clean));

const few = grammars.filter((grammar) =>
  ["eventbridge", "sqs", "sns-attributes", "event-grid", "service-bus-sql", "pubsub"].includes(grammar),
);
print(`\nOutcomes told wrongly at times\n\n${header}`);
for (const noise of [0.001, 0.005, 0.01, 0.02, 0.05]) print(line(`${100 * noise} % wrong`, run(cases({ grammars: few, rules, noise }))));

print(`\nThe world changes: within the part that is replayed, or only afterwards, where nothing can see it\n\n${header}`);
for (const drift of ["renamed", "new-kind", "flip"] as const) {
  for (const driftAt of ["in-proof", "after"] as const) {
    print(
      line(`${drift}, ${driftAt === "in-proof" ? "while proven" : "afterwards"}`, run(cases({ grammars: few, rules, drift, driftAt }))),
    );
  }
}

if (values.show) {
  for (const { given, refusal, wantedDropped, wanted, filter } of all) {
    if (refusal === null && wantedDropped === 0) continue;
    const { grammar, rule, noise, drift, driftAt, seed } = given;
    print(
      `${grammar} ${rule} noise ${noise} ${drift} ${driftAt} seed ${seed}: ${refusal ?? `${wantedDropped} of ${wanted} wanted dropped by ${filter}`}`,
    );
  }
}
const harmed = clean.filter(({ wantedDropped }) => wantedDropped > 0).length;
print(`\n${all.length} cases; clean ones with a wanted event dropped: ${harmed}`);
process.exitCode = harmed > 0 ? 1 : 0;
