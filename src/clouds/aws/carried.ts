/** A message found in an event or an SDK answer, before it is known who logged it. */
import { type Id, normaliseId } from "../../model/ids.ts";
import { payloadHash } from "../../model/payload-hash.ts";
import type { ChannelKind, Json, Message } from "../../model/records.ts";
import type { FactReader } from "./line-facts.ts";
import { arnOf, resourceName } from "./names.ts";
import { type TraceContext, NO_TRACE } from "./trace-carriers.ts";

export interface Carried {
  direction: Message["direction"];
  channelKind: ChannelKind;
  /** ARN, URL or name of the channel; null: not said. */
  channel: string | null;
  messageId: string | null;
  sentAt: number | null;
  attempt: number | null;
  /** The body; null: not in the telemetry. */
  payload: Json;
  sizeBytes: number | null;
  eventName: string | null;
  deadLetter: boolean;
  replay: string | null;
  trace: TraceContext;
  /** IDs that are known for what they are: of the message inside the message, of an execution, of an object. */
  ids: Id[];
  /** Where correlation IDs are looked for besides the payload: attributes, headers. */
  alsoIn: Json[];
  account: string | null;
  region: string | null;
  /** What an invocation started by it is said to be triggered by; null: it starts none. */
  trigger: string | null;
}

/** A message with these fields; everything else is null. */
export function carried(fields: Pick<Carried, "direction" | "channelKind"> & Partial<Carried>): Carried {
  const arn = arnOf(fields.channel);
  return {
    channel: null,
    messageId: null,
    sentAt: null,
    attempt: null,
    payload: null,
    sizeBytes: null,
    eventName: null,
    deadLetter: false,
    replay: null,
    trace: NO_TRACE,
    ids: [],
    alsoIn: [],
    account: arn?.account ?? null,
    region: arn?.region ?? null,
    trigger: null,
    ...fields,
  };
}

/** Who logged the message, and when. */
export interface Logger {
  at: number;
  fn: string | null;
  requestId: string | null;
  account: string | null;
  region: string | null;
}

const DEAD_LETTER = /(?:^|[-_.])(?:dlq|dead-?letters?|dead-?letter-?queue)(?:$|[-_.])|DeadLetter|(?<![A-Za-z])DLQ/i;

/** The record of a message that this function logged. Correlation IDs come from the message itself only. */
export function messageOf(one: Carried, by: Logger, facts: FactReader): Message {
  const channel = resourceName(one.channel);
  const ids = [...one.ids];
  // log lines name the trace in decimal: beside the trace's own ID it correlates them; short ones are made up
  const { datadogId } = one.trace;
  if (datadogId !== undefined && datadogId.length >= 12) ids.push({ kind: "correlation", value: datadogId });
  for (const id of facts.idsIn([one.payload, ...one.alsoIn])) if (!ids.some((known) => known.value === id.value)) ids.push(id);
  return {
    type: "message",
    cloud: "aws",
    account: one.account ?? by.account,
    region: one.region ?? by.region,
    direction: one.direction,
    at: by.at,
    channel,
    channelKind: one.channelKind,
    messageId: one.messageId === null ? null : idOf(one.messageId),
    fn: by.fn,
    requestId: by.requestId,
    traceId: one.trace.traceId,
    parentSpanId: one.trace.parentSpanId,
    sentAt: one.sentAt,
    attempt: one.attempt,
    sizeBytes: one.sizeBytes,
    payloadHash: isTelling(one.payload) ? payloadHash(one.payload) : null,
    eventName: one.eventName,
    deadLetter: one.deadLetter || (one.channelKind === "queue" && channel !== null && DEAD_LETTER.test(channel)),
    replay: one.replay,
    ids,
  };
}

/** True for a payload that is not much the same in every message: not empty, not a short word. */
function isTelling(payload: Json): boolean {
  if (typeof payload === "string") return payload.length >= 16;
  return typeof payload === "object" && payload !== null && Object.keys(payload).length > 0;
}

/** Transport IDs keep their form, but for UUIDs, which are lower case. */
function idOf(text: string): string {
  return text.length === 36 ? normaliseId(text) : text;
}

/** Bytes of a body as SQS, SNS and EventBridge count them; null: no body. */
export function bytesOf(body: Json | undefined): number | null {
  if (body === undefined || body === null) return null;
  return Buffer.byteLength(typeof body === "string" ? body : JSON.stringify(body));
}

/** `bucket/key@version-or-sequencer`, the one form for both sides; `@` inside the key is escaped, since it cuts the version off. */
export function objectId(bucket: string, key: string, version: string | null): string {
  const path = `${bucket}/${key}`.replaceAll("@", "%40");
  return version === null ? path : `${path}@${version}`;
}

/** `table/key=value,...@sequence` with keys in alphabetical order. Values plain or typed (`{"S": "a"}`). null: no keys. */
export function itemId(table: string, keys: { [name: string]: Json } | null, sequence: string | null): string | null {
  const names = Object.keys(keys ?? {}).sort();
  if (names.length === 0) return null;
  const path = `${table}/${names.map((name) => `${name}=${plainValue(keys![name]!)}`).join(",")}`.replaceAll("@", "%40");
  return sequence === null ? path : `${path}@${sequence}`;
}

function plainValue(value: Json): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const typed = value["S"] ?? value["N"] ?? value["B"];
    if (typed !== undefined) return String(typed);
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
