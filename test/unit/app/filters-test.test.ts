import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { testFilter } from "../../../src/app/filters-test.ts";

it.each([
  ["on one line", (events: object[]) => JSON.stringify(events)],
  ["over many lines", (events: object[]) => JSON.stringify(events, null, 2)],
  [
    "one a line, with a mark and Windows' ends of lines",
    (events: object[]) => `\uFEFF${events.map((one) => JSON.stringify(one)).join("\r\n\r\n")}\r\n`,
  ],
])("a file of events %s is as many events", async (_name, written) => {
  const folder = mkdtempSync(join(tmpdir(), "evscope-filter-"));
  const [pattern, events] = [join(folder, "pattern.json"), join(folder, "events.json")];
  writeFileSync(pattern, '{"source":["shop"]}');
  writeFileSync(events, written([{ source: "shop" }, { source: "bank" }]));
  const { counts, results } = await testFilter({
    pattern,
    events,
    cases: null,
    grammar: "eventbridge",
    expect: null,
    keep: null,
    stdin: Readable.from([]),
    signal: new AbortController().signal,
  });
  expect(counts).toMatchObject({ events: 2, unusable: 0 });
  expect(results.map(({ verdict }) => verdict)).toEqual(["match", "no_match"]);
});
