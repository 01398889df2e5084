import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonScan } from "../../../src/archive/scan.ts";

function scanned(text: string): { result: string; at: number } {
  const bytes = Buffer.from(text);
  const scan = new JsonScan();
  scan.start(0, 1);
  return { result: scan.run(bytes, bytes.length), at: scan.at };
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("the scanner", () => {
  it("accepts exactly what JSON.parse accepts", () => {
    const container = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())).map((v) => JSON.stringify(v));
    const change = fc.record({
      at: fc.nat(),
      by: fc.constantFrom("", "{", "}", "[", "]", ",", ":", '"', "\\", "1", "-", ".", "e", "t", "\n", "\t", "x", "\\u12"),
    });
    fc.assert(
      fc.property(container, fc.array(change, { maxLength: 3 }), (valid, changes) => {
        let text = valid;
        for (const { at, by } of changes) {
          const i = text.length === 0 ? 0 : at % text.length;
          text = text.slice(0, i) + by + text.slice(i + 1);
        }
        fc.pre(text.startsWith("{") || text.startsWith("["));
        const { result, at } = scanned(text);
        const whole = result === "done" && Buffer.from(text).subarray(at).toString().trim() === "";
        expect(whole).toBe(parses(text));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ["[1e5,-0,0.5E-3,true,false,null]", "done"],
    ["[1.]", "error"],
    ["[.5]", "error"],
    ["[+1]", "error"],
    ["[-]", "error"],
    ["[1 2]", "error"],
    ['{"a" 1}', "error"],
    ['{"a":1 "b":2}', "error"],
    ["{1:2}", "error"],
    ["[1}", "error"],
    ['["\\u12g4"]', "error"],
    ['["a\tb"]', "error"],
    ["[tru", "more"],
    ["[12", "more"],
    ['["\\u12', "more"],
  ])("%s: %s", (text, result) => {
    expect(scanned(text).result).toBe(result);
  });
});
