/**
 * CloudWatch Logs behind the room's call door: groups of lines, FilterLogEvents and Insights as AWS's pages describe them. Patterns: quoted
 * terms, any of them with `?` before each (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html); queries:
 * one `filter @message like /regex/`, `sort`, `limit`.
 */
import type { Obj } from "../../src/clouds/aws/schema.ts";
import type { Config } from "../../src/model/records.ts";
import { ACCOUNT, failure, type Scripted, scriptedAws, type ScriptedAws, REGION } from "./scripted-aws.ts";

export interface Line {
  at: number;
  stream: string;
  message: string;
}

export interface LogServer {
  aws: ScriptedAws;
  /** Input of every call of an operation, in order. */
  inputs(api: string): Obj[];
  stopped: string[];
}

export interface Behaviour {
  /** Events of one page. */
  pageSize?: number;
  /** Most rows that a query gives, and rows of one page of results. */
  queryRows?: number;
  /** GetQueryResults says Running so often before it says Complete. */
  polls?: number;
  /** Further operations, or other answers. */
  script?: { [api: string]: Scripted };
  ignoresFilters?: boolean;
  /** StartQuery refuses larger limits. */
  refusesLimitsAbove?: number;
}

export function logServer(groups: { [name: string]: Line[] }, behaviour: Behaviour = {}): LogServer {
  const pageSize = behaviour.pageSize ?? 10_000;
  const rowLimit = behaviour.queryRows ?? 100_000;
  const queries = new Map<string, { rows: Obj[][]; matched: number; bytes: number; polls: number }>();
  const stopped: string[] = [];

  const known = (name: string): Line[] => {
    const found = groups[name];
    if (found === undefined) throw failure("logs:FilterLogEvents", "not-found", "ResourceNotFoundException");
    return found;
  };

  function filterLogEvents(input: Obj): Obj[] {
    const pattern = String(input["filterPattern"] ?? "");
    const terms = [...pattern.matchAll(/"((?:\\.|[^"\\])*)"/g)].map((m) => m[1]!.replace(/\\(.)/g, "$1"));
    const streams = input["logStreamNames"] as string[] | undefined;
    const events = known(String(input["logGroupName"]))
      .map((line, i) => ({ ...line, i }))
      .filter((line) => line.at >= Number(input["startTime"]) && line.at <= Number(input["endTime"]))
      .filter((line) => streams === undefined || streams.includes(line.stream))
      .toSorted((a, b) => a.at - b.at);
    const pages: Obj[] = [];
    for (let from = 0; from === 0 || from < events.length; from += pageSize) {
      // AWS looks at so much and gives what matches: a page may be empty and not the last
      const matching = events
        .slice(from, from + pageSize)
        .filter((line) => behaviour.ignoresFilters || terms.length === 0 || terms.some((term) => line.message.includes(term)));
      pages.push({
        events: matching.map((line) => ({
          timestamp: line.at,
          message: line.message,
          logStreamName: line.stream,
          eventId: String(line.i),
        })),
        ...(from + pageSize < events.length ? { nextToken: String(from + pageSize) } : {}),
      });
    }
    return pages;
  }

  function startQuery(input: Obj): Obj {
    if (Number(input["limit"]) > (behaviour.refusesLimitsAbove ?? Infinity))
      throw failure("logs:StartQuery", "invalid", "InvalidParameterException");
    const text = String(input["queryString"]);
    const regex = /filter @message like \/(\(\?i\))?((?:\\.|[^/])*)\//.exec(text);
    const matches = regex === null ? null : new RegExp(regex[2]!, regex[1] === undefined ? "" : "i");
    const limit = Math.min(rowLimit, Number(/limit (\d+)/.exec(text)?.[1] ?? 10_000));
    const names = input["logGroupNames"] as string[];
    if (names.length > 50) throw new Error("more than 50 groups");
    const [from, to] = [Number(input["startTime"]) * 1000, Number(input["endTime"]) * 1000];
    const scanned = names
      .flatMap((name) => known(name).map((line) => ({ ...line, name })))
      .filter((line) => line.at >= from && line.at <= to);
    const found = scanned
      .filter((line) => behaviour.ignoresFilters || matches === null || matches.test(line.message))
      .toSorted((a, b) => a.at - b.at);
    const rows = found.slice(0, limit).map((line): Obj[] => [
      { field: "@timestamp", value: new Date(line.at).toISOString().replace("T", " ").replace("Z", "") },
      { field: "@message", value: line.message },
      { field: "@logStream", value: line.stream },
      { field: "@log", value: `111122223333:${line.name}` },
    ]);
    const queryId = `q-${queries.size + 1}`;
    const bytes = scanned.reduce((sum, line) => sum + line.message.length, 0);
    queries.set(queryId, { rows, matched: found.length, bytes, polls: behaviour.polls ?? 1 });
    return { queryId };
  }

  function results(input: Obj): Obj {
    const query = queries.get(String(input["queryId"]))!;
    const statistics = { bytesScanned: query.bytes, recordsMatched: query.matched };
    if (query.polls-- > 0) return { status: "Running", results: [], statistics };
    const from = Number(input["nextToken"] ?? 0);
    const to = from + Number(input["maxItems"] ?? 10_000);
    return {
      status: "Complete",
      statistics,
      results: query.rows.slice(from, to),
      ...(to < query.rows.length ? { nextToken: String(to) } : {}),
    };
  }

  const aws = scriptedAws({
    "logs:FilterLogEvents": filterLogEvents,
    "logs:StartQuery": startQuery,
    "logs:GetQueryResults": results,
    "logs:StopQuery": (input) => {
      stopped.push(String(input["queryId"]));
      return { success: true };
    },
    "logs:DescribeLogGroups": (input) => ({
      logGroups: Object.keys(groups)
        .filter((name) => name.startsWith(String(input["logGroupNamePrefix"] ?? "")))
        .map((name) => ({ logGroupName: name, storedBytes: 0 })),
    }),
    ...behaviour.script,
  });
  return { aws, stopped, inputs: (api) => aws.asked.filter((one) => one.api === api).map((one) => one.input) };
}

/** A description of something in the scripted account. */
export function config(kind: Config["kind"], name: string, more: Partial<Config> = {}): Config {
  return {
    type: "config",
    cloud: "aws",
    account: ACCOUNT,
    region: REGION,
    kind,
    resource: name,
    name,
    revision: null,
    observedAt: 0,
    from: null,
    to: null,
    settings: {},
    ...more,
  };
}

export const STREAM = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef";

/** A request ID that ends in this number. */
export const requestId = (n: number): string => `abcdef00-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** An invocation as Lambda logs it in text, with one line of the function: billed 13 ms at 512 MB. */
export function invocation(n: number, at: number, said: string, stream = STREAM): Line[] {
  const r = requestId(n);
  const report = `REPORT RequestId: ${r}\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\tMax Memory Used: 80 MB\t\n`;
  return [
    { at, stream, message: `START RequestId: ${r} Version: $LATEST\n` },
    { at: at + 5, stream, message: said },
    { at: at + 12, stream, message: `END RequestId: ${r}\n` },
    { at: at + 13, stream, message: report },
  ];
}

/** A line of the Node.js runtime, which names its request. */
export const nodeLine = (n: number, said: string): string => `2026-11-22T00:00:00.000Z\t${requestId(n)}\tINFO\t${said}\n`;
