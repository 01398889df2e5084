/** What a function's JSON log line says besides its text: level, request, trace, function and correlation IDs, found in one walk over its fields. */
import { type Id, isPlaceholderId, normaliseId, parentSpanIdOf, traceIdOf } from "../../model/ids.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { Json } from "../../model/records.ts";
import { isUuid, levelOf } from "./names.ts";
import type { Obj } from "./schema.ts";

/** Facts of one line. `ids` is shared and empty where there are none: never changed in place. */
export interface LineFacts {
  level: string | null;
  requestId: string | null;
  traceId: string | null;
  spanId: string | null;
  functionName: string | null;
  functionArn: string | null;
  ids: Id[];
  /** It holds objects, JSON text, a message ID or a sequence number: it may tell of messages. */
  nested: boolean;
}

/** The one empty ID list. */
export const NO_IDS: Id[] = [];

/** How many levels of nested objects are looked into. */
const DEPTH = 6;

/** IDs of one line or message beyond this, and text beyond this many characters, are not looked for: no chain is found by them. */
const MAX_IDS = 200;
const MAX_TEXT = 65_536;

type Role =
  | "level"
  | "request"
  | "trace"
  | "span"
  | "name"
  | "arn"
  | "execution"
  | "message"
  | "sequence"
  | "correlation"
  | "skip"
  | "dd-trace"
  | "value";

const ROLES: { readonly [squashed: string]: Role } = {
  level: "level",
  severity: "level",
  loglevel: "level",
  levelname: "level",
  functionrequestid: "request",
  awsrequestid: "request",
  lambdarequestid: "request",
  requestid: "request",
  xraytraceid: "trace",
  xamzntraceid: "trace",
  awstraceheader: "trace",
  traceparent: "trace",
  traceid: "trace",
  trace: "trace",
  ddtraceid: "dd-trace",
  xdatadogtraceid: "dd-trace",
  spanid: "span",
  functionname: "name",
  functionarn: "arn",
  invokedfunctionarn: "arn",
  executionarn: "execution",
  executionid: "execution",
  messageid: "message",
  sqsmessageid: "message",
  snsmessageid: "message",
  eventid: "message",
  sequencenumber: "sequence",
  timestamp: "skip",
  time: "skip",
  date: "skip",
  location: "skip",
  exception: "skip",
  stack: "skip",
  stacktrace: "skip",
  service: "skip",
  coldstart: "skip",
  receipthandle: "skip",
  signature: "skip",
};

/** `[dd.trace_id=3172564172058669914 dd.span_id=...]`: beyond 2^53, so it stays text. */
const DATADOG = /dd\.trace_id=(\d{12,20})\b/;
const EXECUTION = /arn:[\w-]+:states:[a-z0-9-]*:\d*:(?:execution|express):[\w.:-]+/;

/** Reads facts from parsed JSON lines; remembers what each field name means. */
export interface FactReader {
  ofJson(line: Obj): LineFacts;
  /** Correlation IDs in any value: an event's body, an attribute, a text. */
  idsIn(value: Json): Id[];
  /** Correlation IDs in free text. */
  idsInText(text: string): Id[];
}

/** A reader for these correlation keys. */
export function factReader(keys: IdKeys): FactReader {
  const roles = new Map<string, Role>();
  const traces = new Map<string, string | null>();

  function roleOf(name: string): Role {
    const known = roles.get(name);
    if (known !== undefined) return known;
    const role = keys.isCorrelationKey(name) ? "correlation" : (ROLES[name.toLowerCase().replace(/[-_. ]/g, "")] ?? "value");
    if (roles.size < 10_000) roles.set(name, role);
    return role;
  }

  function traceOf(text: string): string | null {
    let found = traces.get(text);
    if (found === undefined) {
      if (traces.size > 1_000) traces.clear();
      found = traceIdOf(text);
      traces.set(text, found);
    }
    return found;
  }

  function add(facts: LineFacts, kind: Id["kind"], raw: Json | undefined): void {
    if (typeof raw === "number") {
      if (!Number.isSafeInteger(raw)) return;
    } else if (typeof raw !== "string") {
      if (Array.isArray(raw)) for (const one of raw.slice(0, 20)) if (typeof one !== "object") add(facts, kind, one);
      return;
    }
    const value = normaliseId(String(raw));
    if (facts.ids.length >= MAX_IDS || isPlaceholderId(value) || facts.ids.some((id) => id.value === value)) return;
    if (facts.ids === NO_IDS) facts.ids = [{ kind, value }];
    else facts.ids.push({ kind, value });
  }

  function addText(facts: LineFacts, text: string): void {
    const equals = text.includes("=");
    if (text.length < 8 || !(equals || text.includes(":"))) return;
    if (equals && text.includes("dd.trace_id=")) add(facts, "trace", DATADOG.exec(text)?.[1]);
    if (text.includes(":states:")) add(facts, "execution", EXECUTION.exec(text)?.[0]);
    for (const id of keys.inText(text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text)) add(facts, id.kind, id.value);
  }

  function takeText(facts: LineFacts, text: string): void {
    if (text.charCodeAt(0) === 123) facts.nested = true; // {
    addText(facts, text);
  }

  function walk(facts: LineFacts, o: Obj, depth: number): void {
    for (const name in o) {
      const value = o[name];
      if (value === null || value === undefined || typeof value === "boolean") continue;
      const role = roleOf(name);
      if (typeof value === "object" && role !== "correlation") {
        facts.nested = true;
        // Lambda's JSON format puts what was logged under `message`: still the line's own fields
        if (role !== "skip" && depth < DEPTH) walkAny(facts, value, depth === 0 && name === "message" ? 0 : depth + 1);
        continue;
      }
      take(facts, role, value, depth);
    }
  }

  function walkAny(facts: LineFacts, value: Json, depth: number): void {
    if (typeof value === "string") return addText(facts, value);
    if (typeof value !== "object" || value === null) return;
    if (!Array.isArray(value)) return walk(facts, value, depth);
    for (const one of value.length > 100 ? value.slice(0, 100) : value) if (depth < DEPTH) walkAny(facts, one, depth + 1);
  }

  function take(facts: LineFacts, role: Role, value: Json, depth: number): void {
    if (role === "value") {
      if (typeof value === "string") takeText(facts, value);
    } else if (role === "correlation") add(facts, "correlation", value);
    else if (role === "level") {
      if (depth === 0 && facts.level === null && (typeof value === "string" || typeof value === "number")) facts.level = levelOf(value);
    } else if (typeof value !== "string" || value === "") return;
    else if (role === "request") {
      if (depth === 0 && facts.requestId === null && isUuid(value)) facts.requestId = value.toLowerCase();
    } else if (role === "trace") {
      if (depth > 0) return;
      facts.traceId ??= traceOf(value);
      if (value.length > 36) facts.spanId ??= parentSpanIdOf(value);
    } else if (role === "dd-trace") {
      // 64-bit decimals; short ones are made up
      if (/^\d{12,20}$/.test(value)) add(facts, "trace", value);
    } else if (role === "span") {
      if (depth === 0 && /^[0-9a-f]{16}$/.test(value)) facts.spanId ??= value;
    } else if (role === "name") {
      if (depth === 0) facts.functionName ??= value;
    } else if (role === "arn") {
      if (depth === 0 && value.startsWith("arn:")) facts.functionArn ??= value;
    } else if (role === "execution") {
      if (!value.includes(":execution:") && !value.includes(":express:")) return;
      facts.nested = true;
      add(facts, "execution", value);
    } else if (role === "message") {
      facts.nested = true;
      add(facts, "message", value);
    } else if (role === "sequence") facts.nested = true;
  }

  function blank(): LineFacts {
    return { level: null, requestId: null, traceId: null, spanId: null, functionName: null, functionArn: null, ids: NO_IDS, nested: false };
  }

  return {
    ofJson(line) {
      const facts = blank();
      walk(facts, line, 0);
      return facts;
    },
    idsIn(value) {
      const facts = blank();
      walkAny(facts, value, 1);
      return facts.ids;
    },
    idsInText(text) {
      const facts = blank();
      addText(facts, text);
      return facts.ids;
    },
  };
}
