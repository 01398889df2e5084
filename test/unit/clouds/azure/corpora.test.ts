/** Telemetry that live services wrote: every file is read, or says why there is nothing to read. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formats } from "../../../../src/clouds/azure/formats.ts";
import type { Json, Rec } from "../../../../src/model/records.ts";
import { readDocuments } from "../../../contract/read-documents.ts";
import { shared } from "../../../support/shared.ts";

const root = shared("corpora/azure");
const files = root === null ? [] : readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
const read = (name: string) => readDocuments(formats, [JSON.parse(readFileSync(join(root!, name), "utf8")) as Json]);
const count = (name: string, type: Rec["type"]): number =>
  read(`newrelic-azure-diagnostics/${name}.json`).records.filter((record) => record.type === type).length;

describe.skipIf(root === null)("Azure corpora", () => {
  it("has files", () => expect(files.length).toBeGreaterThan(100));

  it.each(files.filter((name) => !name.includes("arrayOfStrings")))("%s", (name) => {
    const { format, records, ignored, broken } = read(name);
    expect(format).not.toBeNull();
    expect(broken).toEqual([]);
    expect(records.length + ignored.length).toBeGreaterThan(0);
  });

  it("counts the records of the Event Hub payloads", () => {
    // counted in the files: records per Type
    expect([count("appInsightsAppRequest", "invocation"), count("arrayOfStrings_06", "invocation")]).toEqual([1, 1]);
    expect([count("appInsightsAppDependency", "span"), count("arrayOfStrings_05", "span")]).toEqual([1, 2]);
    expect(count("appInsightsAppTraces", "log")).toBe(2);
    // one value per counter; Sum, Min and Max per metric
    expect([count("performanceCounters", "metric"), count("arrayOfStrings_01", "metric"), count("arrayOfStrings_02", "metric")]).toEqual([
      5, 6, 3,
    ]);
  });

  it("keeps a run of 30 s that succeeded a success, with the time of its clock", () => {
    const [run] = read("newrelic-azure-diagnostics/arrayOfStrings_06.json").records.filter((record) => record.type === "invocation");
    expect(run).toMatchObject({
      fn: "functionName",
      requestId: "invocationid",
      outcome: "ok",
      durationMs: 30_020.222,
      startedAt: expect.closeTo(Date.UTC(2021, 4, 10, 19, 19, 21) + 60.0528, 2),
    });
  });
});
