import { describe, expect, it } from "vitest";
import { planTraces, runTraces, tracesOf } from "../../../../src/clouds/gcp/collect-traces.ts";
import type { CollectRequest, Span } from "../../../../src/clouds/room.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import { listTraces } from "../../../peers/support/gcp/traces.ts";
import { emptyWorld } from "../../../peers/support/gcp/world.ts";
import {
  collected,
  DAY_MS,
  denied,
  failure,
  gcpContext,
  HOUR_MS,
  NOW,
  PROJECT,
  scriptedGcp,
  type ScriptedGcp,
  typed,
} from "../../../support/scripted-gcp.ts";

const all = (_source: string, window: Span): Span[] => [window];
const request = (window: Span): CollectRequest => ({ signals: ["traces"], logs: "all", window, maxQueryUsd: 0 });
const traceId = (n: number): string => n.toString(16).padStart(32, "c");

/** A trace of v1, with a server span of Cloud Run and a client span in it. */
function trace(n: number, at: number, lastsMs = 100): JsonObject {
  const times = { startTime: new Date(at).toISOString(), endTime: new Date(at + lastsMs).toISOString() };
  return {
    projectId: PROJECT,
    traceId: traceId(n),
    spans: [
      {
        spanId: "1000",
        kind: "RPC_SERVER",
        name: "/",
        ...times,
        labels: { "g.co/r/cloud_run_revision/service_name": "orders", "/http/status_code": "200" },
      },
      { spanId: "1001", parentSpanId: "1000", kind: "RPC_CLIENT", name: "publish", ...times, labels: { order_id: `ORD-${n}` } },
    ],
  };
}

/** Cloud Trace as the test servers have it. */
function server(traces: JsonObject[]): ScriptedGcp {
  const world = { ...emptyWorld(PROJECT), traces };
  return scriptedGcp({
    "cloudtrace:traces.list": (asked) => {
      const pages: JsonObject[] = [];
      for (let pageToken = ""; ;) {
        const page = listTraces(world, PROJECT, { ...asked, pageToken });
        pages.push(page);
        if (page["nextPageToken"] === undefined) return pages;
        pageToken = page["nextPageToken"];
      }
    },
    "cloudtrace:traces.get": (asked) => {
      const found = traces.find((one) => one["traceId"] === asked["traceId"]);
      if (found === undefined) throw failure("cloudtrace:traces.get", "not-found", "NOT_FOUND", 404);
      return found;
    },
  });
}

describe("plan", () => {
  it("is a task for each quarter of a day that is not held, free of charge", () => {
    const { tasks, gaps } = planTraces(server([]), gcpContext(), request({ from: NOW - 13 * HOUR_MS, to: NOW - HOUR_MS }), all);
    expect(tasks.map(({ source, window }) => [source, (window.to - window.from) / HOUR_MS])).toEqual([
      [`gcp/${PROJECT}/traces`, 1],
      [`gcp/${PROJECT}/traces`, 6],
      [`gcp/${PROJECT}/traces`, 5],
    ]);
    expect(tasks[0]!.estimate.usd).toBe(0);
    expect(gaps).toEqual([]);
  });

  it("says what is older than Cloud Trace keeps", () => {
    const window = { from: NOW - 40 * DAY_MS, to: NOW - 29 * DAY_MS };
    const { tasks, gaps } = planTraces(server([]), gcpContext(), request(window), all);
    expect(tasks[0]!.window.from).toBe(NOW - 30 * DAY_MS);
    expect(gaps).toMatchObject([{ what: "traces", from: window.from, to: NOW - 30 * DAY_MS }]);
    const gone = planTraces(server([]), gcpContext(), request({ from: window.from, to: NOW - 31 * DAY_MS }), all);
    expect([gone.tasks.length, gone.gaps.length]).toEqual([0, 1]);
  });
});

describe("reading", () => {
  it("gives whole traces over pages, with the IDs in their hexadecimal form", async () => {
    const api = server(Array.from({ length: 450 }, (_, n) => trace(n + 1, NOW - HOUR_MS + n)));
    const { tasks } = planTraces(api, gcpContext(), request({ from: NOW - 2 * HOUR_MS, to: NOW }), all);
    const spans = typed(await collected(runTraces(api, gcpContext(), tasks[0]!)), "span");
    expect(spans).toHaveLength(900);
    // 1000 = 0x3e8, 1001 = 0x3e9
    expect(spans.slice(0, 2).map((one) => [one.traceId, one.spanId, one.parentSpanId, one.fn, one.isInvocation])).toEqual([
      [traceId(1), "00000000000003e8", null, "orders", true],
      [traceId(1), "00000000000003e9", "00000000000003e8", null, false],
    ]);
    expect(api.counts()["cloudtrace:traces.list"]).toBe(3);
    expect(api.asked[0]!.request).toEqual({
      projectId: PROJECT,
      startTime: "2026-11-22T22:00:00.000Z",
      endTime: "2026-11-23T00:00:00.000Z",
      view: "COMPLETE",
      pageSize: 200,
    });
  });

  it("of a window without traces gives nothing", async () => {
    const api = server([]);
    const { tasks } = planTraces(api, gcpContext(), request({ from: NOW - HOUR_MS, to: NOW }), all);
    expect(await collected(runTraces(api, gcpContext(), tasks[0]!))).toEqual([]);
  });

  it("by ID gives those that were sampled, and is silent about the others", async () => {
    const api = server([trace(1, NOW), trace(2, NOW)]);
    const spans = typed(await collected(tracesOf(api, gcpContext(), [traceId(2), traceId(9), traceId(2)])), "span");
    expect(new Set(spans.map((one) => one.traceId))).toEqual(new Set([traceId(2)]));
    expect(api.counts()).toEqual({ "cloudtrace:traces.get": 2 });
    const refused = scriptedGcp({ "cloudtrace:traces.get": denied("cloudtrace:traces.get") });
    await expect(collected(tracesOf(refused, gcpContext(), [traceId(1)]))).rejects.toMatchObject({ kind: "denied" });
  });

  it("of a trace that is not in the vendor's form is a gap, and the rest is read", async () => {
    const odd = {
      ...trace(1, NOW - 5),
      spans: [{ spanId: "not a number", startTime: "2026-11-22T23:59:59Z", endTime: "2026-11-22T23:59:59Z" }],
    };
    const api = scriptedGcp({ "cloudtrace:traces.list": { traces: [odd, trace(2, NOW - 5), "nonsense", null] } });
    const { tasks } = planTraces(api, gcpContext(), request({ from: NOW - HOUR_MS, to: NOW }), all);
    const records = await collected(runTraces(api, gcpContext(), tasks[0]!));
    expect(typed(records, "span")).toHaveLength(2);
    expect(typed(records, "gap").map((one) => one.why)).toEqual(["span without a decimal span ID", "not a trace", "not a trace"]);
  });
});
