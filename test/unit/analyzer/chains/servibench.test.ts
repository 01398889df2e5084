/** X-Ray traces recorded from live clouds, with the figures that their authors' own analyser computed (ServiBench). */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { correlate } from "../../../../src/analyzer/chains/index.ts";
import { xray } from "../../../../src/clouds/aws/xray.ts";
import type { Chain, ChainRecords } from "../../../../src/model/chains.ts";
import { idKeys } from "../../../../src/model/id-keys.ts";
import { shared } from "../../../support/shared.ts";
import { emptyRecords, sinkInto } from "./records.ts";

const root = shared("corpora/aws/servibench-xray");
const cases = root === null ? [] : readdirSync(root).filter((name) => name !== "SOURCE.txt");

function recordsOf(name: string): ChainRecords {
  const records = emptyRecords();
  const source = { path: name, segments: [], fn: null, account: null, region: null };
  const reader = xray.open(source, sinkInto(records), idKeys());
  reader.read(JSON.parse(readFileSync(`${root}/${name}/traces.json`, "utf8")), { line: 1, byte: 0 });
  reader.end();
  return records;
}

interface Expected {
  upstream_expected?: {
    duration_ms: number;
    latency_breakdown_ms: Record<string, number | null>;
    errors: number;
    faults: number;
    start_time: number;
  };
  "upstream_code_output (ran here, equals upstream_expected)"?: {
    critical_path: { resource: string | null; target: string | null; start_time: number; end_time: number; category: string }[];
  };
  upstream_expected_error?: string;
}

function only(chains: Chain[]): Chain {
  expect(chains).toHaveLength(1);
  return chains[0]!;
}

describe.skipIf(root === null)("ServiBench traces", () => {
  for (const name of cases) {
    const expected = JSON.parse(readFileSync(`${root}/${name}/expected.json`, "utf8")) as Expected;
    const figures = expected.upstream_expected;
    if (!figures) continue;
    it(`${name}: duration, breakdown and critical path are the authors' within 1 ms`, () => {
      const chain = only(correlate(recordsOf(name)));
      expect(Math.abs(chain.endToEndMs! - figures.duration_ms)).toBeLessThanOrEqual(1);
      for (const [category, ms] of Object.entries(figures.latency_breakdown_ms)) {
        const ours = chain.breakdownMs[category as keyof Chain["breakdownMs"]];
        if (ms === null) expect(ours, category).toBeUndefined();
        else expect(Math.abs(ours! - ms), `${category}: ${ours} and ${ms}`).toBeLessThanOrEqual(1);
      }
      const path = expected["upstream_code_output (ran here, equals upstream_expected)"]!.critical_path;
      expect(chain.criticalPath.map((s) => `${s.hopId} ${s.category}`)).toEqual(path.map((s) => `${s.resource ?? s.target} ${s.category}`));
      path.forEach((s, i) => {
        expect(Math.abs(chain.criticalPath[i]!.fromMs - (s.start_time - figures.start_time) * 1000)).toBeLessThanOrEqual(1);
        expect(Math.abs(chain.criticalPath[i]!.toMs - (s.end_time - figures.start_time) * 1000)).toBeLessThanOrEqual(1);
      });
      const sum = chain.criticalPath.reduce((total, s) => total + s.toMs - s.fromMs, 0);
      expect(Math.abs(sum - chain.endToEndMs!)).toBeLessThan(1e-6);
      const ids = new Set(chain.hops.map((h) => h.id));
      expect(chain.criticalPath.every((s) => ids.has(s.hopId))).toBe(true);
      expect(chain.problems.filter((p) => p.code === "fault")).toHaveLength(figures.faults);
      expect(chain.problems.filter((p) => p.code === "error")).toHaveLength(figures.errors);
      expect(chain.complete).toBe(true);
    });
  }

  it("a trace that its authors call unfinished is said to be in progress, at the span they name", () => {
    const chain = only(correlate(recordsOf("thumbnail_app_in_progress")));
    expect(chain.problems.filter((p) => p.code === "in-progress").map((p) => p.hopId)).toEqual(["55b8cdd122595924"]);
    expect(chain.complete).toBe(false);
    expect(chain.criticalPath.length).toBeGreaterThan(0);
  });
});
