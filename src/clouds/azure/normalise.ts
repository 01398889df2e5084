/** Rows of telemetry to records. Pure: what a row becomes depends on the rows of its source alone. */
import { numberOf } from "../../model/json.ts";
import type { Position, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { Context } from "./context.ts";
import { readDependency } from "./dependencies.ts";
import { invocations } from "./invocations.ts";
import { legacyRoots } from "./legacy-roots.ts";
import { readMetric } from "./metric-rows.ts";
import { receipts } from "./receipts.ts";
import { readRequest } from "./requests.ts";
import type { Row } from "./schema.ts";
import { unlessTooDeep } from "./too-deep.ts";
import { readEvent, readException, readTrace } from "./traces.ts";
import { textOf } from "./values.ts";

export type Table = "requests" | "dependencies" | "traces" | "functionlogs" | "exceptions" | "events" | "metrics" | "counters";

/** Tables by the names that the two dialects, `itemType` and the events API give them (lower case). */
const TABLES: { readonly [name: string]: Table } = {
  requests: "requests",
  request: "requests",
  apprequests: "requests",
  dependencies: "dependencies",
  dependency: "dependencies",
  appdependencies: "dependencies",
  traces: "traces",
  trace: "traces",
  apptraces: "traces",
  functionapplogs: "functionlogs",
  exceptions: "exceptions",
  exception: "exceptions",
  appexceptions: "exceptions",
  customevents: "events",
  customevent: "events",
  appevents: "events",
  custommetrics: "metrics",
  custommetric: "metrics",
  appmetrics: "metrics",
  performancecounters: "counters",
  performancecounter: "counters",
  appperformancecounters: "counters",
};

/** Tables of the same family that say nothing about functions, messages or cost. */
const NOT_READ = /^(?:app)?(?:availabilityresults?|pageviews?|browsertimings?|systemevents?|operationresults?)$/;

/** Which table a name means; null: none that is read. */
export function tableNamed(name: string | null): Table | null {
  return name === null ? null : (TABLES[name.toLowerCase()] ?? null);
}

/** The table that a row is of: what it says, else the name of the result, else the columns it has. null: not telemetry. */
export function tableOf(row: Row, result: string | null): Table | null {
  const { fields } = row;
  const said = tableNamed(textOf(fields.table)) ?? tableNamed(textOf(fields.type)) ?? tableNamed(result);
  if (said !== null) return said;
  const other = (textOf(fields.table) ?? textOf(fields.type) ?? "").toLowerCase();
  if (NOT_READ.test(other)) return null;
  if (fields.time === undefined) return null;
  const has = (...names: (keyof Row["fields"])[]): boolean => names.every((name) => fields[name] !== undefined);
  if (fields.problemId !== undefined || (fields.exceptionMessage !== undefined && !has("message"))) return "exceptions";
  if (has("target") || fields.dependencyType !== undefined) return "dependencies";
  if (has("id", "duration") && (has("resultCode") || has("success")) && fields.data === undefined) return "requests";
  if (has("message") && (has("severity") || has("invocationId") || has("operationId") || has("category") || has("properties")))
    return "traces";
  if (has("counter", "value")) return "counters";
  if (has("name") && numberOf(fields.sum) !== null) return "metrics";
  return null;
}

/** Why a row is not read, for the summary. */
export function notReadReason(row: Row, result: string | null): string {
  const said = textOf(row.fields.table) ?? textOf(row.fields.type) ?? result;
  return `rows of ${said === null || said === "PrimaryResult" ? "a query result without telemetry columns" : `table ${said}`} are not read`;
}

export interface Telemetry {
  /** `result`: name of the result or category the row came in; null: none. */
  row(row: Row, result: string | null, at: Position): void;
  end(): void;
}

/** Turns the rows of one source into records. */
export function telemetry(source: Source, sink: Sink, keys: IdKeys): Telemetry {
  const roots = legacyRoots((record) => sink.record(record));
  const context: Context = {
    source,
    keys,
    sink: { record: roots.record, broken: (reason, at) => sink.broken(reason, at), ignored: (reason) => sink.ignored(reason) },
    runs: invocations((record) => sink.record(record)),
    receipts: receipts((record) => sink.record(record)),
    functions: new Map(),
  };

  function read(row: Row, result: string | null, at: Position): void {
    switch (tableOf(row, result)) {
      case "requests":
        return readRequest(row, context, at);
      case "dependencies":
        return readDependency(row, context, at);
      case "traces":
        return readTrace(row, true, context, at);
      case "functionlogs":
        return readTrace(row, false, context, at);
      case "exceptions":
        return readException(row, context, at);
      case "events":
        return readEvent(row, context, at);
      case "metrics":
      case "counters":
        return readMetric(row, context, at);
      case null:
        return sink.ignored(notReadReason(row, result));
    }
  }

  return {
    row: (row, result, at) => unlessTooDeep(sink, at, () => read(row, result, at)),
    end() {
      context.runs.end();
      context.receipts.end();
      roots.end();
      for (const config of context.functions.values()) sink.record(config);
      context.functions.clear();
    },
  };
}
