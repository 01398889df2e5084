/** Cases with a rule that the learner does not know: what the consumer wants, how its outcomes are told, and what changes in the weeks after. */
import type { FilterGrammar, LabelledEvent } from "../../src/model/filters.ts";
import type { Order, Random } from "./events.ts";
import { carried, ENDINGS, FOLDERS, GOODS, KINDS, oneOf, orderOf, randomOf, STATUSES, TIERS } from "./events.ts";

/** Sorts of rules, by what the consumer looks at. */
export const RULES = [
  "one-of",
  "conjunction",
  "kind-and-amount",
  "least-amount",
  "amount-range",
  "prefix",
  "suffix",
  "exists",
  "flag",
  "nested-array",
  "or-of-two",
  "rare-kind",
] as const;
export type Rule = (typeof RULES)[number];

/** What changes: names of discarded kinds, a kind that appears and is wanted, a discarded kind that is wanted from then on. */
export type Drift = "none" | "renamed" | "new-kind" | "flip";

/** Whether the change comes while the filter is proven, or only afterwards, where nothing can see it. */
export type DriftAt = "in-proof" | "after";

export interface Case {
  grammar: FilterGrammar;
  rule: Rule;
  /** Share of outcomes told wrongly. */
  noise: number;
  drift: Drift;
  driftAt: DriftAt;
  seed: number;
  /** Events in the window that is learned and proven from, and in the weeks after, which neither sees. */
  window: number;
  after: number;
}

export interface Simulated {
  events: LabelledEvent[];
  /** The weeks after, with what is true of them. */
  later: { event: LabelledEvent["event"]; wanted: boolean }[];
}

const RARE = "order.disputed";

function some<T>(random: Random, values: readonly T[], least: number, most: number): Set<T> {
  const chosen = new Set<T>();
  const count = least + Math.floor(random() * (most - least + 1));
  while (chosen.size < count) chosen.add(oneOf(random, values));
  return chosen;
}

/** What the consumer wants. */
function wantedBy(rule: Rule, random: Random): (order: Order) => boolean {
  const kinds = some(random, KINDS.slice(0, 6), 1, 3);
  const low = 30 + Math.floor(random() * 120);
  switch (rule) {
    case "one-of":
      return ({ kind }) => kinds.has(kind);
    case "conjunction": {
      const statuses = some(random, STATUSES, 1, 2);
      return ({ kind, status }) => kinds.has(kind) && statuses.has(status);
    }
    case "kind-and-amount":
      return ({ kind, amount }) => kinds.has(kind) && amount >= low;
    case "least-amount":
      return ({ amount }) => amount >= low;
    case "amount-range": {
      const high = low * (2 + random() * 2);
      return random() < 0.7 ? ({ amount }) => amount >= low && amount < high : ({ amount }) => amount < low || amount >= high;
    }
    case "prefix": {
      const folders = [...some(random, FOLDERS, 1, 2)];
      return ({ key }) => folders.some((folder) => key.startsWith(folder));
    }
    case "suffix": {
      const endings = [...some(random, ENDINGS, 1, 2)];
      return ({ key }) => endings.some((ending) => key.endsWith(ending));
    }
    case "exists": {
      const there = random() < 0.5;
      return ({ coupon }) => (coupon !== null) === there;
    }
    case "flag":
      return ({ test, kind }) => !test && kinds.has(kind);
    case "nested-array": {
      const goods = oneOf(random, GOODS, 0);
      return ({ items }) => items.some((item) => item.kind === goods);
    }
    case "or-of-two": {
      const tier = oneOf(random, TIERS, 0);
      return random() < 0.5
        ? (order) => order.tier === tier || order.amount >= low
        : (order) => order.tier === tier || kinds.has(order.kind);
    }
    case "rare-kind":
      // The rare kind is wanted whatever else holds: one event in 500.
      return random() < 0.5 ? ({ kind }) => kinds.has(kind) || kind === RARE : ({ kind, amount }) => amount >= low || kind === RARE;
  }
}

/** The events of a case. */
export function simulate(given: Case): Simulated {
  const random = randomOf(given.seed);
  const wanted = wantedBy(given.rule, random);
  const total = given.window + given.after;
  const start = Date.UTC(2026, 8, 1);
  const step = (42 * 86_400_000) / total;
  const from = given.driftAt === "after" ? given.window : Math.floor(given.window * (0.65 + 0.3 * random()));
  let flipped: string | null = null;
  const events: LabelledEvent[] = [];
  const later: Simulated["later"] = [];
  for (let n = 0; n < total; n += 1) {
    const at = Math.round(start + n * step);
    const order = orderOf(random, at, n, given.rule === "rare-kind" ? RARE : null);
    let wants = wanted(order);
    if (n >= from && given.drift !== "none") {
      if (given.drift === "renamed" && !wants) order.kind = `${order.kind}.v2`;
      if (given.drift === "new-kind" && random() < 0.1) [order.kind, wants] = ["order.gifted", true];
      if (given.drift === "flip") {
        flipped ??= wants ? null : order.kind;
        if (order.kind === flipped) wants = true;
      }
    }
    const event = carried(given.grammar, order);
    if (n >= given.window) {
      later.push({ event, wanted: wants });
      continue;
    }
    const told = random() < given.noise ? !wants : wants;
    events.push({
      at,
      grammar: given.grammar,
      event,
      channel: "orders",
      messageId: order.id,
      fn: "consumer",
      requestId: order.id,
      cloud: "aws",
      outcome: told ? "wanted" : "discarded",
      evidence: "marker",
      durationMs: told ? 120 : 4,
    });
  }
  return { events, later };
}
