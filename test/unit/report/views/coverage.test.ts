import { describe, expect, it } from "vitest";
import type { ChannelKind, Cloud } from "../../../../src/model/records.ts";
import type { Coverage, FunctionCoverage, HopCoverage, Language } from "../../../../src/model/coverage.ts";
import { idKeys } from "../../../../src/model/id-keys.ts";
import { doctorDocument, doctorView } from "../../../../src/report/views/doctor.ts";
import { carrierOf, recipeOf } from "../../../../src/report/views/mending.ts";
import { schemaErrors } from "../../../support/json-schema.ts";

const place = { account: "111122223333", region: "eu-central-1" };
const fn = (name: string, more: Partial<FunctionCoverage> = {}): FunctionCoverage => ({
  cloud: "aws",
  ...place,
  fn: name,
  runtime: "python3.13",
  language: "python",
  runs: 10,
  withCorrelation: 10,
  withTrace: 5,
  withAny: 10,
  lines: 40,
  readable: true,
  ...more,
});
const hop = (from: string, to: string, more: Partial<HopCoverage> = {}): HopCoverage => ({
  from: { cloud: "aws", ...place, fn: from },
  to: { cloud: "aws", ...place, fn: to },
  channel: "orders",
  channelKind: "queue",
  passes: 10,
  kept: 10,
  lost: 0,
  changed: 0,
  without: 0,
  unseen: 0,
  evidence: { message: 10 },
  weakest: "message",
  confidence: 0.9,
  ...more,
});
const facts = (coverage: Partial<Coverage>) => ({
  targets: [],
  blocked: false,
  unasked: "no account is configured",
  coverage: { from: 0, to: 60_000, runs: 20, withCorrelation: 12, withTrace: 10, withAny: 20, functions: [], hops: [], ...coverage },
});

describe("correlation coverage as doctor shows it", () => {
  const some = facts({
    functions: [
      fn("pay", { withCorrelation: 2 }),
      fn("go", { withCorrelation: 0, runtime: null, language: null, readable: null }),
      fn("web"),
    ],
    hops: [
      hop("web", "pay", { kept: 2, lost: 8 }),
      hop("pay", "mail", { from: null, channel: null, channelKind: null, weakest: null, confidence: null }),
    ],
  });
  const { sections } = doctorView(some);
  const document = doctorDocument(some);

  it("says what was not looked at, in how many runs an ID is, and which lines were not read", () => {
    expect(sections.map((one) => one.title)).toEqual(["Correlation coverage", "Where the ID is lost", "Mending it"]);
    expect(sections[0]!.notes[0]).toMatch(/^Permissions and settings were not looked at: no account is configured\./);
    expect(sections[0]!.notes[1]).toBe(
      "12 of 20 runs from 1970-01-01T00:00:00.000Z to 1970-01-01T00:01:00.000Z carry a correlation or business ID, 10 a trace ID.",
    );
    expect(sections[0]!.notes[2]).toMatch(/^Of 1 function no line of its own/);
    expect(sections[0]!.rows[0]).toMatchObject({ function: "pay", correlation: 0.2, trace: 0.5, readable: "read" });
  });

  it("gives the lines for the functions that need them, and where the way carries an ID", () => {
    expect(document.coverage!.mending.map((one) => [one.language, one.functions, one.lines.length])).toEqual([
      ["python", ["pay"], 3],
      [null, ["go"], 0],
    ]);
    const notes = sections[2]!.notes.join("\n");
    expect(notes).toContain("Python on AWS:\n    from aws_lambda_powertools import Logger");
    expect(notes).toContain("web -> orders -> pay loses it in 80 % of passes. It can travel in MessageAttributes.correlationId (SQS)");
  });

  it("is JSON of its schema, with and without a dataset", () => {
    for (const one of [some, { ...some, coverage: null, unasked: null }])
      expect(schemaErrors("doctor", JSON.parse(JSON.stringify(doctorDocument(one))))).toEqual([]);
  });

  it("has nothing to mend where all is well", () => {
    expect(doctorView(facts({ functions: [fn("web")], hops: [hop("web", "web")] })).sections.map((one) => one.title)).toEqual([
      "Correlation coverage",
      "Where the ID is lost",
    ]);
  });
});

describe("lines to write", () => {
  const clouds: Cloud[] = ["aws", "azure", "gcp", "other"];
  const languages: Language[] = ["node", "python", "dotnet", "java"];

  it.each(clouds.flatMap((cloud) => languages.map((language) => ({ cloud, language }))))(
    "for $language on $cloud log under a key that evscope finds",
    ({ cloud, language }) => {
      const keys = idKeys();
      const words =
        recipeOf(cloud, language)
          .join("\n")
          .match(/correlation_?id/gi) ?? [];
      expect(words.length).toBeGreaterThan(0);
      expect(words.every((word) => keys.isCorrelationKey(word))).toBe(true);
    },
  );

  it("say for every kind of channel where the ID travels, and nothing where the channel is not known", () => {
    const kinds: ChannelKind[] = ["queue", "topic", "bus", "stream", "table", "bucket", "workflow", "http", "schedule"];
    for (const channelKind of kinds) expect(carrierOf(hop("a", "b", { channelKind })), channelKind).not.toBeNull();
    expect(carrierOf(hop("a", "b", { channelKind: null }))).toBeNull();
    expect(carrierOf({ from: null, to: null, channelKind: "queue" })).toBeNull();
  });
});
