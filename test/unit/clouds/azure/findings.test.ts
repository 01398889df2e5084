import { describe, expect, it } from "vitest";
import { findingsOf } from "../../../../src/clouds/azure/findings.ts";
import type { Config, Json } from "../../../../src/model/records.ts";

const DAY = 86_400_000;
function logGroup(name: string, settings: { [key: string]: Json }): Config {
  const where = { cloud: "azure", account: "6f9c2b1e-0000-4000-8000-000000000001", region: "westeurope" } as const;
  const rest = { resource: `/${name}`, revision: null, observedAt: 0, from: null, to: null };
  return { type: "config", ...where, ...rest, kind: "log-group", name, settings };
}

describe("settings on Azure that lose telemetry", () => {
  const codes = (...configs: Config[]): [string, string[]][] => findingsOf(configs, 14 * DAY).map((one) => [one.code, one.names]);

  it("are sampling at ingestion, but not where all is kept or nothing is said", () => {
    expect(
      codes(logGroup("some", { samplingPercent: 20 }), logGroup("all", { samplingPercent: 100 }), logGroup("unsaid", { retentionD: 90 })),
    ).toEqual([["sampling", ["some"]]]);
  });

  // https://learn.microsoft.com/rest/api/loganalytics/workspaces/get: -1 is no cap
  it("are a daily cap, but not -1, which is none", () => {
    expect(codes(logGroup("capped", { dailyQuotaGb: 0.5 }), logGroup("free", { dailyQuotaGb: -1 }))).toEqual([["daily-cap", ["capped"]]]);
  });
});
