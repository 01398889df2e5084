/** `dependencies` / AppDependencies: calls that a run made. */
import type { Position } from "../../model/formats.ts";
import { numberOf } from "../../model/json.ts";
import type { Json, Span } from "../../model/records.ts";
import { logged } from "./bare-records.ts";
import { type Context, addId, factsOf, functionOf, parentOf, seenFunction, spanIdOf, withText } from "./context.ts";
import { cutGap, linksOf } from "./links.ts";
import { entityOf } from "./requests.ts";
import type { Row } from "./schema.ts";
import { boolOf, durationOf, textOf } from "./values.ts";

const MESSAGING = /service ?bus|event ?hub|queue|event ?grid|kafka|rabbit/i;
const SENDS = /\bsend|publish|enqueue|addmessage|^message$|\bcreate\b|ServiceBusSender|EventHubProducer/i;
const RECEIVES = /receive|complete|settle|peek|abandon|process|ServiceBusReceiver|EventHubConsumer|deletemessage|dequeue/i;

/** What a call of this type and name is; the types are those that the Azure Monitor exporters and SDKs write. */
export function kindOf(type: string | null, name: string | null): Span["kind"] {
  if (type === null) return "client";
  if (/^queue message/i.test(type)) return RECEIVES.test(name ?? "") ? "consumer" : "producer";
  if (MESSAGING.test(type) && !/^inproc/i.test(type)) return SENDS.test(name ?? "") && !RECEIVES.test(name ?? "") ? "producer" : "client";
  return /^inproc/i.test(type) ? "internal" : "client";
}

/** Reads one dependency row: a span, and the message that a `Queue Message` span stands for. */
export function readDependency(row: Row, context: Context, at: Position): void {
  const facts = factsOf(row, "dependencies", context, at);
  if (facts === null) return;
  const { fields } = row;
  const id = textOf(fields.id);
  if (id === null) {
    context.sink.broken("dependencies: a row without id", at);
    return;
  }
  const said = textOf(fields.type);
  const type = textOf(fields.dependencyType) ?? (said !== null && /^(?:App)?Dependenc(?:y|ies)$/i.test(said) ? null : said);
  const name = textOf(fields.name);
  const target = textOf(fields.target);
  const fn = functionOf(row, facts) ?? context.source.fn;
  if (fn !== null) seenFunction(context, facts, fn);
  const durationMs = durationOf(fields.duration);
  const code = numberOf(fields.resultCode);
  const failed = boolOf(fields.success) === false || (code !== null && code >= 500 && code < 600);
  const callerFault = code !== null && code >= 400 && code < 500;
  const spanId = spanIdOf(id);
  const kind = kindOf(type, name);
  const ids = withText(facts, `${name ?? ""} ${textOf(fields.data) ?? ""}`, context.keys);
  const messageId =
    ["messaging.message.id", "messaging.message_id", "MessageId"]
      .map((key) => textOf(facts.bag[key]))
      .find((written) => written !== null) ?? null;
  if (messageId !== null) addId(ids, "message", messageId);
  const attributes: { [key: string]: Json } = {};
  if (facts.app !== null) attributes["azure.app"] = facts.app;
  if (target !== null) attributes["peer.name"] = target.replace(/[?#].*$/s, "");
  if (code !== null && code >= 100 && code < 600) attributes["http.status"] = code;
  const links = linksOf(row, facts);
  const cut = cutGap(links, facts, name ?? type ?? "a call");
  if (cut !== null) context.sink.record(cut);
  context.sink.record({
    type: "span",
    ...facts.scope,
    traceId: facts.traceId,
    spanId,
    parentSpanId: parentOf(facts),
    name: name ?? type ?? "dependency",
    fn,
    requestId: facts.invocationId,
    kind,
    isInvocation: false,
    startedAt: facts.at,
    endedAt: durationMs === null ? null : facts.at + durationMs,
    inProgress: false,
    error: callerFault,
    fault: failed && !callerFault,
    throttle: code === 429,
    inferred: kind !== "internal",
    origin: type,
    namespace: null,
    links: links.links,
    attributes,
    ids,
  });
  context.sink.record(
    logged(row, facts, {
      fn: fn ?? facts.app,
      kind: "platform",
      level: failed ? "ERROR" : "INFO",
      requestId: facts.invocationId,
      spanId,
      message: [type, name, target?.replace(/[?#].*$/s, ""), textOf(fields.resultCode), durationMs === null ? null : `${durationMs} ms`]
        .filter((x) => x !== null && x !== undefined)
        .join(" "),
      ids: [],
    }),
  );
  const sends =
    kind === "producer" && (messageId !== null || (/^queue message/i.test(type ?? "") && /^message$|send|publish/i.test(name ?? "")));
  if (!sends) return;
  const entity = entityOf(target) ?? (target === null ? null : { channel: target.split(/[/|]/).at(-1)!.trim(), kind: "queue" as const });
  context.sink.record({
    type: "message",
    ...facts.scope,
    direction: "published",
    at: facts.at,
    channel: entity?.channel ?? null,
    channelKind: /event ?hub|kafka/i.test(type ?? "") ? "stream" : /event ?grid/i.test(type ?? "") ? "bus" : (entity?.kind ?? "queue"),
    messageId,
    fn,
    requestId: facts.invocationId,
    traceId: facts.traceId,
    parentSpanId: spanId,
    sentAt: null,
    attempt: null,
    sizeBytes: null,
    payloadHash: null,
    eventName: null,
    deadLetter: false,
    replay: null,
    ids,
  });
}
