/** A span of any tracer -> the span, and the invocation or message that it stands for. */
import type { Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { booleanAt, type JsonObject, numberAt, textAt } from "../../model/json.ts";
import type { ChannelKind, Invocation, Message, Outcome, Span } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { addId, correlationIds, keptAttributes, memoryMibOf, placementOf, type Placement, requestIdOf } from "./conventions.ts";

/** What every tracer says of a span. */
export interface TracedSpan {
  traceId: string | null;
  spanId: string;
  parentSpanId: string | null;
  name: string;
  kind: Span["kind"];
  startedAt: EpochMs;
  /** null: in progress. */
  endedAt: EpochMs | null;
  /** Status ERROR, or the tag `error`. */
  failed: boolean;
  links: Span["links"];
  /** Of the span itself. */
  attributes: JsonObject;
  /** Of its resource (process). */
  resource: JsonObject;
}

/** Gives the records of one span. */
export function giveSpan(traced: TracedSpan, source: Source, sink: Sink, keys: IdKeys): void {
  const all = { ...traced.resource, ...traced.attributes };
  const placement = placementOf(all);
  const span = spanOf(traced, all, placement, source, keys);
  sink.record(span);
  if (span.isInvocation && span.fn !== null && span.requestId !== null) sink.record(invocationOf(span, span.fn, span.requestId, all));
  const message = messageOf(span, all);
  if (message !== null) sink.record(message);
}

function spanOf(traced: TracedSpan, all: JsonObject, placement: Placement, source: Source, keys: IdKeys): Span {
  const { attributes } = traced;
  const status = numberAt(attributes, "http.response.status_code", "http.status_code");
  const callerFault = status !== null && status >= 400 && status < 500;
  const incoming = traced.kind === "server" || traced.kind === "consumer";
  const says = ["faas.invocation_id", "faas.execution", "faas.trigger", "faas.coldstart"].some((key) => key in attributes);
  const outgoing = traced.kind === "client" || traced.kind === "producer";
  const ids = correlationIds(all, keys);
  const messageId = textAt(attributes, "messaging.message.id", "messaging.message_id");
  if (messageId !== null) addId(ids, { kind: "message", value: messageId });
  const execution = textAt(attributes, "aws.step_functions.execution.arn", "aws.stepfunctions.execution_arn");
  if (execution !== null) addId(ids, { kind: "execution", value: execution });
  return {
    type: "span",
    cloud: placement.cloud,
    account: placement.account ?? source.account,
    region: placement.region ?? source.region,
    traceId: traced.traceId,
    spanId: traced.spanId,
    parentSpanId: traced.parentSpanId,
    name: traced.name,
    fn: placement.fn ?? source.fn,
    requestId: requestIdOf(attributes, outgoing),
    kind: traced.kind,
    isInvocation: incoming && says && placement.fn !== null,
    startedAt: traced.startedAt,
    endedAt: traced.endedAt,
    inProgress: traced.endedAt === null,
    error: callerFault,
    fault: (status !== null && status >= 500) || (traced.failed && !callerFault),
    throttle: status === 429,
    inferred: false,
    origin: textAt(attributes, "messaging.system", "db.system.name", "db.system", "rpc.system"),
    namespace: textAt(attributes, "rpc.system") === "aws-api" ? "aws" : outgoing ? "remote" : null,
    links: traced.links,
    attributes: keptAttributes(all),
    ids,
  };
}

const TRIGGERS: { readonly [system: string]: string } = {
  aws_sqs: "sqs",
  aws_sns: "sns",
  AmazonSQS: "sqs",
  gcp_pubsub: "pubsub",
  servicebus: "servicebus",
  eventhubs: "eventhubs",
  eventgrid: "eventgrid",
  kafka: "kafka",
};

function invocationOf(span: Span, fn: string, requestId: string, all: JsonObject): Invocation {
  const durationMs = span.endedAt === null || span.endedAt < span.startedAt ? null : span.endedAt - span.startedAt;
  const outcome: Outcome = span.endedAt === null ? "unknown" : span.throttle ? "throttled" : span.fault ? "error" : "ok";
  const system = textAt(all, "messaging.system");
  return {
    type: "invocation",
    cloud: span.cloud,
    account: span.account,
    region: span.region,
    fn,
    version: textAt(all, "faas.version"),
    requestId,
    startedAt: span.startedAt,
    endedAt: span.endedAt,
    durationMs,
    billedMs: null,
    memoryMib: memoryMibOf(all),
    maxMemoryMib: null,
    vcpu: null,
    initMs: null,
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: booleanAt(all, "faas.coldstart"),
    outcome,
    errorType: outcome === "error" ? textAt(all, "error.type", "exception.type") : null,
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    stream: textAt(all, "faas.instance", "aws.log.stream.names"),
    architecture: architectureOf(textAt(all, "host.arch")),
    plan: null,
    trigger: (system === null ? undefined : TRIGGERS[system]) ?? textAt(all, "faas.trigger"),
    weight: 1,
    emulator: false,
    seenIn: "span",
    ids: [...span.ids],
  };
}

function architectureOf(arch: string | null): Invocation["architecture"] {
  if (arch === "arm64" || arch === "aarch64") return "arm64";
  return arch === "amd64" || arch === "x86_64" ? "x86_64" : null;
}

/** The message that a producer or consumer span names; null: none, or several at once. */
function messageOf(span: Span, all: JsonObject): Message | null {
  const messageId = textAt(all, "messaging.message.id", "messaging.message_id");
  if (messageId === null) return null;
  const direction = directionOf(span.kind, textAt(all, "messaging.operation.type", "messaging.operation", "messaging.operation.name"));
  if (direction === null) return null;
  const destination = textAt(
    all,
    "messaging.destination.name",
    "messaging.destination",
    "aws.queue_url",
    "aws.sqs.queue.url",
    "aws.sns.topic.arn",
  );
  const link = span.links[0];
  const sender =
    direction === "published"
      ? { traceId: span.traceId, spanId: span.spanId }
      : (link ?? { traceId: span.traceId, spanId: span.parentSpanId });
  return {
    type: "message",
    cloud: span.cloud,
    account: span.account,
    region: span.region,
    direction,
    at: span.startedAt,
    channel: destination === null ? null : (destination.split(/[/:]/).filter(Boolean).at(-1) ?? null),
    channelKind: channelKindOf(
      textAt(all, "messaging.system") ?? "",
      textAt(all, "messaging.destination_kind", "messaging.destination.kind"),
    ),
    messageId,
    fn: span.fn,
    requestId: span.requestId,
    traceId: sender.traceId,
    parentSpanId: sender.spanId,
    sentAt: direction === "published" ? span.startedAt : null,
    attempt: numberAt(all, "messaging.gcp_pubsub.message.delivery_attempt", "messaging.servicebus.message.delivery_count"),
    sizeBytes: numberAt(all, "messaging.message.body.size", "messaging.message.payload_size_bytes", "messaging.message_payload_size_bytes"),
    payloadHash: null,
    eventName: null,
    deadLetter: false,
    replay: null,
    ids: span.ids.filter((id) => id.kind !== "message"),
  };
}

function directionOf(kind: Span["kind"], operation: string | null): Message["direction"] | null {
  if (kind === "producer" || operation === "publish" || operation === "send" || operation === "create") return "published";
  if (kind === "consumer" || operation === "receive" || operation === "process" || operation === "deliver") return "received";
  return null;
}

function channelKindOf(system: string, kind: string | null): ChannelKind {
  if (kind === "queue" || kind === "topic") return kind;
  if (/sqs|rabbitmq|servicebus/i.test(system)) return "queue";
  if (/kafka|kinesis|eventhubs/i.test(system)) return "stream";
  return /eventbridge|eventgrid/i.test(system) ? "bus" : "topic";
}
