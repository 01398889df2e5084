/** Log entries as `entries.list` gives them, and the reader of exported entries that makes records of them. */
import type { IdKeys } from "../../model/id-keys.ts";
import { isObject, type JsonObject, textAt } from "../../model/json.ts";
import type { Rec } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import type { GcpApi } from "./api.ts";
import { logEntries } from "./formats.ts";
import { quotaOf } from "./quotas.ts";
import { liveReader } from "./read-live.ts";

/** Most entries of a page: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list */
export const PAGE_ENTRIES = 1000;
/** How long so many calls take, if nobody else in the project reads logs. `requestsPerS`: a lower limit of the user's. */
export function secondsOf(calls: number, requestsPerS: number | null): number {
  return calls / Math.min(quotaOf("logging:ListLogEntries").perS, requestsPerS ?? Infinity);
}

/**
 * Entries that a filter gives, oldest first. A page may be empty and not the end (the search goes on), and an entry may come twice: those of
 * one log with one time and one `insertId` are the same.
 */
export async function* entryPages(
  api: GcpApi,
  filter: string,
  options: { maxPages?: number; timeoutMs?: Ms } = {},
): AsyncGenerator<JsonObject[]> {
  const request = { resourceNames: [`projects/${api.project}`], filter, orderBy: "timestamp asc", pageSize: PAGE_ENTRIES };
  let before = new Set<string>();
  for await (const answer of api.pages("logging:ListLogEntries", request, options)) {
    const keys = new Set<string>();
    const entries: JsonObject[] = [];
    for (const entry of Array.isArray(answer["entries"]) ? answer["entries"] : []) {
      if (!isObject(entry)) continue;
      const key = entryKey(entry);
      if (key !== null) {
        if (before.has(key) || keys.has(key)) continue;
        keys.add(key);
      }
      entries.push(entry);
    }
    if (keys.size > 0) before = keys;
    yield entries;
  }
}

/** What entries that are the same have in common; null: it has no `insertId`. */
export function entryKey(entry: JsonObject): string | null {
  const id = textAt(entry, "insertId");
  return id === null ? null : `${textAt(entry, "logName")} ${textAt(entry, "timestamp")} ${id}`;
}

export interface EntryReader {
  read(entries: readonly JsonObject[]): Rec[];
  /** No more entries: what was still held. */
  end(): Rec[];
}

/** Entries -> records; a request's come when the source ends, with the lines that belong to it. `name` stands in its gaps. */
export function entryReader(api: GcpApi, keys: IdKeys, name: string): EntryReader {
  const reader = liveReader(api, logEntries, keys, name);
  return { read: (entries) => reader.read({ entries: [...entries] }), end: () => reader.end() };
}
