import { describe, expect, it } from "vitest";
import { ledger } from "../../../../src/analyzer/cost/ledger.ts";
import { formatCsv } from "../../../../src/report/formats/csv.ts";
import { formatTable } from "../../../../src/report/formats/table.ts";
import { chainsView } from "../../../../src/report/views/chains.ts";
import { costView } from "../../../../src/report/views/cost.ts";
import { datasetView } from "../../../../src/report/views/dataset.ts";
import { type ImportedFile, importView } from "../../../../src/report/views/imports.ts";
import { group, rates } from "../../analyzer/cost/rates.ts";
import { chainOf, hop, order, START } from "../sample.ts";

const look = { width: 160, color: false, unicode: true };

describe("cost", () => {
  it("says how a function that the export does not name gets its name", () => {
    const notes = (fn: string): string => formatTable(costView(ledger({ usage: [group({ fn })] }, { ...rates, by: "function" })), look);
    expect(notes("unknown")).toContain("import it with --function NAME");
    expect(notes("f")).not.toContain("--function");
  });

  const usage = [
    group({ count: 1000 }),
    group({ fn: "g", outcome: "timeout", billedMs: 3000 }),
    group({ fn: "h", billedMs: null, count: 7 }),
  ];

  it("names its first column in CSV after --by, and has the kinds of waste there", () => {
    const lines = formatCsv(costView(ledger({ usage }, { ...rates, by: "function" }))).split("\r\n");
    expect(lines[0]).toBe("function,cloud,invocations,billedMs,gbSeconds,usd,wasteUsd,basis,unknown,timeoutsUsd");
    expect(lines[1]).toMatch(/^f,aws,1000,1000000,1000,0\.0168667\d*,0,measured,0,0$/);
    expect(lines[3]).toBe("h,aws,7,unknown,unknown,unknown,0,,7,0");
    expect(formatCsv(costView(ledger({ usage }, { ...rates, by: "cloud" }))).split(",")[0]).toBe("cloud");
  });

  it("calls the billed time of runs not unknown where instances are billed, and what they used is known", () => {
    const one = ledger({ usage: [group({ count: 4 })] }, { ...rates, by: "function" });
    const rows = one.rows.map((row) => ({ ...row, cloud: "gcp" as const, billedMs: null, gbSeconds: 2 }));
    expect(formatCsv(costView({ ...one, rows })).split("\r\n")[1]).toMatch(/^f,gcp,4,-,2,/);
  });

  it("says what is unknown, what is left out, and how old prices are", () => {
    const text = formatTable(costView(ledger({ usage }, { ...rates, by: "function" }), 1), look);
    expect(text).toContain("2 more rows; totals count all of them.");
    expect(text).toContain("Unknown cost of 7 (not in the sums):\n  7 x the log does not say what was billed");
    expect(text).toContain("List prices of 2026-11-23");
    expect(text).toMatch(/total +1,008 /);
  });

  it("lists what belongs to no row", () => {
    const messages = [
      {
        cloud: "aws" as const,
        account: null,
        region: "us-east-1",
        channel: "q",
        channelKind: "queue" as const,
        direction: "published" as const,
        sizeBytes: 1,
        count: 5,
      },
    ];
    const text = formatTable(costView(ledger({ usage, messages }, { ...rates, by: "function" })), look);
    expect(text).toMatch(/Unattributed: belongs to no function\n[^]*sqs\.requests standard +5 +requests +0\.000002 /);
    expect(text).toContain("total with unattributed");
  });
});

describe("chains", () => {
  it("lists chains with what is wrong, and counts all", () => {
    const text = formatTable(chainsView([order(), chainOf([hop("f", 0, 10)], [], { id: "order-2" })], 1), look);
    expect(text).toMatch(/order-7f3a +2026-11-20 08:15:30\.123 .* error .* lost-hop, error/);
    expect(text).not.toContain("order-2");
    expect(text).toContain("1 more; --top N lists more.\n2 chains, 1 failed, 1 with something missing.");
  });
});

describe("import", () => {
  const file = (path: string, more: object = {}): ImportedFile => ({ path, format: "otlp", records: 2, skipped: 0, error: null, ...more });

  it("says the folder that all files share once", () => {
    const text = formatTable(importView({ files: [file("/data/export/a/x.json"), file("/data/export/b.json")] }), look);
    expect(text.split("\n").slice(2)).toEqual([
      expect.stringMatching(/^a\/x\.json +otlp +2 +0 +ok$/),
      expect.stringMatching(/^b\.json +otlp +2 +0 +ok$/),
      expect.stringMatching(/^─+$/),
      expect.stringMatching(/^2 files in \/data\/export\/ +4 +0$/),
    ]);
  });

  it("shows more than 30 files by format and lists only those with trouble", () => {
    const good = Array.from({ length: 30 }, (_, i) => file(`good${i}.json`));
    const partly = file("half.json", { skipped: 1, broken: [{ reason: "cut", line: 7, byte: null }] });
    const bad = Array.from({ length: 60 }, (_, i) => file(`bad${i}.txt`, { format: null, records: 0, error: "no known format" }));
    const text = formatTable(importView({ files: [...good, partly, ...bad] }), look);
    expect(text).toMatch(/^not recognised +60 +0 +0 +0 +60$/m);
    expect(text).toMatch(/^otlp +31 +62 +1 +1 +0$/m);
    expect(text).toMatch(/^total +91 +62 +1 +1 +60$/m);
    expect(text).not.toContain("good");
    expect(text).toContain("half.json:7: left out: cut");
    expect(text).toContain("bad48.txt: no known format");
    expect(text).not.toContain("bad49.txt");
    expect(text).toContain("11 more files with trouble; --format json lists every file.");
  });

  it("says that there was no file", () => {
    expect(formatTable(importView({ files: [] }), look)).toContain("No files in what was given.");
  });

  it("says per file what was taken, left out or refused, with the place", () => {
    const text = formatTable(
      importView({
        files: [
          {
            path: "a.ndjson",
            format: "aws.cloudwatch-logs",
            records: 12345,
            skipped: 4,
            error: null,
            broken: [
              { reason: "not JSON", line: 2, byte: 80 },
              { reason: "no time", line: null, byte: 900 },
              { reason: "cut", line: null, byte: null },
            ],
          },
          {
            path: "notes.md",
            format: null,
            records: 0,
            skipped: 0,
            error: "no known format",
            unrecognised: {
              begins: "# Notes",
              lookedFor: Array.from({ length: 8 }, (_, i) => ({ format: `f${i}`, title: `Format ${i}`, lookedFor: `field ${i}` })),
            },
          },
        ],
        added: 12000,
        duplicates: 345,
        byType: { log: 12345, span: 0 },
      }),
      look,
    );
    expect(text.split("\n").slice(2)).toEqual([
      "a.ndjson  aws.cloudwatch-logs   12,345         4  partly",
      "notes.md  not recognised             0         0  failed",
      expect.stringMatching(/^─+$/),
      "2 files                         12,345         4",
      "",
      "a.ndjson:2: left out: not JSON",
      "a.ndjson at byte 900: left out: no time",
      "a.ndjson: left out: cut",
      "a.ndjson: 1 more broken record left out",
      "notes.md: no known format; it begins with: # Notes",
      "Looked for, nearest first:",
      ...Array.from({ length: 6 }, (_, i) => `  Format ${i}: field ${i}`),
      "  and 2 more formats: evscope import --help, or --format json",
      "New in the dataset: 12,000 records; 345 were there already.",
      "By kind: log 12,345.",
    ]);
  });
});

describe("dataset", () => {
  it("counts records and days, names gaps, and says when to compact", () => {
    const text = formatTable(
      datasetView({
        dir: ".evscope",
        schemaVersion: 1,
        batches: 2,
        rows: { log: 5000, invocation: 1 },
        sizeBytes: 2_500_000,
        from: START,
        to: START + 1,
        clouds: ["aws", "gcp"],
        functions: 3,
        days: [{ day: "2026-11-20", files: 51, sizeBytes: 2_500_000 }],
        gaps: [{ type: "gap", cloud: "aws", account: null, region: null, what: "logs of f", why: "no permission", from: null, to: null }],
      }),
      look,
    );
    expect(text).toMatch(/log +5,000/);
    expect(text).toMatch(/2026-11-20 +51 +2\.5/);
    expect(text).toContain("3 functions on aws, gcp; 2026-11-20T08:15:30.123Z to 2026-11-20T08:15:30.124Z.");
    expect(text).toContain("1 day has more than 50 files: evscope dataset compact makes questions quicker.");
    expect(text).toContain("Gap: logs of f: no permission");
  });
});
