/**
 * The journal of changes, in the dataset's folder:
 *
 *     journal/journal.ndjson    one entry a line, only ever appended; each carries the hash of the one before
 *     journal/head.json         number and hash of the last entry: a journal whose end was cut off is noticed
 *     journal/writer.lock       one run at a time
 *     journal/plans/            plans being applied, so that an interrupted run can be finished
 *
 * An entry counts when its line is whole and on the disk. A line that a crash tore was never acted upon and is dropped.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { canonicalJson } from "../model/canonical.ts";
import { EXIT, UserError } from "../model/errors.ts";
import type { JournalEntry } from "../model/plan.ts";
import { syncDir, writeDurably } from "./durable.ts";
import { takeLock } from "./lock.ts";

/** What `append` is told; number and hashes are the journal's own. */
export type NewEntry = Omit<JournalEntry, "seq" | "previous" | "hash">;

export interface JournalContent {
  entries: JournalEntry[];
  /** Bytes of a last line that a crash tore; 0: none. */
  tornBytes: number;
}

export interface Journal {
  /** All entries, oldest first; grows with `append`. */
  readonly entries: readonly JournalEntry[];
  /** Bytes of a torn last line that were dropped on opening; 0: none. */
  readonly tornBytes: number;
  /** Returns when the entry is on the disk. */
  append(entry: NewEntry): JournalEntry;
  close(): void;
}

/** Hash "before" the first entry. */
const GENESIS = "0".repeat(64);

export const journalDir = (dataDir: string): string => join(dataDir, "journal");
const fileOf = (dataDir: string): string => join(journalDir(dataDir), "journal.ndjson");
const headOf = (dataDir: string): string => join(journalDir(dataDir), "head.json");

/** Without a lock: what was written so far. No journal: no entries. Throws UserError (exit 5) if it was edited or cut. */
export function readJournal(dataDir: string): JournalContent {
  const path = fileOf(dataDir);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    checkHead(dataDir, []);
    return { entries: [], tornBytes: 0 };
  }
  // the head is read first: it never runs ahead of the file
  const head = readHead(dataDir);
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const entries = parse(bytes.subarray(0, end).toString("utf8"), path);
  checkHead(dataDir, entries, head);
  return { entries, tornBytes: bytes.length - end };
}

/** Takes the lock and drops a torn line. Throws UserError (exit 5) while another process holds it, or if the journal was edited or cut. */
export function openJournal(dataDir: string): Journal {
  const dir = journalDir(dataDir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = takeLock(dir, "changing resources, as the journal says");
  try {
    return writer(dataDir, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function writer(dataDir: string, release: () => void): Journal {
  const path = fileOf(dataDir);
  const { entries, tornBytes } = readJournal(dataDir);
  const isNew = !existsSync(path);
  const file = openSync(path, isNew ? "wx" : "r+", 0o600);
  let at = isNew ? 0 : statSync(path).size - tornBytes;
  let broken = false;
  if (isNew) syncDir(journalDir(dataDir));
  else chmodSync(path, 0o600);
  if (tornBytes > 0) {
    ftruncateSync(file, at);
    fsyncSync(file);
  }
  return {
    entries,
    tornBytes,
    append(entry) {
      if (broken) throw new UserError(`${path} could not be written to a moment ago: nothing more is changed`, { exitCode: EXIT.partial });
      // what of it is on the disk is not known until it is opened again: nothing may be put behind it
      broken = true;
      const previous = entries.at(-1)?.hash ?? GENESIS;
      const numbered = { seq: entries.length + 1, ...entry, previous };
      const whole: JournalEntry = { ...numbered, hash: hashOf(numbered) };
      const line = Buffer.from(`${JSON.stringify(whole)}\n`);
      for (let sent = 0; sent < line.length;) sent += writeSync(file, line, sent, line.length - sent, at + sent);
      fsyncSync(file);
      at += line.length;
      writeDurably(headOf(dataDir), `${JSON.stringify({ seq: whole.seq, hash: whole.hash })}\n`);
      entries.push(whole);
      broken = false;
      return whole;
    },
    close() {
      closeSync(file);
      release();
    },
  };
}

function hashOf(entry: Omit<JournalEntry, "hash">): string {
  return createHash("sha256").update(canonicalJson(entry)).digest("hex");
}

function parse(text: string, path: string): JournalEntry[] {
  const entries: JournalEntry[] = [];
  let previous = GENESIS;
  for (const [i, line] of text.split("\n").slice(0, -1).entries()) {
    const entry = jsonOf(line);
    const { hash, ...rest } = entry ?? {};
    if (entry === null || rest.seq !== i + 1 || rest.previous !== previous || hash !== hashOf(rest as Omit<JournalEntry, "hash">))
      throw tampered(`${path}:${i + 1}: this is not what evscope wrote here`);
    entries.push(entry as JournalEntry);
    previous = hash;
  }
  return entries;
}

function jsonOf(line: string): Partial<JournalEntry> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

interface Head {
  seq: number;
  hash: string;
}

/** null: none was written, or it cannot be read. */
function readHead(dataDir: string): Head | null {
  try {
    return JSON.parse(readFileSync(headOf(dataDir), "utf8")) as Head;
  } catch {
    return null;
  }
}

/** A crash between an entry and its head leaves the head one behind. */
function checkHead(dataDir: string, entries: readonly JournalEntry[], head: Head | null = readHead(dataDir)): void {
  if (head === null ? entries.length <= 1 : head.hash === entries[head.seq - 1]?.hash) return;
  throw tampered(
    head === null
      ? `${headOf(dataDir)} is missing: whether the journal is whole cannot be told`
      : `${fileOf(dataDir)} ends before entry ${head.seq}: its end was cut off`,
  );
}

function tampered(message: string): UserError {
  return new UserError(`${message}; evscope changes nothing on a journal that it cannot trust`, {
    exitCode: EXIT.conflict,
    suggestions: [
      "bring the journal folder back from a backup",
      "or move it away: evscope then starts a new one, and what the old one holds can only be undone by hand",
    ],
  });
}
