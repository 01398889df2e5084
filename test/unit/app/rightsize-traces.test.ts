/** Logs and X-Ray traces as files -> what rightsize says, with a trace recorded from a live cloud (ServiBench). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rightsize } from "../../../src/app/rightsize.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { silentHost } from "../../../src/model/host.ts";
import { shared } from "../../support/shared.ts";

const recorded = shared("corpora/aws/servibench-xray/realworld_app/traces.json");
const FN = "realworld-dev-getComments";
const REQUEST = "7200b159-200c-42e5-87d1-fce3b67c5143";
const STARTED_MS = 1_619_794_900_862;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evscope-traces-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const requestOf = (n: number): string => `${REQUEST.slice(0, -4)}${String(1000 + n)}`;

/** Lambda's lines of runs, a minute apart, as a subscription delivers them. The first is the recorded one. */
function logs(runs: number): string {
  const events = Array.from({ length: runs }, (_, n) => {
    const id = n === 0 ? REQUEST : requestOf(n);
    const at = STARTED_MS + n * 60_000;
    const report = `REPORT RequestId: ${id}\tDuration: 22.96 ms\tBilled Duration: 23 ms\tMemory Size: 2048 MB\tMax Memory Used: 90 MB\t`;
    return [`START RequestId: ${id} Version: $LATEST`, `END RequestId: ${id}`, report].map((message, i) => ({
      id: String(n * 3 + i),
      timestamp: at + (i === 0 ? 0 : 23),
      message: `${message}\n`,
    }));
  });
  const logStream = "2021/04/30/[$LATEST]0123456789abcdef0123456789abcdef";
  const from = { messageType: "DATA_MESSAGE", owner: "123456789012", subscriptionFilters: ["all"] };
  return JSON.stringify({ ...from, logGroup: `/aws/lambda/${FN}`, logStream, logEvents: events.flat() });
}

/** The recorded trace, once per run: other IDs, a minute later each. */
function traces(runs: number): string {
  const one = JSON.parse(readFileSync(recorded!, "utf8")) as { Id: string; Segments: { Document: string }[] };
  const later = (document: string, n: number): string => {
    const shifted = JSON.parse(document, (key, value: unknown) =>
      (key === "start_time" || key === "end_time") && typeof value === "number" ? value + n * 60 : value,
    ) as unknown;
    const hex = n.toString(16).padStart(4, "0");
    return JSON.stringify(shifted)
      .replaceAll(REQUEST, n === 0 ? REQUEST : requestOf(n))
      .replaceAll(/"(id|parent_id)":"([0-9a-f]{12})[0-9a-f]{4}"/g, (whole, key: string, start: string) =>
        n === 0 ? whole : `"${key}":"${start}${hex}"`,
      )
      .replaceAll(one.Id, n === 0 ? one.Id : `${one.Id.slice(0, -4)}${hex}`);
  };
  const all = Array.from({ length: runs }, (_, n) => ({
    ...one,
    Id: n === 0 ? one.Id : `${one.Id.slice(0, -4)}${n.toString(16).padStart(4, "0")}`,
    Segments: one.Segments.map((segment) => ({ ...segment, Document: later(segment.Document, n) })),
  }));
  return JSON.stringify({ Traces: all, UnprocessedTraceIds: [] });
}

async function adviceOn(tracedRuns: number) {
  const paths = [join(dir, "getComments.json"), join(dir, "traces.json")];
  writeFileSync(paths[0]!, logs(30));
  writeFileSync(paths[1]!, traces(tracedRuns));
  writeFileSync(join(dir, "empty.yaml"), "");
  const objective = { optimize: "cost", maxSlowdown: 2, minSavingUsdPerMonth: 0 } as const;
  const settings = loadSettings(join(dir, "empty.yaml"), dir);
  const options = { objective, functions: FN };
  const found = await rightsize(join(dir, "data"), paths, options, settings, silentHost, new AbortController().signal);
  return found.sizing.functions[0]!;
}

describe.skipIf(recorded === null)("rightsize on logs and X-Ray traces", () => {
  it("one traced run: its calls are told, and nothing is advised on them", async () => {
    const { evidence, tier } = await adviceOn(1);
    expect(tier).toBe(0);
    // the document: run 900.862232 to 900.885189 s, GetItem .863 to .870, Query .871 to .883
    expect(evidence).toMatchObject({ tracedRuns: 1, cpuMs: null, sizesMib: [2048] });
    expect(evidence.downstreamMs).toBeCloseTo(19, 2);
    expect(evidence.selfMs).toBeCloseTo(22.957 - 19, 2);
  });

  it("twenty-five: less memory, as far as it is right even if the other 4 ms are computing", async () => {
    const advice = await adviceOn(25);
    expect(advice).toMatchObject({ tier: 1, confidence: "medium", refusal: null, evidence: { tracedRuns: 25 } });
    expect(advice.evidence.downstreamMs).toBeCloseTo(19, 2);
    expect(advice.proposedMib).toBeLessThan(2048);
    expect(advice.proposedMib).toBeGreaterThanOrEqual(512);
  });
});
