/**
 * Telemetry of the order system, put in place on an endpoint that runs no code: every order runs `checkout` (text lines), `charge` (JSON
 * lines) and `notify` (text lines), in three epochs of memory. How long a run takes is the curve stated here, and nothing else.
 */
import { PutTraceSegmentsCommand, XRayClient } from "@aws-sdk/client-xray";
import { at, putLines } from "./order-system.ts";

const HOUR_MS = 3_600_000;
/** One vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const ONE_VCPU_MIB = 1769;

/** The functions of an order, and one that belongs to a stack and to no order. */
const FUNCTIONS = ["checkout", "charge", "notify", "invoice"] as const;
export type Fn = (typeof FUNCTIONS)[number];

/** Duration of a warm run in ms: `ioMs` of waiting, and `cpuMs` of work that one thread does at one vCPU. */
export const CURVES: Record<Fn, { ioMs: number; cpuMs: number; usedMib: number }> = {
  checkout: { ioMs: 30, cpuMs: 70, usedMib: 110 },
  charge: { ioMs: 200, cpuMs: 0, usedMib: 70 },
  notify: { ioMs: 120, cpuMs: 0, usedMib: 64 },
  invoice: { ioMs: 300, cpuMs: 0, usedMib: 64 },
};

export function durationMsAt(fn: Fn, memoryMib: number): number {
  const { ioMs, cpuMs } = CURVES[fn];
  return ioMs + (cpuMs * ONE_VCPU_MIB) / Math.min(memoryMib, ONE_VCPU_MIB);
}

/** Memory of each function in each epoch, the last one as deployed. */
export const SIZES_MIB: Record<Fn, readonly [number, number, number]> = {
  checkout: [768, 1769, 3008],
  charge: [256, 512, 1024],
  notify: [256, 512, 1024],
  invoice: [256, 512, 1024],
};
/** When the epochs begin, before now. CloudWatch Logs refuses lines that are more than 14 days old. */
const BEGUN_MS = [212, 116, 20].map((hours) => hours * HOUR_MS);
const APART_MS = 300_000;
const ORDERS_PER_EPOCH = 60;

export interface Run {
  fn: Fn;
  order: string;
  requestId: string;
  /** `1-8-24`; null: not traced. */
  traceId: string | null;
  memoryMib: number;
  startedAt: number;
  durationMs: number;
}

/** All runs of all orders. Every tenth order is traced. */
export function runsOf(now: number): Run[] {
  return BEGUN_MS.flatMap((ago, epoch) =>
    Array.from({ length: ORDERS_PER_EPOCH }, (_, i) => i).flatMap((i) => {
      const begun = now - ago + i * APART_MS;
      const order = `order-${epoch}-${String(i).padStart(4, "0")}`;
      const traceId = i % 10 === 0 ? `1-${Math.floor(begun / 1000).toString(16)}-${String(epoch * 1000 + i).padStart(24, "0")}` : null;
      return FUNCTIONS.map((fn, k): Run => {
        const memoryMib = SIZES_MIB[fn][epoch]!;
        // a little up and down, so that no run is another one's copy
        const durationMs = Math.round(durationMsAt(fn, memoryMib) * (1 + ((i % 7) - 3) / 100) * 100) / 100;
        const requestId = `${String(epoch * 1000 + i).padStart(8, "0")}-000${k}-4000-8000-000000000000`;
        return { fn, order, requestId, traceId: fn === "checkout" ? traceId : null, memoryMib, startedAt: begun + k * 1000, durationMs };
      });
    }),
  );
}

export const billedMsOf = (run: Run): number => Math.ceil(run.durationMs);
const messageOf = (run: Run): string => run.requestId.replace(/-000\d-/, "-00a0-");
const eventOf = (run: Run): string => run.requestId.replace(/-000\d-/, "-00e0-");

/** https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html */
function eventFor(run: Run): object {
  const time = `${new Date(run.startedAt - 500).toISOString().slice(0, 19)}Z`;
  const place = { account: "123456789012", region: "us-east-1", resources: [] };
  return {
    version: "0",
    id: eventOf(run),
    "detail-type": "charged",
    source: "shop",
    time,
    ...place,
    detail: { correlation_id: run.order },
  };
}

type Line = { timestamp: number; message: string };

/** What the run's function and platform write. */
export function linesOf(run: Run, queueArn: string): Line[] {
  return run.fn === "charge" ? jsonLines(run, queueArn) : textLines(run);
}

/** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html */
function textLines(run: Run): Line[] {
  const { requestId: id, startedAt, durationMs, memoryMib, fn, order } = run;
  const say = (ms: number, text: string): Line => ({
    timestamp: startedAt + ms,
    message: `${new Date(startedAt + ms).toISOString()}\t${id}\tINFO\t${text}\n`,
  });
  const end = startedAt + Math.round(durationMs);
  const traced = run.traceId === null ? "" : `XRAY TraceId: ${run.traceId}\tSegmentId: ${segmentOf(run)}\tSampled: true\t\n`;
  return [
    { timestamp: startedAt, message: `START RequestId: ${id} Version: $LATEST\n` },
    ...(fn === "checkout"
      ? [
          say(1, JSON.stringify({ message: "order placed", correlation_id: order })),
          say(20, `sent ${JSON.stringify({ QueueUrl: "http://127.0.0.1/123456789012/orders", MessageId: messageOf(run) })}`),
        ]
      : []),
    ...(fn === "notify" ? [say(1, `received ${JSON.stringify(eventFor(run))}`)] : []),
    { timestamp: end, message: `END RequestId: ${id}\n` },
    {
      timestamp: end,
      message: `REPORT RequestId: ${id}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billedMsOf(run)} ms\tMemory Size: ${memoryMib} MB\tMax Memory Used: ${CURVES[fn].usedMib} MB\t\n${traced}`,
    },
  ];
}

/** https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html */
function jsonLines(run: Run, queueArn: string): Line[] {
  const { requestId, startedAt, durationMs, memoryMib, order } = run;
  const line = (ms: number, body: object): Line => ({
    timestamp: startedAt + ms,
    message: JSON.stringify({ time: new Date(startedAt + ms).toISOString(), ...body }),
  });
  const say = (ms: number, message: object): Line => line(ms, { level: "INFO", requestId, message });
  const received = {
    Records: [
      { messageId: messageOf(run), body: JSON.stringify({ correlation_id: order }), eventSource: "aws:sqs", eventSourceARN: queueArn },
    ],
  };
  const end = Math.round(durationMs);
  return [
    line(0, { type: "platform.start", record: { requestId, version: "$LATEST" } }),
    say(1, received),
    say(5, { message: "event put", correlation_id: order, eventId: eventOf(run) }),
    line(end, {
      type: "platform.report",
      record: {
        requestId,
        status: "success",
        metrics: { durationMs, billedDurationMs: billedMsOf(run), memorySizeMB: memoryMib, maxMemoryUsedMB: CURVES.charge.usedMib },
      },
    }),
  ];
}

const segmentOf = (run: Run): string => `${run.requestId.slice(0, 8)}abcdef12`;

/** Puts lines and segments of these runs on the endpoint, as the functions and the platform would have. */
export async function putRuns(endpoint: string, runs: readonly Run[], queueArn: string): Promise<void> {
  for (const fn of FUNCTIONS) {
    const lines = runs
      .filter((run) => run.fn === fn)
      .flatMap((run) => linesOf(run, queueArn))
      .sort((a, b) => a.timestamp - b.timestamp);
    if (lines.length > 0) await putLines(endpoint, `/aws/lambda/${fn}`, "2026/11/01/[$LATEST]0123456789abcdef0123456789abcdef", lines);
  }
  const segments = runs.flatMap((run) => (run.traceId === null ? [] : [JSON.stringify(segment(run, run.traceId))]));
  if (segments.length > 0) await new XRayClient(at(endpoint)).send(new PutTraceSegmentsCommand({ TraceSegmentDocuments: segments }));
}

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html */
function segment(run: Run, trace_id: string): object {
  const start_time = run.startedAt / 1000;
  return {
    id: segmentOf(run),
    trace_id,
    name: run.fn,
    origin: "AWS::Lambda::Function",
    start_time,
    end_time: start_time + run.durationMs / 1000,
    aws: { request_id: run.requestId, function_arn: `arn:aws:lambda:us-east-1:123456789012:function:${run.fn}` },
  };
}
