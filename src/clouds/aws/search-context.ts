/**
 * Lines that name no request (plain text, loggers without Lambda's fields) belong to the invocation that ran in their stream at that time:
 * its START comes before them and its REPORT after. Both are found by reading the stream around the line.
 */
import type { Rec } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { LiveContext, Span } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { filterLines, type FunctionsOfGroup, lineReader, type LogLine } from "./log-lines.ts";

type Context = Pick<LiveContext, "signal" | "clock" | "keys">;

/** A line found by an ID, without a request ID of its own. */
export type Nameless = LogLine;

/** No invocation lasts longer: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LONGEST_RUN_MS: Ms = 900_000;
/** Places that are looked at; lines beyond stay without their invocation. */
const MAX_PLACES = 60;
/** Pages of one place: a function that writes more in half an hour is left as it is. */
const MAX_PAGES = 10;
const AT_A_TIME = 4;

interface Place {
  group: string;
  stream: string;
  window: Span;
  lines: LogLine[];
}

/** Records of the invocations that these lines belong to; of lines whose invocation is not found, themselves. */
export async function* contextOf(
  api: AwsApi,
  ctx: Context,
  lines: readonly Nameless[],
  functions: FunctionsOfGroup,
): AsyncGenerator<Rec[]> {
  const { places, rest } = placesOf(lines);
  const found = concurrently(places, AT_A_TIME, (place) => around(api, ctx, place, functions));
  const alone = [...rest];
  for await (const { records, missed } of found) {
    ctx.signal.throwIfAborted();
    alone.push(...missed);
    if (records.length > 0) yield records;
  }
  const reader = lineReader(api, ctx.keys, "log search", functions);
  const records = [...reader.read(alone.toSorted((a, b) => a.at - b.at)), ...reader.end()];
  if (records.length > 0) yield records;
}

/** Streams with the times of their lines; lines further apart than two invocations are places of their own. */
function placesOf(lines: readonly LogLine[]): { places: Place[]; rest: LogLine[] } {
  const places: Place[] = [];
  const rest: LogLine[] = [];
  const open = new Map<string, Place>();
  for (const line of lines.toSorted((a, b) => a.at - b.at)) {
    const key = `${line.group}\n${line.stream}`;
    const last = open.get(key);
    const window = { from: line.at - LONGEST_RUN_MS, to: line.at + LONGEST_RUN_MS };
    if (last !== undefined && last.window.to > window.from) {
      last.window.to = window.to;
      last.lines.push(line);
    } else if (line.group === null || line.stream === null || places.length >= MAX_PLACES) rest.push(line);
    else {
      const place = { group: line.group, stream: line.stream, window, lines: [line] };
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
): Promise<{ records: Rec[]; missed: LogLine[] }> {
  const reader = lineReader(api, ctx.keys, "log search", functions);
  const records: Rec[] = [];
  try {
    const pages = filterLines(api, place.group, place.window, { streams: [place.stream], maxPages: MAX_PAGES });
    for await (const page of pages) records.push(...reader.read(page));
  } catch (error) {
    // a class without FilterLogEvents, no permission, too many lines
    if (!(error instanceof AwsError) || error.kind === "credentials") throw error;
    return { records: [], missed: place.lines };
  }
  records.push(...reader.end());
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
  };
}
