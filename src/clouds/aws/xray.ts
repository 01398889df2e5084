/**
 * X-Ray traces: BatchGetTraces and ListRetrievedTraces responses, single traces, maps of traces by ID, and bare segment documents.
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
 */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { Json, Span } from "../../model/records.ts";
import { factReader } from "./line-facts.ts";
import { recorded } from "./recorded.ts";
import { list, obj, type Obj, parsed, text } from "./schema.ts";
import { type Nodes, segmentReader } from "./xray-segment.ts";

export const xray: Format = {
  id: "aws.xray",
  title: "X-Ray traces",
  kind: "json",
  lookedFor: "an object with `Traces`, `Segments` with `Document`, or a segment document with `trace_id`, `id` and `name`",
  recognise(document) {
    const found = recorded(document);
    const o = obj(Array.isArray(found) ? (found[0] ?? null) : found);
    if (o === null) return 0;
    if (isTraces(o) || isTrace(o)) return 95;
    if (isSegment(o)) return 90;
    if (Array.isArray(o["TraceSummaries"])) return 60;
    const first = obj(Object.values(o)[0]);
    return first !== null && isTrace(first) ? 90 : 0;
  },
  open: openTraces,
};

function isTraces(o: Obj): boolean {
  const traces = list(o["Traces"]);
  return Array.isArray(o["Traces"]) && (traces.length === 0 || obj(traces[0])?.["Id"] !== undefined);
}

function isTrace(o: Obj): boolean {
  return (Array.isArray(o["Segments"]) || Array.isArray(o["Spans"])) && typeof o["Id"] === "string";
}

function isSegment(o: Obj): boolean {
  return (
    typeof o["trace_id"] === "string" && typeof o["id"] === "string" && typeof o["name"] === "string" && o["trace_id"].startsWith("1-")
  );
}

/** Spans of functions whose request ID may stand in a segment that comes later; more than this are given out without it. */
const HELD = 20_000;

function openTraces(source: Source, sink: Sink, keys: IdKeys): Reader {
  const facts = factReader(keys);
  const segments = segmentReader(source, facts);
  let held: Span[] = [];
  let requests: Nodes = new Map();

  /** Bare segments of one trace may lie anywhere in the file: they are put together at its end. */
  function release(): void {
    for (const span of held) sink.record(segments.withRequest(span, requests));
    held = [];
    requests = new Map();
  }

  function readSegment(document: Json | undefined, at: Position, nodes: Nodes, spans: Span[], into = segments): void {
    const segment = obj(parsed(document));
    if (segment === null) return sink.broken("a segment whose Document is not JSON", at);
    const reason = into.read(segment, nodes, spans);
    if (reason !== null) sink.broken(reason, at);
  }

  function readTrace(trace: Obj, at: Position): void {
    const nodes: Nodes = new Map();
    const spans: Span[] = [];
    // numbered afresh, so that a trace read twice gives the same records
    const own = segmentReader(source, facts);
    for (const one of [...list(trace["Segments"]), ...list(trace["Spans"])]) readSegment(obj(one)?.["Document"], at, nodes, spans, own);
    for (const span of spans) sink.record(segments.withRequest(span, nodes));
    if (trace["LimitExceeded"] === true)
      gap(`trace ${text(trace["Id"]) ?? ""}`, "X-Ray keeps no more than its limit of segments per trace (LimitExceeded)");
  }

  function gap(what: string, why: string): void {
    sink.record({ type: "gap", cloud: "aws", account: source.account, region: source.region, what, why, from: null, to: null });
  }

  function read(document: Json, at: Position): void {
    const o = obj(document);
    if (o === null) {
      if (!Array.isArray(document)) return sink.broken("not an X-Ray trace", at);
      for (const one of document) read(one, at);
    } else if (isTraces(o)) {
      if (list(o["Traces"]).length === 0) sink.ignored("an X-Ray answer without traces");
      for (const one of list(o["Traces"])) {
        const trace = obj(one);
        if (trace === null) sink.broken("a trace that is not an object", at);
        else readTrace(trace, at);
      }
      for (const id of list(o["UnprocessedTraceIds"]))
        gap(`trace ${text(id) ?? ""}`, "BatchGetTraces did not return it (UnprocessedTraceIds)");
    } else if (isTrace(o)) readTrace(o, at);
    else if (isSegment(o)) {
      readSegment(o, at, requests, held);
      if (held.length > HELD) release();
    } else if ("TraceSummaries" in o) sink.ignored("X-Ray trace summaries hold no segments: export them with BatchGetTraces");
    else readMap(o, at);
  }

  function readMap(o: Obj, at: Position): void {
    for (const value of Object.values(o)) {
      const trace = obj(value);
      if (trace !== null && isTrace(trace)) readTrace(trace, at);
      else sink.broken("not an X-Ray trace", at);
    }
  }

  return {
    read(document, at) {
      read(recorded(document), at);
    },
    end() {
      release();
    },
  };
}
