/**
 * `npm run bench:batching`: the simulator of pollers and the optimiser over it, held against a replay of the same arrivals event by event
 * (`batching/replay.ts`), on 50 arrival patterns. The optimiser sees the first half of each; its choice is also replayed on the second.
 * `--round N`: other arrivals of the same patterns.
 * Exit code 1: invocations more than 5 % apart, latency at p95 more than 10 %, or a latency budget broken in the second half.
 */
import { parseArgs } from "node:util";
import { judge, judgeFailing, type Judged } from "./batching/judge.ts";
import { failingPatterns, patterns } from "./batching/patterns.ts";

const { values } = parseArgs({ options: { round: { type: "string", default: "0" } } });

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`.padStart(8);
const whole = (value: number): string => String(Math.round(value)).padStart(8);

function line({ name, now, after, proposed, forecast, addedMs, budgetMs }: Judged): string {
  const change = proposed === null ? "-" : `${proposed.minimumBatchSize ?? proposed.batchSize} / ${proposed.windowMs} ms`;
  return [
    name.slice(0, 62).padEnd(62),
    percent(now.invocations) + percent(now.p95),
    change.padStart(18),
    after ? percent(after.invocations) + percent(after.p95) : " ".repeat(16),
    forecast ? percent(forecast.invocations) + percent(forecast.p95) : " ".repeat(16),
    addedMs === null ? "" : `${whole(addedMs)} of ${budgetMs}`,
  ].join(" ");
}

const start = performance.now();
const judged = patterns(Number(values.round)).map(judge);
console.log(`${"".padEnd(62)} now: invocations, p95; batch / window; after: invocations, p95; second half; added ms at p95 of budget`);
for (const one of judged) console.log(line(one));

const failing = failingPatterns(Number(values.round)).map((one) => ({ name: one.name, ...judgeFailing(one) }));
for (const { name, invocations, p95 } of failing) console.log(`${name.padEnd(110)} ${percent(invocations)}${percent(p95)}`);

const gaps = judged
  .flatMap((one) => [one.now, ...(one.after ? [one.after] : [])].map((gap) => ({ name: one.name, ...gap })))
  .concat(failing);
const worst = (key: "invocations" | "p95"): string => {
  const [first] = gaps.toSorted((a, b) => b[key] - a[key]);
  return `${percent(first![key]).trim()} (${first!.name})`;
};
const changed = judged.filter(({ proposed }) => proposed !== null);
const broken = judged.filter(({ addedMs, budgetMs }) => addedMs !== null && addedMs > budgetMs);
const apart = gaps.filter(({ invocations, p95 }) => invocations > 0.05 || p95 > 0.1);
console.log(
  `\n${judged.length} patterns and ${failing.length} with failing events, ${gaps.length} simulations, ${changed.length} changes proposed`,
);
console.log(`farthest apart: invocations ${worst("invocations")}, p95 ${worst("p95")}`);
console.log(`more than 5 % or 10 % apart: ${apart.length}; budget broken in the second half: ${broken.length}`);
console.log(`${((performance.now() - start) / 1_000).toFixed(0)} s`);
process.exit(apart.length + broken.length > 0 ? 1 : 0);
