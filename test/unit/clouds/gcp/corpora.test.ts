/** The room against recorded exports that lie beside the checkout. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gcp } from "../../../../src/clouds/gcp/index.ts";
import type { Invocation, Json, Message } from "../../../../src/model/records.ts";
import { only, readWith } from "../../../support/read-format.ts";
import { shared } from "../../../support/shared.ts";

const requests = shared("corpora/gcp/ubc-cloudrun-requests");
const pairs = shared("corpora/gcp/functions-framework-conformance");
const flights = shared("corpora/gcp/custodian-flights");
const events = shared("corpora/gcp/google-cloudevents");

const load = (path: string): Json => JSON.parse(readFileSync(path, "utf8")) as Json;

function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => `${folder}/${name}`)
    .flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : path.endsWith(".json") ? [path] : []));
}

/** Linear interpolation between ranks. */
function percentile(sorted: readonly number[], p: number): number {
  const rank = (sorted.length - 1) * p;
  const low = Math.floor(rank);
  const above = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return sorted[low]! + (above - sorted[low]!) * (rank - low);
}

describe.skipIf(requests === null)("Cloud Run request logs under load", () => {
  type Expected = {
    entries: number;
    instances: number;
    distinct_traces: number;
    latency_s: { min: number; max: number; sum: number; p50: number; p95: number; p99: number };
    first: string;
    last: string;
  };
  const expected = requests === null ? {} : (load(`${requests}/expected.json`) as unknown as { [file: string]: Expected });

  it.each(Object.keys(expected))("%s", (file) => {
    const want = expected[file]!;
    const { records, broken } = readWith(gcp.formats, [load(`${requests}/gcp_logs_varying_rps/${file}`)]);
    const found: Invocation[] = only(records, "invocation");
    expect(broken).toEqual([]);
    expect(only(records, "log")).toHaveLength(want.entries);
    expect(found).toHaveLength(want.entries);
    expect(new Set(found.map(({ stream }) => stream)).size).toBe(want.instances);
    expect(new Set(found.map(({ traceId }) => traceId)).size).toBe(want.distinct_traces);
    expect(new Set(found.map(({ requestId }) => requestId)).size).toBe(want.entries);
    const seconds = found.map(({ durationMs }) => durationMs! / 1000).sort((a, b) => a - b);
    expect(seconds[0]).toBeCloseTo(want.latency_s.min, 9);
    expect(seconds.at(-1)).toBeCloseTo(want.latency_s.max, 9);
    expect(seconds.reduce((sum, one) => sum + one, 0)).toBeCloseTo(want.latency_s.sum, 5);
    for (const [name, p] of [
      ["p50", 0.5],
      ["p95", 0.95],
      ["p99", 0.99],
    ] as const) {
      expect(Math.abs(percentile(seconds, p) / want.latency_s[name] - 1)).toBeLessThan(0.001);
    }
    const starts = found.map(({ startedAt }) => startedAt).sort((a, b) => a - b);
    expect(starts[0]).toBeCloseTo(Date.parse(want.first.slice(0, 19) + "Z") + Number(want.first.slice(19, -1)) * 1000, 3);
    expect(starts.at(-1)).toBeCloseTo(Date.parse(want.last.slice(0, 19) + "Z") + Number(want.last.slice(19, -1)) * 1000, 3);
    expect(new Set(found.map(({ outcome }) => outcome))).toEqual(new Set(["ok"]));
  });
});

describe.skipIf(pairs === null)("background events and the CloudEvents they convert to", () => {
  const files = pairs === null ? [] : filesIn(pairs);
  const names = [...new Set(files.map((path) => path.replace(/^.*\/|-(?:cloudevent|legacy)-.*$/g, "")))];

  it.each(names)("%s gives one message, whichever way it is written", (name) => {
    const messages = files
      .filter((path) => path.includes(`/${name}-`))
      .map((path): Message => {
        const { format, records } = readWith(gcp.formats, [load(path)]);
        expect(format).toBe("gcp.event");
        expect(records).toHaveLength(1);
        return only(records, "message")[0]!;
      });
    expect(messages.length).toBeGreaterThanOrEqual(4);
    expect(messages[0]).toMatchObject({ messageId: "aaaaaa-1111-bbbb-2222-cccccccccccc", sentAt: Date.UTC(2020, 8, 29, 11, 32, 0, 123) });
    // only CloudEvents of the Firebase database say the region
    for (const message of messages) expect({ ...message, region: null }).toEqual({ ...messages[0], region: null });
  });
});

describe.skipIf(flights === null || events === null)("recorded API answers and event payloads", () => {
  it("each is read or refused with a reason, and nothing in them is broken", () => {
    const formats: { [id: string]: number } = {};
    for (const path of [...filesIn(flights!), ...filesIn(events!)]) {
      const { format, records, broken, ignored } = readWith(gcp.formats, [load(path)], path);
      expect(format, path).not.toBeNull();
      expect(broken, path).toEqual([]);
      expect(records.length + ignored.length, path).toBeGreaterThan(0);
      formats[format!] = (formats[format!] ?? 0) + 1;
    }
    // counted by file name: 4 answers of timeSeries.list and an empty one; 2 bare audit entries; Pub/Sub 3, Storage 3, Firestore 2, audit event 1
    expect(formats["gcp.time-series"]).toBe(5);
    expect(formats["gcp.log-entry"]).toBe(2);
    expect(formats["gcp.event"]).toBe(9);
  });

  it("reads the allocation of the recorded Cloud Run service and function", () => {
    const [service] = only(
      readWith(gcp.formats, [load(`${flights}/gcp-cloud-run-service/get-v1-projects-cloud-custodian-locations---services_1.json`)]).records,
      "config",
    );
    expect(service!.settings).toMatchObject({
      memoryMib: 512,
      vcpu: 1,
      concurrency: 80,
      timeoutS: 300,
      maxInstances: 5,
      plan: "run-request",
    });
    const fns = only(
      readWith(gcp.formats, [load(`${flights}/function-delete/get-v1-projects-cloud-custodian-locations---functions_1.json`)]).records,
      "config",
    );
    expect(fns.filter(({ kind }) => kind === "function").map(({ name, settings }) => [name, settings["memoryMib"]])).toContainEqual([
      "gcp-service",
      512,
    ]);
  });
});
