/** Ways to damage an input, each from a random source so that a seed gives the same case again. */
import { gzipSync } from "node:zlib";

export interface Random {
  /** 0 <= n < limit, whole. */
  below(limit: number): number;
}

/** xorshift32: the same cases from the same seed on every machine. */
export function random(seed: number): Random {
  let s = (seed ^ 0x9e3779b9) | 0 || 1;
  return {
    below(limit) {
      s ^= s << 13;
      s ^= s >>> 17;
      s ^= s << 5;
      return Math.floor(((s >>> 0) / 2 ** 32) * limit);
    },
  };
}

const pick = <T>(r: Random, list: readonly T[]): T => list[r.below(list.length)]!;

const ODD_VALUES: readonly string[] = [
  "null",
  "true",
  '""',
  "[]",
  "{}",
  "0",
  "-1",
  "1e999",
  "-1e999",
  "1e-999",
  "9223372036854775807",
  "123456789012345678901234567890",
  '"1e999"',
  '"NaN"',
  '"Infinity"',
  '"\\ud800"',
  '"\\u0000"',
  '"0001-01-01T00:00:00Z"',
  '"9999-12-31T23:59:59.999999999Z"',
  '"__proto__"',
  '{"__proto__":{"a":1}}',
  '{"constructor":null,"toString":1}',
  "[[[[]]]]",
];

/** A token of JSON: a string, a number or a word. */
const TOKEN = /"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null/g;

function tokens(text: string): { from: number; to: number }[] {
  return [...text.matchAll(TOKEN)].map((m) => ({ from: m.index, to: m.index + m[0].length }));
}

type Mutation = (r: Random, input: Buffer) => Buffer;

const overText =
  (change: (r: Random, text: string, found: { from: number; to: number }[]) => string): Mutation =>
  (r, input) => {
    const text = input.toString("latin1");
    const found = tokens(text);
    return found.length === 0 ? input : Buffer.from(change(r, text, found), "latin1");
  };

const cut: Mutation = (r, input) => input.subarray(0, r.below(input.length + 1));
const cutFront: Mutation = (r, input) => input.subarray(r.below(input.length + 1));
const flip: Mutation = (r, input) => {
  const copy = Buffer.from(input);
  for (let n = 1 + r.below(8); n > 0 && copy.length > 0; n--) copy[r.below(copy.length)]! ^= 1 << r.below(8);
  return copy;
};
const splice: Mutation = (r, input) => {
  const at = r.below(input.length + 1);
  const junk = Buffer.from(Array.from({ length: r.below(20) }, () => r.below(256)));
  return Buffer.concat([input.subarray(0, at), junk, input.subarray(at + r.below(40))]);
};
const repeat: Mutation = (r, input) => {
  const from = r.below(input.length + 1);
  const part = input.subarray(from, from + r.below(400));
  return Buffer.concat([input.subarray(0, from), ...Array<Buffer>(1 + r.below(20)).fill(part), input.subarray(from)]);
};
const oddValue = overText((r, text, found) => {
  const { from, to } = pick(r, found);
  return text.slice(0, from) + pick(r, ODD_VALUES) + text.slice(to);
});
const swap = overText((r, text, found) => {
  const [a, b] = [pick(r, found), pick(r, found)].sort((x, y) => x.from - y.from) as [
    { from: number; to: number },
    { from: number; to: number },
  ];
  if (a.to > b.from) return text;
  return text.slice(0, a.from) + text.slice(b.from, b.to) + text.slice(a.to, b.from) + text.slice(a.from, a.to) + text.slice(b.to);
});
const nest = overText((r, text, found) => {
  const { from, to } = pick(r, found);
  const depth = pick(r, [10, 900, 1_100, 20_000]);
  const [open, close] = pick(r, [
    ["[", "]"],
    ['{"a":', "}"],
    ['{"events":[', "]}"],
  ]);
  return text.slice(0, from) + open!.repeat(depth) + "1" + close!.repeat(r.below(5) === 0 ? r.below(depth) : depth) + text.slice(to);
});
const long = overText((r, text, found) => {
  const { from, to } = pick(r, found);
  const one = pick(r, ["9", "a", " ", "\\u00e9", "=", ":", "RequestId: ", "\t", "[", "-"]);
  return `${text.slice(0, from)}"${one.repeat(1 + r.below(20_000))}"${text.slice(to)}`;
});
const oneLine: Mutation = (_, input) => Buffer.from(input.toString("latin1").replaceAll("\n", " "), "latin1");
const packed: Mutation = (r, input) => {
  const bytes = gzipSync(input, { level: 1 });
  return r.below(2) === 0 ? bytes : flip(r, bytes);
};
const wide: Mutation = (_, input) => Buffer.from(`\ufeff${input.toString("latin1")}`, "utf16le");

const MUTATIONS: readonly Mutation[] = [
  cut,
  cut,
  cutFront,
  flip,
  flip,
  splice,
  repeat,
  oddValue,
  oddValue,
  oddValue,
  oddValue,
  swap,
  swap,
  nest,
  long,
  oneLine,
  packed,
  wide,
];

/** A case: one of the seeds (sometimes two, one behind another), damaged one to four times. */
export function mutate(r: Random, seeds: readonly Buffer[]): Buffer {
  let input = pick(r, seeds);
  if (r.below(8) === 0) input = Buffer.concat([input, pick(r, [Buffer.from("\n"), Buffer.from(""), Buffer.from(",\n")]), pick(r, seeds)]);
  for (let n = 1 + r.below(4); n > 0; n--) {
    if (input.length > 256 * 1024) break;
    input = pick(r, MUTATIONS)(r, input);
  }
  return input;
}
