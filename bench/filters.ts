/**
 * `npm run bench:filters`: EventBridge patterns decided by evscope and by the rule engine that AWS publishes (event-ruler, from Maven Central), on 100,000
 * generated pairs of pattern and event. Prints agreements, disagreements by what explains them, and the speed of both. `--pairs N`, `--seed S`, `--show N`:
 * list that many unexplained ones. Without Java and Maven, or a way to fetch the engine, it says so and skips. Exit code 1: a disagreement without explanation.
 */
import { parseArgs } from "node:util";
import { MAX_WILDCARD_COMPLEXITY } from "../src/analyzer/filters/match/eventbridge-complexity.ts";
import { matchEventBridge } from "../src/analyzer/filters/match/eventbridge.ts";
import type { Decision, Matcher } from "../src/model/filters.ts";
import type { Json } from "../src/model/records.ts";
import { type EngineVerdict, runEngine } from "./filters/engine.ts";
import { explanation, split } from "./filters/explain.ts";
import { type Pair, pairs } from "./filters/pairs.ts";

const CONTRADICTION = "the engine contradicts itself: asked with one value for each field at a time, it agrees with evscope";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    show: { type: "string", default: "10" },
  },
});

const made = [...pairs(Number(values.pairs), Number(values.seed))];
const ours = made.map(({ pattern }) => matchEventBridge(pattern));
const engine = runEngine(made, MAX_WILDCARD_COMPLEXITY);
if ("why" in engine) console.log(`skipped: the rule engine cannot be run here (${engine.why})`);
else compare(engine);

function compare({ verdicts, eventsPerSecond }: Extract<typeof engine, { verdicts: unknown }>): void {
  const tally = { match: 0, no_match: 0, invalid: 0, too_complex: 0 };
  const explained = new Map<string, number>();
  const open: Disagreement[] = [];
  for (const [at, theirs] of verdicts.entries()) {
    const pair = made[at] as Pair;
    const decision = (ours[at] as Matcher).decide(JSON.parse(pair.event) as Json);
    tally[theirs.verdict]++;
    if (decision.verdict === (theirs.verdict === "too_complex" ? "invalid" : theirs.verdict)) continue;
    const why = explanation(pair, decision, theirs);
    if (why === null) open.push({ pair, ours: decision, theirs });
    else explained.set(why, (explained.get(why) ?? 0) + 1);
  }
  const unexplained = open.length === 0 ? [] : contradicting(open, explained);
  const disagreed = unexplained.length + [...explained.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `pairs ${verdicts.length} (engine: ${tally.match} match, ${tally.no_match} do not, ${tally.invalid} invalid, ${tally.too_complex} too complex)`,
  );
  console.log(`agree ${verdicts.length - disagreed}, disagree ${disagreed}, of these explained ${disagreed - unexplained.length}`);
  for (const [why, count] of explained) console.log(`  ${count} x ${why}`);
  for (const { pair, ours: decision, theirs } of unexplained.slice(0, Number(values.show))) {
    console.log(
      `unexplained: evscope ${decision.verdict} (${decision.reason}), engine ${theirs.verdict} (${theirs.note})\n  ${pair.pattern}\n  ${pair.event}`,
    );
  }
  const speed = eventsPerSecondOf(
    made.map(({ event }, at) => [ours[at] as Matcher, event] as const).filter(([{ invalid }]) => invalid === null),
  );
  console.log(
    `from JSON text to verdict: evscope ${Math.round(speed)} events/s, engine ${eventsPerSecond} events/s, ratio ${(speed / eventsPerSecond).toFixed(2)}`,
  );
  process.exitCode = unexplained.length > 0 ? 1 : 0;
}

interface Disagreement {
  pair: Pair;
  ours: Decision;
  theirs: EngineVerdict;
}

/** Asks the engine once more, value for value: where it then agrees with evscope it contradicts itself, and that is the explanation. Gives the others. */
function contradicting(disagreements: readonly Disagreement[], explained: Map<string, number>): Disagreement[] {
  const parts = disagreements.map(({ pair }) => split(pair.pattern).map((pattern) => ({ pattern, event: pair.event })));
  const again = runEngine(parts.flat(), MAX_WILDCARD_COMPLEXITY);
  if ("why" in again) return [...disagreements];
  let from = 0;
  return disagreements.filter(({ ours: decision }, at) => {
    const verdicts = again.verdicts.slice(from, (from += (parts[at] as Pair[]).length));
    const matches = verdicts.some(({ verdict }) => verdict === "match");
    if (verdicts.length === 0 || decision.verdict === "invalid" || matches !== (decision.verdict === "match")) return true;
    explained.set(CONTRADICTION, (explained.get(CONTRADICTION) ?? 0) + 1);
    return false;
  });
}

/** Best of five rounds. */
function eventsPerSecondOf(cases: readonly (readonly [Matcher, string])[]): number {
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (const [matcher, event] of cases) matcher.matches(JSON.parse(event) as Json);
    best = Math.max(best, (cases.length * 1000) / (performance.now() - start));
  }
  return best;
}
