/** Answers with fields that are missing, of another type, too long, too deep, or written to do harm where they are shown. */

/** mulberry32: the same numbers for the same seed. */
export function numbers(seed: number): () => number {
  let at = seed;
  return () => {
    at = (at + 0x6d2b79f5) | 0;
    let t = Math.imul(at ^ (at >>> 15), 1 | at);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const deep = (): unknown => JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`);
/** What a field may be instead. */
const WRONG: readonly ((value: unknown) => unknown)[] = [
  () => null,
  () => undefined,
  () => 7,
  () => -1.5e308,
  () => true,
  () => [],
  () => ({}),
  () => [null],
  () => "",
  (value) => String(value),
  (value) => [value],
  (value) => ({ value }),
  () => "9".repeat(400),
  () => "0001-01-01T00:00:00Z",
  () => "9999-99-99T99:99:99Z",
  () => "\u001B[2J\u001B]8;;http://x\u0007=1+1|<b>`${x}`\uD800",
  () => "x".repeat(1_000_000),
  () => ({ toString: 1, __proto__: null, constructor: "c", length: -1 }),
  deep,
];

/** The answer with about one field in `rarity` replaced. */
export function spoilt(value: unknown, random: () => number, rarity: number): unknown {
  if (random() * rarity < 1) return WRONG[Math.floor(random() * WRONG.length)]!(value);
  if (Array.isArray(value)) return value.map((one) => spoilt(one, random, rarity));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, spoilt(one, random, rarity)]));
}
