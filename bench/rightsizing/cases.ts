/** Functions with a known curve and a known past, for the whole product: which sizes they ran at, when, how often, how noisily. Seeded. */
import { CANDIDATES_MIB } from "../../src/analyzer/sizing/choose.ts";
import { logShape } from "../../src/analyzer/sizing/curve.ts";
import { benchmarkSet, CLEAN, type Curve, openFaas, type Point } from "./dataset.ts";
import { generator } from "./metrics.ts";
import { onCandidates } from "./regimes.ts";

const DAY_MS = 86_400_000;
/** Monday. */
const START = Date.UTC(2026, 8, 7);

/** Time that a function spent in one configuration. */
export interface Spell {
  memoryMib: number;
  /** `$LATEST` or a number. */
  version: string;
  from: number;
  to: number;
  runs: number;
}

export type Trouble = "none" | "errors" | "timeouts" | "out of memory";
export type Form = "filter" | "text" | "json";
export type Layout = "in sequence" | "back and forth" | "versions" | "drift";

export interface Case {
  name: string;
  /** Where the curve is from: `known` ones are in the shipped prior. */
  origin: "known" | "made" | "elsewhere";
  /** Truth: every size with its mean warm duration. */
  truth: readonly Pick<Point, "memoryMib" | "durationMs">[];
  /** Sizes it ran at with enough runs, the current one last. */
  seenMib: number[];
  spells: Spell[];
  layout: Layout;
  form: Form;
  /** Standard deviation of ln of a run's duration. */
  noise: number;
  /** Growth of the payload: ln of duration per 30 days. */
  drift: number;
  coldShare: number;
  initMs: number;
  usedMib: number;
  sandboxes: number;
  trouble: Trouble;
  /** A queue starts it and nobody waits; its configuration says so. */
  asynchronous: boolean;
  timeoutS: number;
}

/** `count` functions of each origin and number of sizes. */
export function casesFrom(curves: ReturnType<typeof import("./dataset.ts").readCurves>["curves"], count: number, seed = 11): Case[] {
  const random = generator(seed);
  const known = benchmarkSet(curves.values())
    .filter(({ roughness }) => roughness <= CLEAN)
    .map(onCandidates);
  const sets = { known, made: Array.from({ length: count }, () => madeCurve(random)), elsewhere: openFaas(curves.values()) };
  return (Object.keys(sets) as Case["origin"][]).flatMap((origin) =>
    [1, 2, 3].flatMap((sizes) =>
      shuffled(sets[origin], random)
        .slice(0, count)
        .flatMap((curve, i) => caseOf(curve, origin, sizes, i, random) ?? []),
    ),
  );
}

/** Correlation of the deviations at neighbouring candidates. */
const ALIKE = 0.7;

/** A curve of the family at all candidate sizes, with a deviation of its own that is alike at neighbouring sizes. */
function madeCurve(random: () => number): Curve {
  const shape = {
    cpuShare: 1 / (1 + Math.exp(-(random() * 8 - 3.5))),
    overlap: oneOf([1, 1, 1.5, 2.5, 6], random),
    threads: oneOf([1, 1, 1, 1, 2, 6], random),
    overheadMib: oneOf([0, 6, 6, 20, 45], random),
  };
  const level = Math.exp(Math.log(8) + random() * Math.log(1000));
  // what the best fits of the clean public curves leave: 1 %, 3 % and 11 % at the 10th, 50th and 90th percentile
  const spread = Math.min(0.03 * Math.exp(normal(random)), 0.2);
  let deviation = spread * normal(random);
  const points = CANDIDATES_MIB.filter((size) => size <= 4096).map((memoryMib) => {
    deviation = ALIKE * deviation + spread * Math.sqrt(1 - ALIKE ** 2) * normal(random);
    return { memoryMib, durationMs: level * Math.exp(logShape(memoryMib, shape) + deviation), sdMs: null, runs: null, usedMib: null };
  });
  return { source: "made", name: "made", group: "made", points, roughness: 0 };
}

function caseOf(curve: Curve, origin: Case["origin"], sizes: number, i: number, random: () => number): Case | null {
  const truth = curve.points.map(({ memoryMib, durationMs }) => ({ memoryMib: Math.max(128, Math.round(memoryMib)), durationMs }));
  const seenMib = pickSizes(
    truth.map(({ memoryMib }) => memoryMib),
    sizes,
    random,
  );
  if (seenMib === null) return null;
  const layout = oneOf<Layout>(["in sequence", "back and forth", "versions", "drift"], random);
  const trouble = oneOf<Trouble>(["none", "none", "none", "none", "none", "errors", "timeouts", "out of memory"], random);
  const slowest = Math.max(...truth.map(({ durationMs }) => durationMs));
  const least = Math.min(...seenMib);
  return {
    name: `${origin}-${sizes}-${i}-${curve.name.replace(/\W+/g, "-").slice(0, 30)}`,
    origin,
    truth,
    seenMib,
    spells: spellsOf(seenMib, layout, random),
    layout,
    form: oneOf<Form>(["filter", "text", "json"], random),
    noise: Math.exp(Math.log(0.03) + random() * Math.log(15)),
    drift: layout === "drift" ? 0.05 * normal(random) : 0,
    coldShare: oneOf([0, 0.01, 0.05, 0.2], random),
    initMs: 100 + 900 * random(),
    usedMib: Math.round(random() < 0.3 ? Math.max(45, (0.3 + 0.4 * random()) * least) : 40 + 40 * random()),
    sandboxes: oneOf([2, 5, 20, 60], random),
    trouble,
    asynchronous: random() < 0.4,
    timeoutS: Math.min(900, Math.max(3, Math.ceil((slowest * 40) / 1000))),
  };
}

/** The current size last. null: the curve has no such sizes. */
function pickSizes(all: readonly number[], count: number, random: () => number): number[] | null {
  for (let attempt = 0; attempt < 200; attempt++) {
    const sizes = shuffled(all, random).slice(0, count);
    const sorted = sizes.toSorted((a, b) => a - b);
    const wide = sorted.at(-1)! / sorted[0]! >= (count === 3 ? 8 : 1.9);
    if (count === 1 || (sizes.length === count && wide)) return sizes;
  }
  return null;
}

/** Spells one after the other; 25 to 5,000 runs at each size. */
function spellsOf(seenMib: readonly number[], layout: Layout, random: () => number): Spell[] {
  const rounds = layout === "back and forth" ? 3 : 1;
  const days = layout === "back and forth" ? 3 : oneOf([4, 10, 21], random);
  const spells: Spell[] = [];
  let from = START;
  for (let round = 0; round < rounds; round++)
    for (const [i, memoryMib] of seenMib.entries()) {
      const runs = Math.ceil(Math.exp(Math.log(32) + random() * Math.log(150)) / rounds);
      const parts = layout === "versions" ? 2 : 1;
      for (let part = 0; part < parts; part++) {
        const to = from + (days * DAY_MS) / parts;
        const version = layout === "versions" ? String(i * 2 + part + 1) : "$LATEST";
        spells.push({ memoryMib, version, from, to, runs: Math.max(Math.ceil(runs / parts), rounds > 1 ? 15 : 30) });
        from = to;
      }
    }
  return spells;
}

export const oneOf = <T>(values: readonly T[], random: () => number): T => values[Math.floor(random() * values.length)]!;

/** Box and Muller. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
