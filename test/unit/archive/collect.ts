/** What a splitter gave out, in order, for comparing. */
import { split, type SplitOptions } from "../../../src/archive/split.ts";

export type Given =
  | { kind: "json"; value: unknown; line: number | null; byte: number | null }
  | { kind: "text"; value: string; line: number | null; byte: number | null }
  | { kind: "broken"; value: string; line: number | null; byte: number | null };

/** Splits `input`, handed over in steps of these sizes (the last one for all the rest). */
export function collect(
  kind: "json" | "text",
  input: string | Uint8Array,
  options: SplitOptions = {},
  steps: readonly number[] = [],
): Given[] {
  const given: Given[] = [];
  const splitter = split(
    kind,
    {
      json: (value, at) => given.push({ kind: "json", value, line: at.line, byte: at.byte }),
      text: (value, at) => given.push({ kind: "text", value, line: at.line, byte: at.byte }),
      broken: (value, at) => given.push({ kind: "broken", value, line: at.line, byte: at.byte }),
    },
    options,
  );
  const bytes = Buffer.from(input);
  let from = 0;
  for (let i = 0; from < bytes.length; i++) {
    const size = steps.length === 0 ? bytes.length : steps[i % steps.length]!;
    // a copy, wiped afterwards: the splitter must not rely on the caller's buffer
    const chunk = Buffer.from(bytes.subarray(from, from + size));
    splitter.push(chunk);
    chunk.fill(0x23);
    from += size;
  }
  splitter.end();
  return given;
}

export const values = (given: readonly Given[]): unknown[] => given.filter((g) => g.kind === "json").map((g) => g.value);
export const complaints = (given: readonly Given[]): string[] =>
  given.filter((g) => g.kind === "broken").map((g) => `${g.line}:${g.byte} ${g.value}`);
