/** AND, OR and NOT of three-valued logic, with the condition that decided. */

/** null: unknown. */
export type Truth = boolean | null;

export type Logic<L> = { kind: "leaf"; leaf: L } | { kind: "and" | "or"; parts: readonly Logic<L>[] } | { kind: "not"; part: Logic<L> };

/** Deeper filters are refused, by us: nobody writes them, and what they would cost in stack is not bounded. */
export const MAX_DEPTH = 100;

/** What the whole says, and the leaf that made it say so: the first that settled it, else the last that left it open. */
export function decideLogic<L>(logic: Logic<L>, ask: (leaf: L) => Truth): { truth: Truth; by: L } {
  if (logic.kind === "leaf") return { truth: ask(logic.leaf), by: logic.leaf };
  if (logic.kind === "not") {
    const { truth, by } = decideLogic(logic.part, ask);
    return { truth: truth === null ? null : !truth, by };
  }
  const settles = logic.kind === "or";
  let last: { truth: Truth; by: L } | null = null;
  for (const part of logic.parts) {
    const here = decideLogic(part, ask);
    if (here.truth === settles) return here;
    // an unknown part keeps the whole unknown, whatever the others say short of settling it
    if (last === null || last.truth !== null) last = here;
  }
  return last!;
}

/** Parts of one kind side by side, not nested: `a AND b AND c` is one. */
export function joined<L>(kind: "and" | "or", left: Logic<L>, right: Logic<L>): Logic<L> {
  return { kind, parts: left.kind === kind ? [...left.parts, right] : [left, right] };
}
