/** Reads damaged inputs and judges what comes out. */
import { readSource, type SourceResult } from "../../src/archive/index.ts";
import { idKeys } from "../../src/model/id-keys.ts";
import type { Rec } from "../../src/model/records.ts";
import { formats } from "./formats.ts";
import { mutate, random } from "./mutate.ts";

/** A case that takes longer hangs. */
export const HANG_MS = 5_000;
const MAX_FAILURES = 50;
const MAX_SHOWN = 300;

export interface FuzzOptions {
  cases: number;
  seed: number;
  seeds: readonly Buffer[];
  /** A case begins. */
  begin?: (number: number) => void;
}

export interface FuzzFound {
  cases: number;
  failures: { number: number; what: string; input: string }[];
  slowestMs: number;
  recognised: number;
  records: number;
  broken: number;
}

/** The path of a number that a record must not hold; null: none. */
function badNumber(value: unknown, path: string, depth = 0): string | null {
  if (typeof value === "number") return Number.isFinite(value) ? null : path;
  if (typeof value !== "object" || value === null || depth > 8) return null;
  for (const [key, inner] of Object.entries(value)) {
    const bad = badNumber(inner, `${path}.${key}`, depth + 1);
    if (bad !== null) return bad;
  }
  return null;
}

/** What is wrong with how a case was read; null: nothing. */
function wrongWith(result: SourceResult, bad: string | null, ms: number): string | null {
  if (bad !== null) return `NaN or Infinity in ${bad}`;
  if (ms > HANG_MS) return `took ${ms.toFixed(0)} ms`;
  const thrown = result.broken.find((b) => b.reason.includes("could not read it") && !b.reason.endsWith("nested too deep"));
  if (thrown !== undefined) return `a reader threw: ${thrown.reason}`;
  const records = Object.values(result.records).reduce((a, b) => a + b, 0);
  const silent = records === 0 && result.brokenCount === 0 && Object.keys(result.ignored).length === 0 && result.error === null;
  return silent ? "nothing came of it, and nothing was said" : null;
}

export async function fuzz(options: FuzzOptions): Promise<FuzzFound> {
  const found: FuzzFound = { cases: 0, failures: [], slowestMs: 0, recognised: 0, records: 0, broken: 0 };
  for (let number = 0; number < options.cases && found.failures.length < MAX_FAILURES; number++) {
    const input = mutate(random(options.seed + number * 7919), options.seeds);
    options.begin?.(number);
    let bad: string | null = null;
    let what: string | null;
    const started = performance.now();
    try {
      const result = await readSource("-", {
        formats,
        keys: idKeys(),
        stdin: steps(input),
        record(record: Rec) {
          bad ??= badNumber(record, record.type);
        },
      });
      const ms = performance.now() - started;
      found.slowestMs = Math.max(found.slowestMs, ms);
      if (result.error === null) found.recognised++;
      found.records += Object.values(result.records).reduce((a, b) => a + b, 0);
      found.broken += result.brokenCount;
      what = wrongWith(result, bad, ms);
    } catch (error) {
      what = `threw ${error instanceof Error ? error.stack : String(error)}`;
    }
    found.cases++;
    if (what !== null) found.failures.push({ number, what, input: JSON.stringify(input.subarray(0, MAX_SHOWN).toString("latin1")) });
  }
  return found;
}

/** As a pipe hands it over: in pieces. */
async function* steps(input: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < input.length; from += 16_384) yield input.subarray(from, from + 16_384);
}
