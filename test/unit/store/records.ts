/** Arbitrary records, for properties of the dataset. */
import fc from "fast-check";
import type { Id } from "../../../src/model/ids.ts";
import type { Config, Gap, Invocation, Json, LogEvent, Message, MetricPoint, Rec, Span } from "../../../src/model/records.ts";

/** Any well-formed text, with the marks and separators that the cells use, quotes, NUL and emoji. */
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("\x01", "\x02tail", "a\x1fb\x1e0", "it's", "NUL\0inside", "😀 é", "", "x".repeat(300), "\\N", "null"),
);
const maybe = <T>(arb: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arb, { nil: null, freq: 3 });
/** Whole milliseconds, microseconds and odd fractions, over three days. */
export const time = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_700_259_200_000 }),
  fc.integer({ min: 0, max: 1e9 }).map((us) => 1_700_000_000_000 + us / 1000),
  fc.double({ min: 1_700_000_000_000, max: 1_700_259_200_000, noNaN: true }),
);
const amount = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true }));
const ids: fc.Arbitrary<Id[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Id["kind"]>("correlation", "trace", "request", "message", "execution", "object", "item"),
    value: text,
  }),
  { maxLength: 4 },
);
const scope = {
  cloud: fc.constantFrom<LogEvent["cloud"]>("aws", "azure", "gcp", "other"),
  account: maybe(text),
  region: maybe(text),
};
const json: fc.Arbitrary<{ [key: string]: Json }> = fc
  .dictionary(text, fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>, { maxKeys: 3 })
  .map(
    // -0 is not JSON
    (value) => JSON.parse(JSON.stringify(value)) as { [key: string]: Json },
  );

export const logEvent: fc.Arbitrary<LogEvent> = fc.record({
  type: fc.constant("log" as const),
  at: time,
  ...scope,
  fn: maybe(text),
  stream: maybe(text),
  kind: fc.constantFrom<LogEvent["kind"]>("start", "end", "report", "function", "error"),
  level: maybe(fc.constantFrom("INFO", "ERROR")),
  requestId: maybe(text),
  traceId: maybe(text),
  spanId: maybe(text),
  message: text,
  sizeBytes: fc.nat(),
  ids,
});

export const invocation: fc.Arbitrary<Invocation> = fc.record({
  type: fc.constant("invocation" as const),
  ...scope,
  fn: text,
  version: maybe(text),
  requestId: text,
  startedAt: time,
  endedAt: maybe(time),
  durationMs: maybe(amount),
  billedMs: maybe(amount),
  memoryMib: maybe(amount),
  maxMemoryMib: maybe(amount),
  vcpu: maybe(amount),
  initMs: maybe(amount),
  restoreMs: maybe(amount),
  billedRestoreMs: maybe(amount),
  coldStart: maybe(fc.boolean()),
  outcome: fc.constantFrom<Invocation["outcome"]>("ok", "error", "timeout", "unknown"),
  errorType: maybe(text),
  traceId: maybe(text),
  spanId: maybe(text),
  parentSpanId: maybe(text),
  stream: maybe(text),
  architecture: maybe(fc.constantFrom<"x86_64" | "arm64">("x86_64", "arm64")),
  plan: maybe(text),
  trigger: maybe(text),
  weight: fc.integer({ min: 1, max: 100 }),
  emulator: fc.boolean(),
  seenIn: fc.constantFrom<Invocation["seenIn"]>("platform-log", "request-log", "span", "history"),
  ids,
});

export const span: fc.Arbitrary<Span> = fc.record({
  type: fc.constant("span" as const),
  ...scope,
  traceId: maybe(text),
  spanId: text,
  parentSpanId: maybe(text),
  name: text,
  fn: maybe(text),
  requestId: maybe(text),
  kind: fc.constantFrom<Span["kind"]>("server", "client", "workflow", "unknown"),
  isInvocation: fc.boolean(),
  startedAt: time,
  endedAt: maybe(time),
  inProgress: fc.boolean(),
  error: fc.boolean(),
  fault: fc.boolean(),
  throttle: fc.boolean(),
  inferred: fc.boolean(),
  origin: maybe(text),
  namespace: maybe(text),
  links: fc.array(fc.record({ traceId: text, spanId: text }), { maxLength: 2 }),
  attributes: json,
  ids,
});

export const message: fc.Arbitrary<Message> = fc.record({
  type: fc.constant("message" as const),
  ...scope,
  direction: fc.constantFrom<Message["direction"]>("published", "received"),
  at: time,
  channel: maybe(text),
  channelKind: fc.constantFrom<Message["channelKind"]>("queue", "topic", "bus"),
  messageId: maybe(text),
  fn: maybe(text),
  requestId: maybe(text),
  traceId: maybe(text),
  parentSpanId: maybe(text),
  sentAt: maybe(time),
  attempt: maybe(fc.nat()),
  sizeBytes: maybe(fc.nat()),
  payloadHash: maybe(text),
  eventName: maybe(text),
  deadLetter: fc.boolean(),
  replay: maybe(text),
  ids,
});

const metric: fc.Arbitrary<MetricPoint> = fc.record({
  type: fc.constant("metric" as const),
  ...scope,
  at: time,
  periodMs: maybe(amount),
  resource: maybe(text),
  fn: maybe(text),
  name: text,
  statistic: text,
  unit: maybe(text),
  value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => v + 0),
});

const config: fc.Arbitrary<Config> = fc.record({
  type: fc.constant("config" as const),
  ...scope,
  kind: fc.constantFrom<Config["kind"]>("function", "queue", "rule"),
  resource: text,
  name: text,
  revision: maybe(text),
  observedAt: maybe(time),
  from: maybe(text),
  to: maybe(text),
  settings: json,
});

const gap: fc.Arbitrary<Gap> = fc.record({
  type: fc.constant("gap" as const),
  ...scope,
  what: text,
  why: text,
  from: maybe(time),
  to: maybe(time),
});

export const anyRecord: fc.Arbitrary<Rec> = fc.oneof(logEvent, invocation, span, message, metric, config, gap);
