import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "./collect.ts";

describe("lines of text", () => {
  it("are given without their ends, with line and byte, the last one without a newline too", () => {
    expect(collect("text", "START\r\n\nEND é\nlast")).toEqual([
      { kind: "text", value: "START", line: 1, byte: 0 },
      { kind: "text", value: "", line: 2, byte: 7 },
      { kind: "text", value: "END é", line: 3, byte: 8 },
      { kind: "text", value: "last", line: 4, byte: 15 },
    ]);
  });

  it("lose NUL bytes and bad UTF-8, which is said", () => {
    const bytes = Buffer.concat([Buffer.from("\0\0a\n"), Buffer.from([0x62, 0xff, 0x0a]), Buffer.from("\0\n")]);
    expect(collect("text", bytes)).toEqual([
      { kind: "broken", value: "2 NUL bytes in the line, left out", line: 1, byte: 0 },
      { kind: "text", value: "a", line: 1, byte: 0 },
      { kind: "broken", value: "bytes that are not UTF-8, read as U+FFFD", line: 2, byte: 4 },
      { kind: "text", value: "b\ufffd", line: 2, byte: 4 },
      { kind: "broken", value: "1 NUL bytes in the line, left out", line: 3, byte: 7 },
    ]);
  });

  it("are refused beyond the limit, and the next line is read", () => {
    const given = collect("text", `a\n${"x".repeat(300)}\nb\n`, { maxDocumentBytes: 100 }, [10]);
    expect(given.map((g) => [g.kind, g.value, g.line])).toEqual([
      ["text", "a", 1],
      ["broken", "a line longer than 0 MiB", 2],
      ["text", "b", 3],
    ]);
    expect(given[2]!.byte).toBe(303);
  });

  it("are the same whatever the steps", () => {
    const text = fc.array(fc.constantFrom("a", "é", "\n", "\r\n", "\0", "日本", " "), { maxLength: 60 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }), (input, steps) => {
        expect(collect("text", input, {}, steps)).toEqual(collect("text", input));
      }),
      { numRuns: 500 },
    );
  });
});
