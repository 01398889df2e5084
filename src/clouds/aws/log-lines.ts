/** Log lines as calls give them, and the reader of exported lines that makes records of them. */
import type { Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { Rec } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import type { Span } from "../room.ts";
import type { AwsApi } from "./api.ts";
import { gap } from "./live-gaps.ts";
import { functionOfGroup } from "./names.ts";
import { type LogNormaliser, logNormaliser } from "./normalise.ts";
import { list, moment, obj, text } from "./schema.ts";

export interface LogLine {
  at: EpochMs;
  message: string;
  group: string | null;
  stream: string | null;
  /** Unique in its group; null: the call does not tell. */
  id: string | null;
}

/**
 * Events of a group in a window, oldest first, by FilterLogEvents, in whose answers an empty page is not the end and pages may repeat events.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 */
export async function* filterLines(
  api: AwsApi,
  group: string,
  window: Span,
  options: { pattern?: string | null; streams?: readonly string[]; maxPages?: number } = {},
): AsyncGenerator<LogLine[]> {
  const input = {
    logGroupName: group,
    startTime: window.from,
    // "Events with a timestamp later than this time are not returned"
    endTime: window.to - 1,
    ...(options.pattern ? { filterPattern: options.pattern } : {}),
    ...(options.streams ? { logStreamNames: options.streams } : {}),
  };
  let before = new Set<string>();
  for await (const page of api.pages("logs:FilterLogEvents", input, options.maxPages === undefined ? {} : { maxPages: options.maxPages })) {
    const ids = new Set<string>();
    const lines: LogLine[] = [];
    for (const one of list(page["events"])) {
      const event = obj(one);
      const at = moment(event?.["timestamp"]);
      const message = text(event?.["message"]);
      if (event === null || at === null || message === null || at < window.from || at >= window.to) continue;
      const id = text(event["eventId"]);
      if (id !== null) {
        if (before.has(id) || ids.has(id)) continue;
        ids.add(id);
      }
      lines.push({ at, message, group, stream: text(event["logStreamName"]), id });
    }
    if (ids.size > 0) before = ids;
    if (lines.length > 0) yield lines;
  }
}

export interface LineReader {
  /** Records that these lines complete. */
  read(lines: readonly LogLine[]): Rec[];
  /** No more lines: what was still held. */
  end(): Rec[];
}

/** Whose lines a group holds, by its name: functions whose configuration names it. */
export type FunctionsOfGroup = ReadonlyMap<string, readonly string[]>;

/** Unreadable lines that are told one by one. */
const TOLD = 20;

/**
 * Lines -> records, in order of time within a group. The stream's name tells the function where several share a group; where it does not
 * and only one function writes into the group, it is that one's. Lines of functions that are not in scope are left out.
 */
export function lineReader(api: AwsApi, keys: IdKeys, name: string, groups: FunctionsOfGroup): LineReader {
  let found: Rec[] = [];
  let broken = 0;
  const source: Source = { path: name, segments: [], fn: null, account: api.account, region: api.region };
  const readers = new Map<string | null, LogNormaliser>();

  function open(group: string | null): LogNormaliser {
    const functions = groups.get(group ?? "") ?? [];
    const only = functions.length === 1 ? functions[0]! : null;
    const allowed = new Set([functionOfGroup(group ?? ""), ...functions, null, "unknown"]);
    const sink = {
      record(record: Rec) {
        if (record.type === "log" || record.type === "invocation" || record.type === "message") {
          if (only !== null && (record.fn === null || record.fn === "unknown")) record.fn = only;
          if (!allowed.has(record.fn)) return;
        }
        found.push(record);
      },
      broken(reason: string) {
        if (++broken <= TOLD) found.push(gap(api, name, reason));
      },
      ignored() {},
    };
    const logs = logNormaliser(source, sink, keys);
    readers.set(group, logs);
    return logs;
  }

  const take = (): Rec[] => {
    const records = found;
    found = [];
    return records;
  };
  return {
    read(lines) {
      for (const line of lines) {
        const logs = readers.get(line.group) ?? open(line.group);
        logs.event(line.at, line.message, line.group, line.stream, { line: null, byte: null });
      }
      return take();
    },
    end() {
      for (const logs of readers.values()) logs.end();
      return take();
    },
  };
}
