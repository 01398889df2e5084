/** What every kind of row shares: where it belongs, its operation, its function, its identifiers. */
import type { Position, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { type Id, isPlaceholderId, normaliseId, traceIdOf } from "../../model/ids.ts";
import { type JsonObject } from "../../model/json.ts";
import type { Config, Json, Scope } from "../../model/records.ts";
import type { Invocations } from "./invocations.ts";
import type { Receipts } from "./receipts.ts";
import type { Row } from "./schema.ts";
import { bagOf, functionName, regionOf, resourceIdOf, textOf, timeOf, weightOf } from "./values.ts";

/** What the readers of one source share. */
export interface Context {
  source: Source;
  sink: Sink;
  keys: IdKeys;
  runs: Invocations;
  receipts: Receipts;
  /** Which app each function was seen in; key: app and function. */
  functions: Map<string, Config>;
}

/** The fields that mean the same in every table. */
export interface Facts {
  scope: Scope;
  at: number;
  /** Operation: W3C form where it is a trace ID, else as written (legacy SDKs). */
  traceId: string | null;
  /** As written; `parentOf` sorts out root parents. */
  parentId: string | null;
  bag: JsonObject;
  /** Name of the app (cloud role). */
  app: string | null;
  /** Environment that ran it. */
  stream: string | null;
  host: string | null;
  invocationId: string | null;
  weight: number;
  /** Correlation IDs of properties and of a query's own columns; those of a message come on top. */
  ids: Id[];
}

/** Reads the shared fields; null (and said) where the row has no readable time. */
export function factsOf(row: Row, table: string, context: Context, at: Position): Facts | null {
  const { fields, extra } = row;
  const time = timeOf(fields.time);
  if (time === null) {
    const written = textOf(fields.time);
    context.sink.broken(written === null ? `${table}: a row without a time` : `${table}: unreadable time "${written.slice(0, 40)}"`, at);
    return null;
  }
  const bag = bagOf(fields.properties) ?? {};
  const resource = resourceIdOf(fields.resourceId);
  const operation = textOf(fields.operationId);
  const ids = context.keys.inText(typeof fields.properties === "string" ? fields.properties : JSON.stringify(bag));
  for (const [column, value] of Object.entries(extra)) {
    const text = textOf(value);
    if (text !== null && context.keys.isCorrelationKey(column)) addId(ids, "correlation", text);
  }
  return {
    scope: {
      cloud: "azure",
      account: resource?.subscription ?? context.source.account,
      region: regionOf(fields.region) ?? context.source.region,
    },
    at: time,
    traceId: operation === null ? traceOf(bag, fields.activityId) : operationTrace(operation),
    parentId: textOf(fields.parentId),
    bag,
    app: textOf(fields.role) ?? (resource?.type === "microsoft.web/sites" ? resource.name : null),
    stream: textOf(fields.instance),
    host: textOf(fields.hostInstanceId) ?? textOf(bag["HostInstanceId"]),
    invocationId: (textOf(fields.invocationId) ?? textOf(bag["InvocationId"]) ?? textOf(bag["faas.invocation_id"]))?.toLowerCase() ?? null,
    weight: weightOf(fields.itemCount),
    ids,
  };
}

function traceOf(bag: JsonObject, activity: Json | undefined): string | null {
  for (const carrier of [bag["traceparent"], bag["Diagnostic-Id"], activity]) {
    const text = textOf(carrier);
    const trace = text === null ? null : traceIdOf(text);
    if (trace !== null) return trace;
  }
  return null;
}

/** Normal form of an operation ID. */
export function operationTrace(operation: string): string {
  return traceIdOf(operation) ?? operation;
}

/**
 * Normal form of a span ID: 16 hex digits in lower case. SDKs that know W3C but not its form in telemetry write `|trace.span.`, which is the
 * same span (`W3CUtilities.FormatTelemetryId` of https://github.com/microsoft/ApplicationInsights-dotnet); other hierarchical IDs as written.
 */
export function spanIdOf(id: string): string {
  const span = /^\|[0-9a-f]{32}\.([0-9a-f]{16})\.$/i.exec(id)?.[1] ?? id;
  return /^[0-9a-f]{16}$/i.test(span) ? span.toLowerCase() : id;
}

/** The operation that a hierarchical ID (`|root.1901.`) belongs to; null: an ID of another form. */
function rootOf(id: string): string | null {
  const root = /^\|([^.|]+)\./.exec(id)?.[1];
  return root === undefined ? null : operationTrace(root);
}

/**
 * The span that caused this one. A root repeats its operation as its parent, which is no span: null. (`|operation.` may be one:
 * `legacyRoots` decides.) So does a caller of another operation: that one is linked (`linksOf`).
 */
export function parentOf(facts: Pick<Facts, "traceId" | "parentId">): string | null {
  const parent = facts.parentId;
  if (parent === null || (operationTrace(parent) === facts.traceId && !parent.startsWith("|"))) return null;
  return legacyCaller(facts) === null ? spanIdOf(parent) : null;
}

/**
 * The caller's span where it is of another operation: a W3C SDK that is called with a hierarchical ID whose root is no W3C trace begins a
 * trace of its own, and keeps the ID as its parent. null: the caller is of the same operation, or there is none.
 * https://learn.microsoft.com/azure/azure-monitor/app/distributed-trace-data (`ai_legacyRootId`)
 */
export function legacyCaller(facts: Pick<Facts, "traceId" | "parentId">): { traceId: string; spanId: string } | null {
  const traceId = facts.parentId === null ? null : rootOf(facts.parentId);
  return traceId === null || facts.traceId === null || traceId === facts.traceId ? null : { traceId, spanId: spanIdOf(facts.parentId!) };
}

/** Adds an identifier once, in normal form; placeholders are left out. */
export function addId(ids: Id[], kind: Id["kind"], text: string): void {
  const value = normaliseId(text);
  if (!isPlaceholderId(value) && !ids.some((id) => id.kind === kind && id.value === value)) ids.push({ kind, value });
}

/** IDs of the row and of a text, each once. */
export function withText(facts: Facts, text: string, keys: IdKeys): Id[] {
  const ids = [...facts.ids];
  for (const id of keys.inText(text)) if (!ids.some((i) => i.kind === id.kind && i.value === id.value)) ids.push(id);
  return ids;
}

/** A request or operation name of a web app: `GET /api/orders`. */
export function isWebName(name: string): boolean {
  return /^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|TRACE|CONNECT)\s/i.test(name);
}

/** The function that a row belongs to, from the host's properties, else from the operation's name. null: not said. */
export function functionOf(row: Row, facts: Facts): string | null {
  const { bag } = facts;
  const category = textOf(row.fields.category) ?? textOf(bag["Category"]);
  const said =
    textOf(bag["FullName"]) ??
    textOf(bag["faas.name"]) ??
    textOf(row.fields.functionName) ??
    textOf(bag["prop__functionName"]) ??
    (category !== null && /^Function\.[^.]+(?:\.User)?$/.test(category) ? category : null) ??
    textOf(row.fields.operationName);
  return said === null || isWebName(said) ? null : functionName(said.split("/").at(-1)!);
}

/** Remembers in which app a function runs, so that the app's plan can be found for it. */
export function seenFunction(context: Context, facts: Facts, fn: string): void {
  const { app, scope } = facts;
  if (app === null || context.functions.size >= 10_000) return;
  const key = `${scope.account}/${app}/${fn}`;
  if (context.functions.has(key)) return;
  context.functions.set(key, {
    type: "config",
    ...scope,
    // the same function is seen with and without its region; its app knows it
    region: null,
    kind: "function",
    resource: `${scope.account === null ? "" : `/subscriptions/${scope.account}`}/providers/Microsoft.Web/sites/${app.toLowerCase()}/functions/${fn}`,
    name: fn,
    revision: null,
    observedAt: null,
    from: null,
    to: null,
    settings: { app: app.toLowerCase(), derivedFrom: "telemetry" },
  });
}
