/**
 * Lines that mean little by themselves. One that names no request (plain text, loggers without Lambda's fields) belongs to the invocation
 * that ran in its stream at that time: its START comes before and its REPORT after, and both are found by reading the stream around it. An
 * event in the log of an EXPRESS state machine belongs to the other events of its execution.
 */
import type { Gap, Rec } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { LiveContext, Span } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { gapOf } from "./live-gaps.ts";
import type { LogGroup } from "./log-groups.ts";
import { filterLines, type FunctionsOfGroup, lineReader, type LogLine } from "./log-lines.ts";
import { anyTermPattern } from "./log-terms.ts";

type Context = Pick<LiveContext, "signal" | "clock" | "keys">;

/** No invocation lasts longer: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LONGEST_RUN_MS: Ms = 900_000;
/** START is stamped before an init that is repeated, and REPORT after the time-out. */
const AROUND_MS: Ms = 30_000;
/** Places that are looked at; lines beyond stay by themselves. */
const MAX_PLACES = 60;
/** Pages of one place: a function that writes more in that time is left as it is. */
const MAX_PAGES = 10;
const AT_A_TIME = 4;

interface Place {
  group: string;
  /** null: an execution's events, in whatever stream. */
  stream: string | null;
  execution: string | null;
  window: Span;
  lines: LogLine[];
}

/** Execution whose event the line is; null: none. */
export function executionOf(line: LogLine): string | null {
  return /"execution_arn" ?: ?"(arn:[^"]+)"/.exec(line.message)?.[1] ?? null;
}

/** Records of the invocations and executions that these lines belong to; of lines for which none is found, themselves. A refusal is a gap. */
export async function* contextOf(
  api: AwsApi,
  ctx: Context,
  lines: readonly LogLine[],
  groups: readonly LogGroup[],
  window: Span,
): AsyncGenerator<Rec[]> {
  const functions = new Map(groups.map((group) => [group.name, group.functions]));
  const timeouts = new Map(groups.map((group) => [group.name, group.timeoutMs]));
  const { places, rest } = placesOf(lines, (group) => (timeouts.get(group) ?? LONGEST_RUN_MS) + AROUND_MS, window);
  const found = concurrently(places, AT_A_TIME, (place) => around(api, ctx, place, functions));
  const alone = [...rest];
  let refused: Gap | null = null;
  for await (const { records, missed, refusal } of found) {
    ctx.signal.throwIfAborted();
    alone.push(...missed);
    if (refusal !== null) refused ??= gapOf(api, refusal, "the invocations of lines that name no request", window);
    if (records.length > 0) yield records;
  }
  const reader = lineReader(api, ctx.keys, "log search", functions);
  const records: Rec[] = [...reader.read(alone.toSorted((a, b) => a.at - b.at)), ...reader.end()];
  if (refused !== null) records.push(refused);
  if (records.length > 0) yield records;
}

/** Executions, and streams with the times of their lines; lines further apart than two invocations are places of their own. */
function placesOf(lines: readonly LogLine[], reachMs: (group: string) => Ms, whole: Span): { places: Place[]; rest: LogLine[] } {
  const places: Place[] = [];
  const rest: LogLine[] = [];
  const open = new Map<string, Place>();
  for (const line of lines.toSorted((a, b) => a.at - b.at)) {
    const execution = executionOf(line);
    const reach = line.group === null ? 0 : reachMs(line.group);
    const window = execution === null ? { from: line.at - reach, to: line.at + reach } : whole;
    const key = JSON.stringify([line.group, execution ?? line.stream]);
    const last = open.get(key);
    if (last !== undefined && last.window.to > window.from) {
      last.window.to = window.to;
      last.lines.push(line);
    } else if (line.group === null || line.stream === null || places.length >= MAX_PLACES) rest.push(line);
    else {
      const place = { group: line.group, stream: execution === null ? line.stream : null, execution, window, lines: [line] };
      open.set(key, place);
      places.push(place);
    }
  }
  return { places, rest };
}

const keyOf = (at: number, message: string): string => `${at} ${message}`;

async function around(
  api: AwsApi,
  ctx: Context,
  place: Place,
  functions: FunctionsOfGroup,
): Promise<{ records: Rec[]; missed: LogLine[]; refusal: AwsError | null }> {
  const reader = lineReader(api, ctx.keys, "log search", functions);
  const records: Rec[] = [];
  try {
    const pattern = place.execution === null ? null : anyTermPattern([place.execution]);
    const streams = place.stream === null ? undefined : [place.stream];
    const pages = filterLines(api, place.group, place.window, { pattern, ...(streams && { streams }), maxPages: MAX_PAGES });
    for await (const page of pages)
      records.push(...reader.read(place.execution === null ? page : page.filter((line) => executionOf(line) === place.execution)));
  } catch (error) {
    // a class without FilterLogEvents, no permission, too many lines
    if (!(error instanceof AwsError) || error.kind === "credentials") throw error;
    return { records: [], missed: place.lines, refusal: error.kind === "denied" ? error : null };
  }
  records.push(...reader.end());
  if (place.execution !== null) return { records, missed: records.length === 0 ? place.lines : [], refusal: null };
  const asked = new Set(place.lines.map((line) => keyOf(line.at, line.message)));
  const runs = new Set<string>();
  const placed = new Set<string>();
  for (const one of records) {
    if (one.type !== "log" || one.requestId === null || !asked.has(keyOf(one.at, one.message))) continue;
    runs.add(one.requestId);
    placed.add(keyOf(one.at, one.message));
  }
  return {
    records: records.filter((one) => "requestId" in one && one.requestId !== null && runs.has(one.requestId)),
    missed: place.lines.filter((line) => !placed.has(keyOf(line.at, line.message))),
    refusal: null,
  };
}
