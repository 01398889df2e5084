/** What must be reached, and what would be better still: `shared/rightsizing/README.md` section 7. */
export interface Gate {
  name: string;
  value: number;
  /** Inclusive limits; null: none on that side. */
  gate: Limits;
  goal: Limits;
  unit: "%" | "";
  /** What the best curve through all points reaches, the hidden ones too: no model of this family does better. Left out: not measured. */
  ceiling?: number;
}

export interface Limits {
  least: number | null;
  most: number | null;
}

export const atMost = (most: number): Limits => ({ least: null, most });
export const atLeast = (least: number): Limits => ({ least, most: null });
export const between = (least: number, most: number): Limits => ({ least, most });

export const holds = (value: number, { least, most }: Limits): boolean =>
  Number.isFinite(value) && (least === null || value >= least) && (most === null || value <= most);

/** Shares as percentages, others as they are. */
export function shownValue(value: number, unit: Gate["unit"], digits = 1): string {
  return unit === "%" ? `${(value * 100).toFixed(digits)} %` : value.toFixed(2);
}

function shownLimits({ least, most }: Limits, unit: Gate["unit"]): string {
  const text = (value: number): string => (unit === "%" ? String(Math.round(value * 1000) / 10) : String(value));
  if (least !== null && most !== null) return `${text(least)}..${text(most)}`;
  return least !== null ? `>= ${text(least)}` : `<= ${text(most!)}`;
}

/** Lines of a table, whether all gates hold that can, and how many are out of reach: missed by the best curve through all points as well. */
export function gateTable(gates: readonly Gate[]): { lines: string[]; ok: boolean; outOfReach: number } {
  const lines = gates.map(({ name, value, gate, goal, unit, ceiling }) => {
    const verdict = holds(value, gate) ? (holds(value, goal) ? "goal" : "gate") : "MISSED";
    const best = ceiling === undefined ? "" : ` (fit to all points: ${shownValue(ceiling, unit)})`;
    return [
      name.padEnd(58),
      shownValue(value, unit).padStart(8),
      shownLimits(gate, unit).padStart(10),
      shownLimits(goal, unit).padStart(10),
      verdict + best,
    ].join("  ");
  });
  const head = ["".padEnd(58), "here".padStart(8), "gate".padStart(10), "goal".padStart(10), ""].join("  ").trimEnd();
  const missed = gates.filter(({ value, gate }) => !holds(value, gate));
  const beyond = missed.filter(({ gate, ceiling }) => ceiling !== undefined && !holds(ceiling, gate));
  return { lines: [head, ...lines], ok: missed.length === beyond.length, outOfReach: beyond.length };
}
