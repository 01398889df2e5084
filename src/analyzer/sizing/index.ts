/** The door of the memory room: see README.md. */
import type { Epoch, EpochHour, Sizing, SizingAdvice } from "../../model/sizing.ts";
import { advise } from "./advise.ts";
import { experimentOf, type Sided } from "./epochs.ts";
import { atMargin } from "./margin.ts";
import type { AdviceContext } from "./subject.ts";
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
  const wanted = functionFacts(question).filter((facts) => functions === null || functions(facts.fn));
  const experiments = wanted.map((facts) => experimentOf(facts));
  const compared = experiments.flatMap(({ current, others }) => (current === null || others.length === 0 ? [] : [current, ...others]));
  const hours = new Map<Sided, EpochHour[]>(compared.map((epoch) => [epoch, []]));
  if (compared.length > 0) for (const hour of await question.hours(compared)) hours.get(compared[hour.epoch]!)!.push(hour);
  const rates = atMargin(question.rates, question.stats, (to ?? 0) - (from ?? 0));
  const context: AdviceContext = { ...question, rates, window: { from: from ?? 0, to: to ?? 0 } };
  const advice = wanted.map((facts, i) => advise(facts, experiments[i]!, (epoch) => hours.get(epoch) ?? [], context));
  const order = advice.map((one) => ({ one, saving: one.savingUsdPerMonth?.p50 ?? -Infinity, usd: usdNow(one) }));
  order.sort((a, b) => compare(b.saving, a.saving) || compare(b.usd, a.usd) || (a.one.fn < b.one.fn ? -1 : 1));
  return { functions: order.map(({ one }) => one), objective, from, to, pricesAsOf };
}

/** What it costs a month now; nothing known comes last. */
function usdNow({ predicted, currentMib }: SizingAdvice): number {
  return predicted.find((one) => one.memoryMib === currentMib)?.monthlyUsd?.p50 ?? -Infinity;
}

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);
