import { describe, expect, it } from "vitest";
import { type CollectFacts, collectDocument, collectView } from "../../../../src/report/views/collect.ts";
import { schemaErrors } from "../../../support/json-schema.ts";

const FACTS: CollectFacts = {
  window: { from: Date.UTC(2026, 10, 20), to: Date.UTC(2026, 10, 21) },
  targets: [
    { name: "shop", account: "111122223333", region: "eu-central-1", functions: 12, sourcesHeld: 3 },
    { name: "pay", account: null, region: "eu-central-1", functions: 0, sourcesHeld: 0 },
  ],
  parts: [{ target: "shop eu-central-1", signal: "logs", via: "FilterLogEvents", fetched: 11, failed: 1, records: 4200 }],
  calls: [
    { api: "logs:FilterLogEvents", calls: 40, throttled: 2, failed: 0 },
    { api: "lambda:ListFunctions", calls: 1, throttled: 0, failed: 0 },
  ],
  spentUsd: 0.0123,
  added: 4000,
  duplicates: 200,
  byType: { log: 4100, config: 100, span: 0 },
  gaps: [
    {
      type: "gap",
      cloud: "aws",
      account: "111122223333",
      region: "eu-central-1",
      what: "logs of a",
      why: "not allowed: the IAM action logs:FilterLogEvents is missing",
      from: Date.UTC(2026, 10, 20),
      to: null,
    },
  ],
};

describe("collect", () => {
  it("has the names that others build on, and fits its schema", () => {
    const document = JSON.parse(JSON.stringify(collectDocument(FACTS)));
    expect(schemaErrors("collect", document)).toEqual([]);
    expect(document.totals).toEqual({
      windowsFetched: 11,
      windowsFailed: 1,
      records: 4200,
      added: 4000,
      duplicates: 200,
      calls: 41,
      throttled: 2,
      spentUsd: 0.0123,
    });
    expect(document.window.from).toBe("2026-11-20T00:00:00.000Z");
  });

  it("says in the table what was held, what it cost and what is missing", () => {
    const { notes } = collectView(FACTS).sections[0]!;
    expect(notes.join("\n")).toContain("shop eu-central-1 (111122223333), 12 functions; pay eu-central-1 (not reached), 0 functions");
    expect(notes).toContain("3 sources held already.");
    expect(notes).toContain("41 calls, 2 throttled and repeated; paid queries $0.0123 at list price.");
    expect(notes).toContain("Gap: logs of a: not allowed: the IAM action logs:FilterLogEvents is missing");
  });

  it("says when there was nothing to read, and why", () => {
    const nothing = { ...FACTS, parts: [], gaps: [], spentUsd: null };
    expect(collectView(nothing).sections[0]!.notes).toContain("Nothing to read: all of 3 sources is held already.");
    expect(collectView(nothing).sections[0]!.notes.join()).toContain("paid queries cost an unknown amount");
    const empty = { ...nothing, targets: [{ ...FACTS.targets[0]!, sourcesHeld: 0 }] };
    expect(collectView(empty).sections[0]!.notes).toContain("Nothing to read: no source has telemetry in this window.");
  });
});
