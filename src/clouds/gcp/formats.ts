/** The exported shapes of Google Cloud, recognised by content. */
import { attempt } from "../../model/attempt.ts";
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import { isCloudEvent } from "../../model/cloud-event.ts";
import { arrayAt, isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Json, Message } from "../../model/records.ts";
import { configsOf, descriptionsIn } from "./configs/read.ts";
import { eventFactsOf, type EventFacts, eventShapeOf } from "./messages/events.ts";
import { logEntryReader } from "./normalise.ts";
import { refusalOf } from "./responses.ts";
import { decodeBase64, isLogEntry, tryParse, unwrapResponse } from "./schema.ts";
import { isMetricsCsvHeader, metricsCsvReader } from "./telemetry/metrics-csv.ts";
import { isTimeSeries, readTimeSeries } from "./telemetry/metrics.ts";
import { isTrace, isTraceSpan, readTrace, readTraceSpan } from "./telemetry/traces.ts";

/** Values of a list that are looked at to recognise a document. */
const LOOKED_AT = 5;

/** A reader of documents without their recording wrapper; what goes wrong in one is reported with its place. */
function guarded(sink: Sink, read: (document: Json, at: Position) => void, end: () => void = () => {}): Reader {
  return { read: (document, at) => attempt(sink, at, () => read(unwrapResponse(document), at)), end };
}

interface Entries {
  values: Json[];
  /** Log name, resource and labels of an `entries.write` request. */
  defaults: JsonObject | null;
}

/** The log entries of a document: one, an array, `{"entries": …}`, write requests, or pushed or pulled through Pub/Sub. */
function entriesIn(document: Json): Entries[] {
  if (Array.isArray(document)) {
    const pushed = document.filter(isObject).filter((value) => pushedEntry(value) !== null);
    return pushed.length > 0 ? pushed.flatMap(entriesIn) : [{ values: document, defaults: null }];
  }
  if (!isObject(document)) return [];
  const requests = arrayAt(document, "writeLogEntriesRequests");
  if (requests !== null) return requests.flatMap(entriesIn);
  const entries = arrayAt(document, "entries");
  if (entries !== null) return [{ values: entries, defaults: document }];
  const received = arrayAt(document, "receivedMessages", "received_messages");
  if (received !== null) return received.flatMap(entriesIn);
  const pushed = pushedEntry(document);
  return [{ values: [pushed ?? document], defaults: null }];
}

/** A LogEntry inside the base64 data of a Pub/Sub message (a log sink to a topic); null: something else. */
function pushedEntry(value: JsonObject): Json | null {
  const message = objectAt(value, "message");
  const data = message === null ? null : textAt(message, "data");
  if (data === null) return null;
  const decoded = tryParse(decodeBase64(data).text);
  return isLogEntry(decoded) ? decoded : null;
}

export const logEntries: Format = {
  id: "gcp.log-entry",
  title: "Cloud Logging entries",
  kind: "json",
  lookedFor: "logName with resource, insertId or a payload, alone, in an array, under `entries`, or base64 in a Pub/Sub message",
  recognise(document) {
    const body = unwrapResponse(document);
    for (const { values, defaults } of entriesIn(Array.isArray(body) ? body.slice(0, LOOKED_AT) : body)) {
      if (values.slice(0, LOOKED_AT).some((value) => isLogEntry(value, defaults))) return 95;
    }
    return 0;
  },
  open(source, sink, keys) {
    const reader = logEntryReader(source, sink, keys);
    return guarded(
      sink,
      (document, at) => {
        for (const { values, defaults } of entriesIn(document)) {
          if (values.length === 0) sink.ignored("no log entries in the answer");
          for (const value of values) {
            if (isLogEntry(value, defaults)) attempt(sink, at, () => reader.entry(value, at, defaults));
            else sink.broken("not a log entry", at);
          }
        }
      },
      () => reader.end(),
    );
  },
};

function seriesIn(document: Json): Json[] {
  if (Array.isArray(document)) return document;
  if (!isObject(document)) return [];
  return arrayAt(document, "timeSeries", "time_series") ?? [document];
}

export const timeSeries: Format = {
  id: "gcp.time-series",
  title: "Cloud Monitoring time series",
  kind: "json",
  lookedFor: "timeSeries or time_series with metric.type and points",
  recognise(document) {
    const body = unwrapResponse(document);
    if (seriesIn(body).slice(0, LOOKED_AT).some(isTimeSeries)) return 95;
    return isObject(body) && (Array.isArray(body["timeSeries"]) || isUnitOnly(body)) ? 60 : 0;
  },
  open(source, sink) {
    return guarded(sink, (document, at) => {
      const unit = isObject(document) ? textAt(document, "unit") : null;
      const aligner = isObject(document) ? textAt(objectAt(document, "aggregation") ?? {}, "perSeriesAligner") : null;
      const series = isObject(document) && isUnitOnly(document) ? [] : seriesIn(document);
      if (series.length === 0) sink.ignored("no time series in the answer");
      for (const one of series) {
        if (isTimeSeries(one))
          attempt(sink, at, () => readTimeSeries(one, unit, aligner, source, sink, (reason) => sink.broken(reason, at)));
        else sink.broken("time series without metric.type or points", at);
      }
    });
  },
};

/** An answer without series keeps the unit alone. */
function isUnitOnly(body: JsonObject): boolean {
  return Object.keys(body).length === 1 && typeof body["unit"] === "string";
}

const metricsCsv: Format = {
  id: "gcp.metrics-explorer-csv",
  title: "Metrics Explorer CSV",
  kind: "text",
  lookedFor: "a first line `TimeSeries ID,…`",
  recognise: (document) => (typeof document === "string" && isMetricsCsvHeader(document) ? 90 : 0),
  open: (source, sink) => metricsCsvReader(source, sink),
};

function tracesIn(document: Json): Json[] {
  if (Array.isArray(document)) return document;
  if (!isObject(document)) return [];
  const requests = arrayAt(document, "batchWriteSpansRequest", "batchWriteSpansRequests");
  if (requests !== null) return requests.flatMap((request) => (isObject(request) ? (arrayAt(request, "spans") ?? []) : []));
  const spans = arrayAt(document, "spans");
  if (spans !== null && spans.some(isTraceSpan)) return spans;
  return arrayAt(document, "traces") ?? [document];
}

export const traces: Format = {
  id: "gcp.trace",
  title: "Cloud Trace",
  kind: "json",
  lookedFor: "traces with projectId, traceId and spans (v1), or spans named projects/P/traces/T/spans/S (v2)",
  recognise(document) {
    const found = tracesIn(unwrapResponse(document)).slice(0, LOOKED_AT);
    return found.some((value) => isTrace(value) || isTraceSpan(value)) ? 92 : 0;
  },
  open(source, sink, keys) {
    return guarded(sink, (document, at) => {
      const broken = (reason: string): void => sink.broken(reason, at);
      for (const value of tracesIn(document)) {
        if (isTraceSpan(value)) attempt(sink, at, () => readTraceSpan(value, source, sink, keys, broken));
        else if (isTrace(value)) attempt(sink, at, () => readTrace(value, source, sink, keys, broken));
        else broken("not a trace");
      }
    });
  },
};

const configs: Format = {
  id: "gcp.config",
  title: "Descriptions of functions, services, topics, subscriptions, triggers, schedules, sinks and buckets",
  kind: "json",
  lookedFor: "resource names projects/P/… with the fields of that resource, alone or in a list answer",
  recognise(document) {
    const found = descriptionsIn(unwrapResponse(document)).slice(0, LOOKED_AT);
    return found.some((item) => configsOf(item) !== null) ? 85 : 0;
  },
  open(_source, sink) {
    return guarded(sink, (document, at) => {
      for (const item of descriptionsIn(document)) {
        attempt(sink, at, () => {
          const found = configsOf(item);
          if (found === null) sink.ignored("a resource that evscope does not read");
          for (const config of found ?? []) sink.record(config);
        });
      }
    });
  },
};

/** Events of Google's services; other CloudEvents belong to the neutral format. */
function isGoogleEvent(value: Json): boolean {
  if (isCloudEvent(value)) {
    return (
      (textAt(value, "type", "ce-type") ?? "").startsWith("google.") ||
      /^\/\/[\w.]+\.googleapis\.com\//.test(textAt(value, "source", "ce-source") ?? "")
    );
  }
  return eventShapeOf(value) !== null;
}

function eventsIn(document: Json): Json[] {
  if (Array.isArray(document)) return document;
  const received = isObject(document) ? arrayAt(document, "receivedMessages", "received_messages") : null;
  return received ?? [document];
}

const events: Format = {
  id: "gcp.event",
  title: "Events: Pub/Sub push bodies, CloudEvents of Google's services, 1st gen function events",
  kind: "json",
  lookedFor: "message.messageId with data or attributes; specversion with a google. type; eventId with eventType and resource",
  recognise(document) {
    return eventsIn(unwrapResponse(document)).slice(0, LOOKED_AT).some(isGoogleEvent) ? 80 : 0;
  },
  open(source, sink, keys) {
    return guarded(sink, (document, at) => {
      for (const value of eventsIn(document)) {
        attempt(sink, at, () => {
          const facts = eventFactsOf(value, keys);
          if (facts === null) sink.broken("not an event", at);
          else if (facts.sentAt === null) sink.ignored("event without a time");
          else sink.record(receivedMessage(facts, facts.sentAt, source));
        });
      }
    });
  },
};

/** A bare event says when it was sent, not when or by whom it was taken. */
function receivedMessage(facts: EventFacts, at: number, source: Source): Message {
  const account = facts.account ?? source.account;
  return {
    ...facts,
    type: "message",
    cloud: "gcp",
    account,
    region: facts.region ?? source.region,
    direction: "received",
    at,
    fn: source.fn,
    requestId: null,
  };
}

const otherResponses: Format = {
  id: "gcp.api-response",
  title: "Other answers of Google's APIs",
  kind: "json",
  lookedFor: "errors, operations, IAM policies and other answers, which are refused with their name",
  recognise(document) {
    const body = unwrapResponse(document);
    const wrapped = body !== document;
    return refusalOf(body, wrapped) === null ? 0 : wrapped ? 20 : 15;
  },
  open(_source, sink) {
    return {
      read(document) {
        const body = unwrapResponse(document);
        sink.ignored(refusalOf(body, body !== document) ?? "another kind of answer");
      },
      end() {},
    };
  },
};

/** Every format of this room. */
export const formats: readonly Format[] = [logEntries, timeSeries, metricsCsv, traces, configs, events, otherResponses];
