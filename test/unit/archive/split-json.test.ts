import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect, complaints, values } from "./collect.ts";

const json = (given: ReturnType<typeof collect>): [unknown, number | null, number | null][] =>
  given.filter((g) => g.kind === "json").map((g) => [g.value, g.line, g.byte]);

describe("values and their places", () => {
  it("reads lines, with CRLF, blank lines and no newline at the end", () => {
    // bytes: {"a":1}\n = 8, {"b":2}\r\n = 9 more (17), \n = 18, two blanks = 20
    expect(json(collect("json", '{"a":1}\n{"b":2}\r\n\n  {"c":3}'))).toEqual([
      [{ a: 1 }, 1, 0],
      [{ b: 2 }, 2, 8],
      [{ c: 3 }, 4, 20],
    ]);
  });

  it("reads values one behind another, as Firehose writes them", () => {
    expect(json(collect("json", '{"a":1}{"b":2}\n{"c":[1,{"d":1}]}   {"e":1}'))).toEqual([
      [{ a: 1 }, 1, 0],
      [{ b: 2 }, 1, 7],
      [{ c: [1, { d: 1 }] }, 2, 15],
      [{ e: 1 }, 2, 35],
    ]);
  });

  it("reads values over several lines", () => {
    const pretty = JSON.stringify({ a: 1, b: [{ x: 1 }, { x: 2 }] }, null, 2);
    expect(json(collect("json", `${pretty}\n${pretty}\n{"z":1}\n`))).toEqual([
      [{ a: 1, b: [{ x: 1 }, { x: 2 }] }, 1, 0],
      // 11 lines: { a b [ { x } , { x } ] }
      [{ a: 1, b: [{ x: 1 }, { x: 2 }] }, 12, pretty.length + 1],
      [{ z: 1 }, 23, 2 * (pretty.length + 1)],
    ]);
  });

  it("counts bytes, not characters, and goes on from the place it is told", () => {
    expect(json(collect("json", '{"a":"é"}\n{"b":"日本"}\n{"c":1}', { fromByte: 3, fromLine: 7 }))).toEqual([
      [{ a: "é" }, 7, 3],
      [{ b: "日本" }, 8, 14],
      [{ c: 1 }, 9, 29],
    ]);
  });

  it("gives the same values and places whatever the separators and the steps", () => {
    const value = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), fc.array(fc.jsonValue({ maxDepth: 3 })));
    const one = fc.record({ value, indent: fc.constantFrom(0, 0, 2), behind: fc.constantFrom("\n", "\r\n", "", " ", "\n\n") });
    const steps = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), steps, (parts, sizes) => {
        let text = "";
        const expected = parts.map((part) => {
          const at = { line: text.split("\n").length, byte: Buffer.byteLength(text) };
          text += JSON.stringify(part.value, null, part.indent) + part.behind;
          return [JSON.parse(JSON.stringify(part.value)), at.line, at.byte];
        });
        const given = collect("json", text, {}, sizes);
        expect(complaints(given)).toEqual([]);
        expect(json(given)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});

describe("values larger than a piece", () => {
  const events = Array.from({ length: 50 }, (_, i) => ({ timestamp: i, message: `m${i} ],[ },{`, nested: [{ i }] }));

  it("cuts the envelope's list; every piece carries what stood before it", () => {
    const text = JSON.stringify({ name: "g", columns: [{ n: 1 }], events, nextToken: "t" }, null, 1);
    const given = collect("json", text, { pieceBytes: 200 }, [64]);
    const pieces = values(given) as { name: string; columns: unknown; events: unknown[]; nextToken?: string }[];
    expect(complaints(given)).toEqual([]);
    expect(pieces.length).toBeGreaterThan(10);
    expect(pieces.every((p) => p.name === "g" && JSON.stringify(p.columns) === '[{"n":1}]')).toBe(true);
    expect(pieces.flatMap((p) => p.events)).toEqual(events);
    expect(pieces.map((p) => p.nextToken).filter((t) => t !== undefined)).toEqual(["t"]);
  });

  it("says where each piece begins", () => {
    const text = JSON.stringify(events, null, 1);
    const bytes = Buffer.from(text);
    const given = collect("json", text, { pieceBytes: 200 }, [64]).slice(1);
    expect(given.length).toBeGreaterThan(10);
    for (const { value, line, byte } of given) {
      const first = (value as unknown as { timestamp: number }[])[0]!.timestamp;
      expect(bytes.subarray(byte!).toString().trimStart().slice(0, 60)).toContain(`"timestamp": ${first},`);
      expect(bytes.subarray(0, byte!).toString().split("\n").length).toBe(line);
    }
  });

  it("cuts lists in lists: tables with rows, spans in traces", () => {
    const tables = [
      { columns: [{ n: "a" }], rows: Array.from({ length: 30 }, (_, i) => [i, { deep: [i] }]) },
      { columns: [{ n: "b" }], rows: Array.from({ length: 30 }, (_, i) => [100 + i]) },
    ];
    const pieces = values(collect("json", JSON.stringify({ tables }), { pieceBytes: 80 }, [16])) as { tables: typeof tables }[];
    const rowsOf = (name: string): unknown[] =>
      pieces.flatMap((p) => p.tables.filter((t) => t.columns[0]!.n === name).flatMap((t) => t.rows ?? []));
    expect(rowsOf("a")).toEqual(tables[0]!.rows);
    expect(rowsOf("b")).toEqual(tables[1]!.rows);
    expect(pieces.length).toBeGreaterThan(8);
  });

  it("does not cut lists of plain values: they belong together", () => {
    const text = JSON.stringify({ id: "x", values: Array.from({ length: 100 }, (_, i) => i) });
    expect(values(collect("json", text, { pieceBytes: 50 }, [16]))).toEqual([JSON.parse(text)]);
  });

  it("refuses what cannot be cut beyond the limit, and goes on behind it", () => {
    const big = `{"a":1} {"huge":"${"x".repeat(5000)}"}\n{"b":2}\n`;
    const refused = collect("json", big, { pieceBytes: 100, maxDocumentBytes: 1000 }, [50]);
    expect(values(refused)).toEqual([{ a: 1 }, { b: 2 }]);
    expect(complaints(refused)).toEqual(["1:8 larger than 0 MiB, and no list in it to cut at"]);
  });

  it("gives every element once, in order, whatever the sizes", () => {
    const element = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
    const extra = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(fc.array(element, { maxLength: 40 }), extra, fc.integer({ min: 1, max: 90 }), (list, more, step) => {
        // an element larger than a piece would itself be cut
        const pieceBytes = 40 + more + Math.max(0, ...list.map((e) => Buffer.byteLength(JSON.stringify(e))));
        const given = collect("json", `{"name":"n","list":${JSON.stringify(list)},"after":[{"x":1}]}`, { pieceBytes }, [step]);
        expect(complaints(given)).toEqual([]);
        const pieces = values(given) as { list?: unknown[]; after?: unknown[] }[];
        expect(pieces.flatMap((p) => p.list ?? [])).toEqual(JSON.parse(JSON.stringify(list)));
        expect(pieces.at(-1)!.after).toEqual([{ x: 1 }]);
      }),
      { numRuns: 300 },
    );
  });

  it("cuts inside an element that is larger than a piece, so that a trace of any size fits", () => {
    const spans = Array.from({ length: 60 }, (_, i) => ({ spanId: `s${i}` }));
    const text = JSON.stringify({
      data: [
        { traceId: "t1", spans },
        { traceId: "t2", spans: [{ spanId: "z" }] },
      ],
    });
    const pieces = values(collect("json", text, { pieceBytes: 100 }, [32])) as {
      data: { traceId: string; spans: { spanId: string }[] }[];
    }[];
    const found = pieces.flatMap((p) => p.data.flatMap((t) => (t.spans ?? []).map((s) => `${t.traceId}/${s.spanId}`)));
    expect(found).toEqual([...spans.map((s) => `t1/${s.spanId}`), "t2/z"]);
  });
});

describe("broken JSON", () => {
  it.each([
    ["cut behind a comma", '{"a":1}\n{"a":2,\n{"a":3}\n{"a":4}\n', ["2:15 the line ends inside a value"]],
    ["cut behind a value", '{"a":1}\n{"a":2\n{"a":3}\n{"a":4}\n', ["2:14 the line ends inside a value"]],
    ["cut behind a colon", '{"a":1}\n{"a":2,"b":\n{"a":3}\n{"a":4}\n', ["2:19 the line ends inside a value"]],
    ["cut in a string", '{"a":1}\n{"a":"x\n{"a":3}\n{"a":4}\n', ["2:15 the line ends inside a string"]],
    ["a wrong word", '{"a":1}\n{"a":tru}\n{"a":3}\n{"a":4}\n', ["2:16 unexpected character '}', expected a value"]],
    ["NaN", '{"a":1}\n{"a":NaN}\n{"a":3}\n{"a":4}\n', ["2:13 unexpected character 'N', expected a value"]],
    ["a trailing comma", '{"a":1}\n{"a":2,}\n{"a":3}\n{"a":4}\n', ["2:15 unexpected character '}', expected a key in \""]],
    ["single quotes", '{"a":1}\n{\'a\':2}\n{"a":3}\n{"a":4}\n', ['2:9 unexpected character 0x27, expected a key in " or }']],
    ["a bad number", '{"a":1}\n{"a":01}\n{"a":3}\n{"a":4}\n', ["2:13 not a number in JSON's form"]],
    ["a bad escape", '{"a":1}\n{"a":"\\x"}\n{"a":3}\n{"a":4}\n', ["2:14 unknown escape \\'x' in a string"]],
    ["a closer too many", '{"a":1}\n{"a":2}}\n{"a":3}\n{"a":4}\n', ["2:15 unexpected character '}' behind a value"]],
  ])("%s: says where, and reads the other lines", (_, text, expected) => {
    const given = collect("json", text);
    expect(complaints(given).map((c) => c.replace("0x27", "'''"))).toEqual(expected.map((c) => c.replace("0x27", "'''")));
    expect((values(given) as { a: number }[]).map((v) => v.a).filter((a) => a !== 2)).toEqual([1, 3, 4]);
  });

  it("goes on with the next element of a list", () => {
    const given = collect("json", '{"ev":[{"t":1},{"t":2},{"t":xx},{"t":4},{"t":5}],"n":1}');
    expect(complaints(given)).toEqual(["1:28 unexpected character 'x', expected a value"]);
    expect(json(given)).toEqual([
      [{ ev: [{ t: 1 }, { t: 2 }] }, 1, 0],
      [{ ev: [{ t: 4 }, { t: 5 }], n: 1 }, 1, 32],
    ]);
  });

  it("goes on with the next element where a bracket is missing", () => {
    const given = collect("json", '{"ev":[{"t":1},{"t":2,{"t":3}]}');
    expect(values(given)).toEqual([{ ev: [{ t: 1 }] }, { ev: [{ t: 3 }] }]);
  });

  it("takes no element of an inner list for one of the broken list", () => {
    const given = collect("json", '[{"t":1},{"t":xx,"in":[{"u":1},{"u":2}]},{"t":3}]');
    expect(values(given)).toEqual([[{ t: 1 }], [{ t: 3 }]]);
  });

  it("uses what came before a cut", () => {
    const given = collect("json", '{"ev":[{"t":1},{"t":2},{"t":3');
    expect(values(given)).toEqual([{ ev: [{ t: 1 }, { t: 2 }] }]);
    expect(complaints(given)).toEqual(["1:29 the data ends inside a value"]);
  });

  it("does not make half a record of a broken line between others", () => {
    const given = collect("json", '{"id":1}\n{"id":2,"subs":[{"s":1},{"s":xx}],"end":5}\n{"id":3}\n');
    expect(values(given)).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it("keeps every line to itself where that is asked for", () => {
    const text = '{"ev":[{"t":1},{"t":\n{"ev":[{"t":2},{"t":x}]}\n{"t":3}{"t":4}\n[\n1]\n{"t":5}';
    // the lines have 20, 24, 14 and 1 bytes: they begin at 100, 121, 146, 161 and 163
    const given = collect("json", text, { linesOnly: true, fromByte: 100, fromLine: null });
    expect(values(given)).toEqual([{ t: 3 }, { t: 4 }, { t: 5 }]);
    expect(complaints(given)).toEqual([
      "null:120 the line ends inside a value",
      "null:141 unexpected character 'x', expected a value",
      "null:162 the line ends inside a value",
      "null:163 unexpected character '1', expected { or [",
    ]);
  });

  it("mends half surrogate pairs and bad UTF-8, and says so", () => {
    expect(collect("json", '{"a":"\\ud800 x \\ud83d\\ude00 \\\\ud800"}')).toEqual([
      { kind: "broken", value: "half of a surrogate pair, read as U+FFFD", line: 1, byte: 0 },
      { kind: "json", value: { a: "\ufffd x 😀 \\ud800" }, line: 1, byte: 0 },
    ]);
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}\n{"b":"é"}\n')]);
    const given = collect("json", bytes);
    expect(values(given)).toEqual([{ a: "\ufffd" }, { b: "é" }]);
    expect(complaints(given)).toEqual(["1:0 bytes that are not UTF-8, read as U+FFFD"]);
  });

  it("reads on behind holes of NUL bytes", () => {
    const given = collect("json", '\0\0\0{"a":1}\n\0\0\n{"b":1}');
    expect(values(given)).toEqual([{ a: 1 }, { b: 1 }]);
    expect(complaints(given)).toEqual(["1:0 3 NUL bytes", "2:11 2 NUL bytes"]);
  });

  it("refuses nesting that nobody exports, without running out of stack", () => {
    const deep = "[".repeat(100_000);
    expect(complaints(collect("json", `${deep}\n{"a":1}\n`))).toEqual(["1:1000 nested deeper than 1000 levels"]);
    expect(values(collect("json", `${deep}\n{"a":1}\n`))).toEqual([{ a: 1 }]);
  });

  it("keeps the first of duplicate keys' last value, as JSON.parse does", () => {
    expect(values(collect("json", '{"a":1,"a":2}'))).toEqual([{ a: 2 }]);
  });

  it("does not depend on the steps in which the bytes come", () => {
    const line = fc.constantFrom(
      '{"a":1}',
      '{"a":{"b":[1,2]}}',
      '{"ev":[{"t":1},{"t":2}]}',
      '{"ev":[\n{"t":1},\n{"t":2}\n]}',
      '{"a":1',
      '{"a":"x',
      '{"ev":[{"t":1},{"t":xx},{"t":2}]}',
      "[INFO] hello",
      "plain text",
      '{"a":1}{"a":2}',
      "}",
      "]",
      "{",
      "[",
      '"',
      "",
      "\0\0",
    );
    const steps = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 10 }), fc.constantFrom("\n", "", ",\n"), steps, (lines, separator, sizes) => {
        const text = lines.join(separator);
        expect(collect("json", text, {}, sizes)).toEqual(collect("json", text));
      }),
      { numRuns: 2_000 },
    );
  });
});
