/** The door of the room of sizes: see README.md. */
import { type Epoch, type EpochHour, predictionsOf, type Sizing, type SizingAdvice } from "../../model/sizing.ts";
import { advise, prepared } from "./advise.ts";
import { appFacts } from "./apps.ts";
import type { Sided } from "./epochs.ts";
import { atMargin } from "./margin.ts";
import type { AdviceContext } from "./subject.ts";
import { withInstances } from "./instances.ts";
import { inSettings } from "./outcome.ts";
import { functionFacts, type SizingSources } from "./facts.ts";

export type { SizingSources } from "./facts.ts";
export { regretOf } from "./regret.ts";
export { probePlan } from "./tiers.ts";

export interface SizingQuestion extends SizingSources, Omit<AdviceContext, "window"> {
  /** Only functions of this name; `*` stands for anything. null: all. */
  functions: ((fn: string) => boolean) | null;
  pricesAsOf: string;
  /** Hours of the week of these epochs, in their order. */
  hours(epochs: readonly Epoch[]): Promise<readonly EpochHour[]>;
}

/** Advice for every function: the greatest saving first, then the others by what they cost. */
export async function sizing(question: SizingQuestion): Promise<Sizing> {
  const { functions, objective, from, to, pricesAsOf } = question;
  const found = withInstances(appFacts(functionFacts(question), question.configs), question);
  const wanted = found
    .filter(({ fn, members }) => functions === null || functions(fn) || members?.some(functions))
    .map((facts) => prepared(facts, question));
  const compared = wanted.flatMap(({ experiment: { current, others } }) =>
    current === null || others.length === 0 ? [] : [current, ...others],
  );
  const hours = new Map<Sided, EpochHour[]>(compared.map((epoch) => [epoch, []]));
  const asked = compared.map((epoch) => ({ ...epoch, memoryMib: epoch.stats.memoryMib }));
  if (compared.length > 0) for (const hour of await question.hours(asked)) hours.get(compared[hour.epoch]!)!.push(hour);
  const rates = atMargin(question.rates, question.stats, (to ?? 0) - (from ?? 0));
  const context: AdviceContext = { ...question, rates, window: { from: from ?? 0, to: to ?? 0 } };
  const advice = wanted.map((one) =>
    inSettings(
      advise(one, (epoch) => hours.get(epoch) ?? [], context),
      one,
      context,
    ),
  );
  const order = advice.map((one) => ({ one, saving: one.savingUsdPerMonth?.p50 ?? -Infinity, usd: usdNow(one) }));
  order.sort((a, b) => compare(b.saving, a.saving) || compare(b.usd, a.usd) || (a.one.fn < b.one.fn ? -1 : 1));
  return { functions: order.map(({ one }) => one), objective, from, to, pricesAsOf };
}

/** What it costs a month now; nothing known comes last. */
function usdNow(advice: SizingAdvice): number {
  return predictionsOf(advice).now?.monthlyUsd?.p50 ?? -Infinity;
}

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);
