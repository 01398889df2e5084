/** CloudWatch log events -> records. Every export form of logs ends here; one call per event, which is the hot path of an import. */
import { traceIdOf } from "../../model/ids.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { Position, Sink, Source } from "../../model/formats.ts";
import type { LogEvent, LogKind } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { type Carried, messageOf } from "./carried.ts";
import { messagesIn } from "./events.ts";
import { type Prefix, prefixOf } from "./function-line.ts";
import { errorTypeOf, isUnhandled, spanInText, traceInText } from "./error-line.ts";
import { type Environment, learn, newEnvironment } from "./environment.ts";
import { cpuTimeOf } from "./cpu-time.ts";
import { invocations } from "./invocations.ts";
import { factReader, type LineFacts, NO_IDS } from "./line-facts.ts";
import { jsonInLine, type LineJson, objectOf } from "./line-json.ts";
import type { PlatformLine } from "./platform-fields.ts";
import { platformRecord } from "./platform-record.ts";
import { brokenHistoryEvent, vendedHistories } from "./vended-history.ts";
import { isOutOfMemory, platformText } from "./platform-text.ts";
import type { Obj } from "./schema.ts";

/** Kinds of environments that are billed in another way. */
const PLANS = new Set(["provisioned-concurrency", "lambda-managed-instances"]);
/** What CloudWatch Logs adds to each event when it counts ingested bytes: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
export const EVENT_OVERHEAD_BYTES = 26;

export interface LogNormaliser {
  /** One log event. `message` as logged, with its line end or without. */
  event(at: EpochMs, message: string, group: string | null, stream: string | null, position: Position): void;
  /** Sets what the export says of account and region for the events that follow. */
  scope(account: string | null, region: string | null): void;
  end(): void;
}

/** Most streams that are remembered; further ones start afresh. */
const ENVIRONMENTS = 50_000;

/** Turns the log events of one source into LogEvents, Invocations and Messages. */
export function logNormaliser(source: Source, sink: Sink, keys: IdKeys): LogNormaliser {
  const facts = factReader(keys);
  const runs = invocations((invocation) => sink.record(invocation));
  const histories = vendedHistories((span) => sink.record(span), facts);
  const environments = new Map<string, Map<string, Environment>>();
  let count = 0;
  let account = source.account;
  let region = source.region;
  // the environment of the event before: most events come in runs of one stream
  let lastGroup: string | null | undefined;
  let lastStream: string | null | undefined;
  let last: Environment | undefined;

  function environment(group: string | null, stream: string | null): Environment {
    if (last !== undefined && group === lastGroup && stream === lastStream) return last;
    lastGroup = group;
    lastStream = stream;
    let streams = environments.get(group ?? "");
    if (streams === undefined) environments.set(group ?? "", (streams = new Map()));
    last = streams.get(stream ?? "");
    if (last === undefined) {
      if (++count > ENVIRONMENTS) {
        environments.clear();
        environments.set(group ?? "", (streams = new Map()));
        count = 1;
      }
      last = newEnvironment(source, group, stream, account, region);
      streams.set(stream ?? "", last);
    }
    return last;
  }

  /** The invocation that a line without an ID belongs to: the one open in its stream, if it is one. */
  function currentOf(env: Environment): string | null {
    return env.open > 1 ? null : env.current;
  }

  function log(
    env: Environment,
    at: EpochMs,
    kind: LogKind,
    message: string,
    f: Pick<LineFacts, "level" | "requestId" | "traceId" | "spanId" | "ids">,
  ): void {
    const record: LogEvent = {
      type: "log",
      cloud: "aws",
      account: env.account,
      region: env.region,
      at,
      fn: env.fn,
      stream: env.stream,
      kind,
      level: f.level,
      requestId: f.requestId,
      traceId: f.traceId,
      spanId: f.spanId,
      message,
      sizeBytes: Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES,
      ids: f.ids,
    };
    sink.record(record);
  }

  function platform(env: Environment, at: EpochMs, message: string, line: PlatformLine, position: Position): void {
    if (line.runtimeVersionArn !== null) learn(env, line.runtimeVersionArn);
    if (line.functionArn !== null) learn(env, line.functionArn);
    if (line.functionName !== null) env.fn ??= line.functionName;
    if (PLANS.has(line.initializationType ?? "")) env.plan = line.initializationType;
    let requestId = line.requestId;
    switch (line.kind) {
      case "start":
        runs.started(env, line, at);
        break;
      case "end":
        runs.ended(requestId, at);
        break;
      case "report":
        runs.reported(env, line, at);
        break;
      case "init_report":
        runs.initialised(env, line, at);
        break;
      case "runtime_done":
        if (requestId !== null && line.status !== null && line.status !== "success") {
          runs.failed(requestId, line.status === "timeout" ? "timeout" : "error", line.errorType);
        }
        break;
      case "error":
      case "oom":
        requestId ??= currentOf(env);
        if (requestId !== null)
          runs.failed(requestId, line.kind === "oom" ? "oom" : line.status === "timeout" ? "timeout" : "error", line.errorType);
        break;
      case "malformed":
        if (message.includes("RequestId") || message.startsWith("{"))
          sink.broken(`not a readable platform line: ${message.slice(0, 80).trimEnd()}`, position);
        break;
      default:
    }
    const traceId = line.xrayTraceId === null ? null : traceIdOf(line.xrayTraceId);
    log(env, at, line.kind, message, { level: line.level, requestId, traceId, spanId: line.segmentId, ids: NO_IDS });
  }

  function json(env: Environment, at: EpochMs, message: string, fields: Obj, position: Position): void {
    const line = platformRecord(fields);
    if (line !== null) return platform(env, at, message, line, position);
    const cpuTime = cpuTimeOf(fields, at, env);
    if (cpuTime !== null) sink.record(cpuTime);
    if ("execution_arn" in fields) histories.take(fields);
    logged(env, at, message, { fields, words: "" }, null);
  }

  /** A line of the function that is JSON or has it behind its prefix, or among its words. */
  function logged(env: Environment, at: EpochMs, message: string, { fields, words }: LineJson, prefix: Prefix | null): void {
    const isAll = words === "";
    // among words it is what the line speaks of: level, request or trace in it are not the line's
    let f = facts.ofJson(isAll ? fields : { "": fields });
    const events = f.nested ? messagesIn(fields, words) : null;
    if (events !== null && events.length > 1) f = facts.ofJson(isAll ? withoutObjects(fields) : {});
    if (!isAll) {
      f.traceId = traceInText(words);
      f.spanId = spanInText(words);
      const said = facts.idsInText(words);
      f.ids = [...said, ...f.ids.filter((id) => !said.some((known) => known.value === id.value))];
    }
    if (f.functionName !== null && env.fn === null) env.fn = f.functionName;
    if (f.functionArn !== null && (env.region === null || env.account === null || env.fn === null)) learn(env, f.functionArn);
    f.level ??= prefix?.level ?? null;
    f.requestId = prefix?.requestId ?? f.requestId ?? currentOf(env);
    emitMessages(env, at, f.requestId, events);
    if (f.traceId !== null && f.requestId !== null) runs.traced(f.requestId, f.traceId);
    const oom = isAll ? f.level === "ERROR" && isOutOfMemory(message) : isOutOfMemory(words);
    failed(f.requestId, message, oom);
    log(env, at, oom ? "oom" : "function", message, f);
  }

  function plain(env: Environment, at: EpochMs, message: string): void {
    const prefix = prefixOf(message);
    const found = jsonInLine(message, prefix.length);
    if (found !== null) return logged(env, at, message, found, prefix);
    const requestId = prefix.requestId ?? currentOf(env);
    const oom = isOutOfMemory(message);
    failed(requestId, message, oom);
    const f = {
      level: prefix.level,
      requestId,
      traceId: traceInText(message),
      spanId: spanInText(message),
      ids: facts.idsInText(message),
    };
    if (f.traceId !== null && requestId !== null) runs.traced(requestId, f.traceId);
    log(env, at, oom ? "oom" : "function", message, f);
  }

  /** Notes that the run failed, if the line says so. */
  function failed(requestId: string | null, message: string, oom: boolean): void {
    if (requestId !== null && (oom || isUnhandled(message))) runs.failed(requestId, oom ? "oom" : "error", errorTypeOf(message));
  }

  function emitMessages(env: Environment, at: EpochMs, requestId: string | null, found: Carried[] | null): void {
    if (found === null) return;
    for (const one of found) {
      if (one.direction === "received" && requestId !== null && one.trigger !== null) runs.triggered(requestId, one.trigger);
      sink.record(messageOf(one, { at, fn: env.fn, requestId, account: env.account, region: env.region }, facts));
    }
  }

  function read(at: EpochMs, message: string, group: string | null, stream: string | null, position: Position): void {
    const env = environment(group, stream);
    if (message.charCodeAt(0) === 123) {
      const fields = objectOf(message);
      if (fields !== null) return json(env, at, message, fields, position);
      const event = message.includes('"execution_arn"') ? brokenHistoryEvent(message) : null;
      if (event !== null) histories.take(event);
    }
    const line = platformText(message);
    if (line !== null) return platform(env, at, message, line, position);
    plain(env, at, message);
  }

  return {
    event(at, message, group, stream, position) {
      try {
        read(at, message, group, stream, position);
      } catch (error) {
        // JSON inside the message that is nested thousands deep
        if (!(error instanceof RangeError)) throw error;
        sink.broken("a log event whose JSON is nested too deeply", position);
      }
    },
    scope(newAccount, newRegion) {
      account = newAccount ?? source.account;
      region = newRegion ?? source.region;
    },
    end() {
      runs.end();
      histories.end();
    },
  };
}

/** The plain fields of a line that carries a batch: IDs inside the batch belong to its messages, not to the line. */
function withoutObjects(line: Obj): Obj {
  return Object.fromEntries(
    Object.entries(line).filter(([key, value]) => typeof value !== "object" && !(key === "message" && typeof value === "string")),
  );
}
