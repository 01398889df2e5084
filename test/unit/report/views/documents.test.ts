/** The JSON documents: the names that others build on, and the schemas they are published with. */
import { describe, expect, it } from "vitest";
import { ledger } from "../../../../src/analyzer/cost/ledger.ts";
import { chainsDocument } from "../../../../src/report/views/chains.ts";
import { costDocument } from "../../../../src/report/views/cost.ts";
import { datasetDocument } from "../../../../src/report/views/dataset.ts";
import { importDocument } from "../../../../src/report/views/imports.ts";
import { isoTime } from "../../../../src/report/views/time.ts";
import { traceDocument } from "../../../../src/report/views/trace.ts";
import { schemaErrors } from "../../../support/json-schema.ts";
import { group, rates } from "../../analyzer/cost/rates.ts";
import { chainOf, hop, order, START } from "../sample.ts";

/** As a reader of the printed JSON sees it. */
function printed(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document));
}

describe("trace", () => {
  it("has the names that others build on, and fits its schema", () => {
    const document = traceDocument(order());
    expect(schemaErrors("trace", printed(document))).toEqual([]);
    const { chain } = document;
    expect(chain).toMatchObject({ id: "order-7f3a", startedAt: "2026-11-20T08:15:30.123Z", endToEndMs: 2584.2, complete: false });
    expect(chain.hops[0]).toMatchObject({
      id: "aws:order-api",
      function: "order-api",
      cloud: "aws",
      startedAt: "2026-11-20T08:15:30.123Z",
      durationMs: 120,
      coldStart: true,
      outcome: "ok",
      usd: 0.00000412,
    });
    expect(chain.hops[2]).toMatchObject({ startMs: 260, startedAt: "2026-11-20T08:15:30.383Z" });
    expect(chain.edges[0]).toMatchObject({ from: "aws:order-api", to: "aws:bus", kind: "parent", confidence: 1 });
    expect(chain.criticalPath[0]).toEqual({
      hopId: "aws:order-api",
      fromMs: 0,
      toMs: 210,
      spent: "cold-start",
      category: "runtime_initialization",
    });
    expect(chain.problems.map(({ code }) => code)).toEqual(["lost-hop", "error"]);
  });

  it("has all nine categories, null where one does not occur", () => {
    expect(traceDocument(order()).chain.breakdownMs).toEqual({
      orchestration: null,
      trigger: null,
      container_initialization: null,
      runtime_initialization: 210,
      computation: 1374.2,
      queueing: 1000,
      overhead: null,
      external_service: null,
      unclassified: null,
    });
  });

  it("keeps microseconds in offsets and says nothing where an end is missing", () => {
    const { chain } = traceDocument(chainOf([hop("f", 0, null), hop("g", 0.125, 3)], [], { endedAt: null, endToEndMs: null }));
    expect(chain.hops.map((one) => [one.startMs, one.endedAt, one.durationMs])).toEqual([
      [0, null, null],
      [0.125, isoTime(START + 3.125), 3],
    ]);
    expect(schemaErrors("trace", printed({ schemaVersion: 1, chain }))).toEqual([]);
  });
});

describe("cost", () => {
  const input = {
    usage: [group({}), group({ fn: "g", billedMs: null, count: 3 }), group({ fn: "h", outcome: "error" })],
    logBytes: [{ cloud: "aws" as const, account: "111122223333", region: "us-east-1", fn: "f", bytes: 1000, lines: 5 }],
    from: START,
  };

  it.each(["function", "service", "cloud"] as const)("by %s: the key is named so, and the schema fits", (by) => {
    const document = costDocument(ledger(input, { ...rates, by }));
    expect(schemaErrors("cost", printed(document))).toEqual([]);
    for (const row of document.rows) expect(row[by]).toEqual(expect.any(String));
    const sum = document.rows.reduce((total, row) => total + (row.usd ?? 0), 0);
    expect(sum + document.unattributed.usd).toBeCloseTo(document.totals.usd!, 15);
  });

  it("has the names that others build on", () => {
    const document = costDocument(ledger(input, { ...rates, by: "function" }));
    expect(document).toMatchObject({
      schemaVersion: 1,
      by: "function",
      pricesAsOf: "2026-11-23",
      from: "2026-11-20T08:15:30.123Z",
      to: null,
    });
    expect(document.rows.find((row) => row["function"] === "g")).toMatchObject({
      cloud: "aws",
      invocations: 3,
      billedMs: null,
      gbSeconds: null,
      usd: null,
      unknown: 3,
    });
    expect(document.totals).toMatchObject({ invocations: 5, billedMs: 2000, gbSeconds: 2, unknown: 3 });
  });

  it("cuts rows to the top, totals never", () => {
    const all = costDocument(ledger(input, { ...rates, by: "function" }));
    const top = costDocument(ledger(input, { ...rates, by: "function" }), 1);
    expect(top.rows).toEqual(all.rows.slice(0, 1));
    expect(top.totals).toEqual(all.totals);
  });
});

describe("chains, import, dataset", () => {
  it("lists chains", () => {
    const document = chainsDocument([order(), chainOf([hop("f", 0, 10)], [])], 1);
    expect(schemaErrors("chains", printed(document))).toEqual([]);
    expect(document).toMatchObject({ total: 2, failed: 1, incomplete: 1 });
    expect(document.chains).toHaveLength(1);
    expect(document.chains[0]).toMatchObject({ hops: 5, clouds: ["aws", "azure", "gcp"], problems: { "lost-hop": 1, error: 1 } });
  });

  it("sums up an import", () => {
    const document = importDocument({
      files: [
        {
          path: "a.json",
          format: "aws.cloudwatch-logs",
          records: 10,
          skipped: 1,
          error: null,
          broken: [{ reason: "no time", line: 3, byte: null }],
        },
        { path: "b.txt", format: null, records: 0, skipped: 0, error: "no known format" },
      ],
      added: 9,
      duplicates: 1,
      byType: { log: 10 },
    });
    expect(schemaErrors("import", printed(document))).toEqual([]);
    expect(document.files[0]).toMatchObject({ path: "a.json", format: "aws.cloudwatch-logs", records: 10, skipped: 1, error: null });
    expect(document.totals).toEqual({ files: 2, records: 10, skipped: 1, failed: 1, added: 9, duplicates: 1 });
  });

  it("describes a dataset", () => {
    const document = datasetDocument({
      dir: ".evscope",
      schemaVersion: 1,
      batches: 2,
      rows: { log: 5, invocation: 1 },
      sizeBytes: 1234,
      from: START,
      to: null,
      clouds: ["aws"],
      functions: 1,
      days: [{ day: "2026-11-20", files: 3, sizeBytes: 1234 }],
      gaps: [{ type: "gap", cloud: "aws", account: null, region: null, what: "logs of f", why: "no permission", from: START, to: null }],
    });
    expect(schemaErrors("dataset-info", printed(document))).toEqual([]);
    expect(document.dataset.gaps).toEqual([
      { cloud: "aws", what: "logs of f", why: "no permission", from: "2026-11-20T08:15:30.123Z", to: null },
    ]);
  });
});

describe("the checker itself", () => {
  it("sees what is missing, too much, or of another type", () => {
    const document = printed(traceDocument(order())) as { chain: Record<string, unknown> };
    document.chain["usd"] = "0.1";
    document.chain["extra"] = 1;
    delete document.chain["route"];
    (document.chain["edges"] as { confidence: number }[])[0]!.confidence = 2;
    expect(schemaErrors("trace", document).toSorted()).toEqual([
      "$.chain.edges[0].confidence: 2 is above 1",
      "$.chain.usd: string is not number or null",
      "$.chain: extra is not in the schema",
      "$.chain: route is missing",
    ]);
  });
});

describe("moments", () => {
  it("are ISO text in UTC, or null", () => {
    expect(isoTime(0)).toBe("1970-01-01T00:00:00.000Z");
    expect([isoTime(null), isoTime(Number.NaN), isoTime(1e18)]).toEqual([null, null, null]);
  });
});
