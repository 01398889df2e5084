/**
 * Why a cost changed: each cost line is a product of factors, and the change of a product is shared out among its factors by the Shapley value
 * (L. S. Shapley, "A Value for n-Person Games", 1953: the mean effect of a factor over all orders in which they can change). It is exact, treats
 * both directions alike, and has no trouble with zeros. Pure.
 */
import type { CostLine } from "../../model/billing.ts";
import type { CostChange, CostReport, Driver, Effect, Slice } from "../../model/cost-report.ts";
import type { Usd } from "../../model/units.ts";

/** What a comparison reads of either side. */
type Side = Pick<CostReport, "usd" | "unattributedUsd" | "unattributedLines"> & { slices: Pick<CostReport["slices"], "function"> };

type Effects = Partial<Record<Effect, Usd>>;
/** Factors of one cost; their product is the cost. */
type Factors = readonly (readonly [Effect, number])[];

/** Units that are size times time. */
const SIZED: ReadonlySet<string> = new Set(["mib-ms", "storage-mib-ms", "vcpu-ms", "mhz-ms"]);

/** The difference between two reports. Costs and quantities of `before` are multiplied by `scale` first. null where either total is unknown. */
export function costChange(now: Side, before: Side, scale: number): CostChange | null {
  if (now.usd === null || before.usd === null) return null;
  const drivers = [
    ...slicePairs(now.slices.function, before.slices.function).map(([a, b]) => sliceDriver(a, b, scale)),
    ...pairs(priced(now.unattributedLines), priced(before.unattributedLines), lineKey).map(([a, b]) =>
      lineDriver(a, b, scale, hasUnpriced(a === null ? now.unattributedLines : before.unattributedLines, (a ?? b)!)),
    ),
  ].filter((one): one is Driver => one !== null);
  const usd = now.usd - before.usd * scale;
  const rest = usd - drivers.reduce((sum, one) => sum + one.changeUsd, 0);
  // what the totals hold beyond their rows; less than a billionth of them is the rounding of doubles
  const isRounding = Math.abs(rest) <= 1e-9 * Math.max(Math.abs(now.usd), Math.abs(before.usd * scale));
  if (!isRounding) {
    const none = { cloud: null, account: null, region: null, beforeUsd: null, afterUsd: null };
    drivers.push({ key: "not in any row", ...none, changeUsd: rest, effects: { unexplained: rest } });
  }
  drivers.sort((a, b) => Math.abs(b.changeUsd) - Math.abs(a.changeUsd) || (a.key < b.key ? -1 : 1));
  const share = before.usd * scale === 0 ? null : usd / (before.usd * scale);
  return { usd, share, effects: summed(drivers.map((one) => one.effects)), drivers };
}

function sliceKey({ cloud, account, region, key }: Slice): string {
  return JSON.stringify([cloud, account, region, key]);
}

function lineKey({ meter, variant, unit }: CostLine): string {
  return JSON.stringify([meter, variant, unit]);
}

function priced(lines: readonly CostLine[]): CostLine[] {
  const sums = new Map<string, CostLine>();
  for (const line of lines) {
    if (line.usd === null) continue;
    const held = sums.get(lineKey(line));
    const both = held !== undefined && held.quantity !== null && line.quantity !== null;
    if (held === undefined) sums.set(lineKey(line), line);
    else sums.set(lineKey(line), { ...held, usd: held.usd! + line.usd, quantity: both ? held.quantity! + line.quantity! : null });
  }
  return [...sums.values()];
}

/** Whether the side knows of such a line, but not what it costs. */
function hasUnpriced(lines: readonly CostLine[], like: CostLine): boolean {
  return lines.some((line) => line.usd === null && line.meter === like.meter && line.variant === like.variant);
}

/** Functions of both sides: telemetry does not always name account and region, which then fit any other, if only one is meant. */
function slicePairs(now: readonly Slice[], before: readonly Slice[]): [Slice | null, Slice | null][] {
  const all = pairs(now, before, sliceKey);
  const appeared = all.flatMap(([a, b]) => (a !== null && b === null ? [a] : []));
  const gone = all.flatMap(([a, b]) => (a === null && b !== null ? [b] : []));
  const matches = new Map<Slice, Slice>();
  for (const slice of appeared) {
    const [other, ...more] = gone.filter((one) => mayBe(slice, one));
    if (other !== undefined && more.length === 0 && appeared.filter((one) => mayBe(one, other)).length === 1) matches.set(slice, other);
  }
  const matched = new Set(matches.values());
  return all
    .filter(([a, b]) => a !== null || !matched.has(b!))
    .map(([a, b]): [Slice | null, Slice | null] => [a, b ?? (a === null ? null : (matches.get(a) ?? null))]);
}

function mayBe(a: Slice, b: Slice): boolean {
  const fits = (x: string | null, y: string | null): boolean => x === y || x === null || y === null;
  return a.key === b.key && a.cloud === b.cloud && fits(a.account, b.account) && fits(a.region, b.region);
}

/** What is on both sides together, what is on one alone with null for the other. */
function pairs<T>(now: readonly T[], before: readonly T[], keyOf: (one: T) => string): [T | null, T | null][] {
  const old = new Map(before.map((one) => [keyOf(one), one]));
  const both = now.map((one): [T, T | null] => [one, old.get(keyOf(one)) ?? null]);
  const there = new Set(now.map(keyOf));
  return [...both, ...before.filter((one) => !there.has(keyOf(one))).map((one): [null, T] => [null, one])];
}

function sliceDriver(now: Slice | null, before: Slice | null, scale: number): Driver | null {
  const { key, cloud, account, region } = (now ?? before)!;
  const [afterUsd, beforeUsd] = [now?.usd ?? null, before === null || before.usd === null ? null : before.usd * scale];
  if (afterUsd === null && beforeUsd === null) return null;
  const changeUsd = (afterUsd ?? 0) - (beforeUsd ?? 0);
  const names = { key, cloud, account, region, beforeUsd, afterUsd, changeUsd };
  if (before === null || (before.usd === 0 && before.invocations === 0)) return { ...names, effects: { appeared: changeUsd } };
  if (now === null || (now.usd === 0 && now.invocations === 0)) return { ...names, effects: { gone: changeUsd } };
  const parts = pairs(priced(now.lines), priced(before.lines), lineKey).map(([a, b]) => lineEffects(now, a, before, b, scale));
  return { ...names, effects: completed(summed(parts), changeUsd) };
}

/** Effects of one cost line of a function. */
function lineEffects(now: Slice, a: CostLine | null, before: Slice, b: CostLine | null, scale: number): Effects {
  const changeUsd = (a?.usd ?? 0) - (b?.usd ?? 0) * scale;
  if (a === null || b === null) {
    // a meter that only one side has is another use of the service, unless the other side has it at an unknown cost
    const other = a === null ? now : before;
    return other.usd === null || hasUnpriced(other.lines, (a ?? b)!) ? { unexplained: changeUsd } : { usage: changeUsd };
  }
  const useful = now.failed !== null && before.failed !== null && worked(now) > 0 && worked(before) > 0;
  const timed: Timed = !SIZED.has(a.unit) || (!isTimed(now) && !isTimed(before)) ? "no" : isTimed(now) && isTimed(before) ? "yes" : "one";
  const [x, y] = [factorsOf(now, a, 1, useful, timed), factorsOf(before, b, scale, useful, timed)];
  return x === null || y === null ? { unexplained: changeUsd } : shapley(y, x);
}

function worked(slice: Slice): number {
  return (slice.invocations ?? 0) - (slice.failed ?? 0);
}

/** Whether both sides know the billed time of what is size times time, neither does, or one alone: both are split into the same factors. */
type Timed = "yes" | "no" | "one";

function isTimed({ billedMs }: Slice): boolean {
  return billedMs !== null && billedMs > 0;
}

/** null: a quantity is not known, or there is nothing to divide by. */
function factorsOf(slice: Slice, line: CostLine, scale: number, useful: boolean, timed: Timed): Factors | null {
  const { invocations, billedMs } = slice;
  if (invocations === null || invocations <= 0 || line.quantity === null || line.quantity <= 0 || line.usd === null) return null;
  const runs: Factors = useful
    ? [
        ["volume", worked(slice) * scale],
        ["errors", invocations / worked(slice)],
      ]
    : [["volume", invocations * scale]];
  const price: Factors = [["price", line.usd / line.quantity]];
  if (timed === "yes") return [...runs, ["duration", billedMs! / invocations], ["memory", line.quantity / billedMs!], ...price];
  return [...runs, [timed === "one" ? "unexplained" : "usage", line.quantity / invocations], ...price];
}

/** `isUnpriced`: the side that has no such line with a cost has one without. */
function lineDriver(now: CostLine | null, before: CostLine | null, scale: number, isUnpriced: boolean): Driver {
  const { meter, variant } = (now ?? before)!;
  const [afterUsd, beforeUsd] = [now?.usd ?? null, before === null ? null : before.usd! * scale];
  const changeUsd = (afterUsd ?? 0) - (beforeUsd ?? 0);
  const names = {
    key: variant === "" ? meter : `${meter} ${variant}`,
    cloud: null,
    account: null,
    region: null,
    beforeUsd,
    afterUsd,
    changeUsd,
  };
  if (isUnpriced && (now === null || before === null)) return { ...names, effects: { unexplained: changeUsd } };
  if (before === null) return { ...names, effects: { appeared: changeUsd } };
  if (now === null) return { ...names, effects: { gone: changeUsd } };
  if (!(now.quantity! > 0) || !(before.quantity! > 0)) return { ...names, effects: { unexplained: changeUsd } };
  const factors = (line: CostLine, by: number): Factors => [
    ["volume", line.quantity! * by],
    ["price", line.usd! / line.quantity!],
  ];
  return { ...names, effects: completed(shapley(factors(before, scale), factors(now, 1)), changeUsd) };
}

/** The change of a product, shared out among its factors: the mean over all orders. At most five factors, so that all 32 subsets are looked at. */
export function shapley(before: Factors, after: Factors): Effects {
  const count = before.length;
  const valueOf = (changed: number): number =>
    before.reduce((product, [, value], i) => product * (changed & (1 << i) ? after[i]![1] : value), 1);
  const effects: Effects = {};
  for (let i = 0; i < count; i++) {
    let effect = 0;
    for (let others = 0; others < 1 << count; others++) {
      if (others & (1 << i)) continue;
      effect += weight(bits(others), count) * (valueOf(others | (1 << i)) - valueOf(others));
    }
    effects[before[i]![0]] = (effects[before[i]![0]] ?? 0) + effect;
  }
  return effects;
}

/** Share of the orders in which exactly so many others come first: k! (n - k - 1)! / n!. */
function weight(first: number, count: number): number {
  return (factorial(first) * factorial(count - first - 1)) / factorial(count);
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

function bits(set: number): number {
  return set === 0 ? 0 : (set & 1) + bits(set >> 1);
}

function summed(all: readonly Effects[]): Effects {
  const sum: Effects = {};
  for (const effects of all) for (const [effect, usd] of Object.entries(effects) as [Effect, Usd][]) sum[effect] = (sum[effect] ?? 0) + usd;
  return sum;
}

/** What the lines do not account for: rounding goes where most is, more than that is unexplained. */
function completed(effects: Effects, changeUsd: Usd): Effects {
  const entries = Object.entries(effects) as [Effect, Usd][];
  const rest = changeUsd - entries.reduce((sum, [, usd]) => sum + usd, 0);
  if (rest === 0) return effects;
  const greatest = entries.reduce<[Effect, Usd]>((most, one) => (Math.abs(one[1]) > Math.abs(most[1]) ? one : most), ["unexplained", 0]);
  const scale = entries.reduce((sum, [, usd]) => sum + Math.abs(usd), 0);
  const into = Math.abs(rest) <= 1e-9 * scale ? greatest[0] : "unexplained";
  return { ...effects, [into]: (effects[into] ?? 0) + rest };
}
