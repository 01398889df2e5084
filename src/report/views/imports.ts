/** The result of an import -> its document and table. */
import { humanCount, plural } from "../formats/values.ts";
import type { Report } from "../report.ts";

/** One file of an import. */
export interface ImportedFile {
  path: string;
  /** null: no format matched. */
  format: string | null;
  /** Records taken from it. */
  records: number;
  /** Broken records left out. */
  skipped: number;
  /** Why the file (or the rest of it) could not be read; null: it was. */
  error: string | null;
  /** Some of the broken records, with their place. */
  broken?: readonly { reason: string; line: number | null; byte: number | null }[];
  /** Well-formed content that holds nothing evscope reads, by reason. */
  ignored?: readonly { reason: string; count: number }[];
  /** How a file of no known format begins, and what was looked for (nearest first). */
  unrecognised?: { begins: string; lookedFor: readonly LookedFor[] } | null;
}

/** A format, and what it is recognised by. */
export interface LookedFor {
  format: string;
  title: string;
  lookedFor: string;
}

/** What an import did, as far as it is shown. */
export interface ImportFacts {
  files: readonly ImportedFile[];
  /** Records new to the dataset; null: not known. */
  added?: number | null;
  /** Records that the dataset already held; null: not known. */
  duplicates?: number | null;
  /** Records by type. */
  byType?: Readonly<Record<string, number>>;
}

/** `import --format json`; its shape is `schemas/import.schema.json`. */
export interface ImportDocument {
  schemaVersion: 1;
  files: {
    path: string;
    format: string | null;
    records: number;
    skipped: number;
    error: string | null;
    broken: { reason: string; line: number | null; byte: number | null }[];
    ignored: { reason: string; count: number }[];
    /** First characters of a file of no known format; null: it was recognised. */
    begins: string | null;
  }[];
  /** What would have been recognised; empty where every file was. */
  lookedFor: LookedFor[];
  totals: { files: number; records: number; skipped: number; failed: number; added: number | null; duplicates: number | null };
  byType: { [type: string]: number };
}

export function importDocument(facts: ImportFacts): ImportDocument {
  const { files } = facts;
  return {
    schemaVersion: 1,
    files: files.map(({ path, format, records, skipped, error, broken, ignored, unrecognised }) => ({
      path,
      format,
      records,
      skipped,
      error,
      broken: [...(broken ?? [])],
      ignored: [...(ignored ?? [])],
      begins: unrecognised?.begins ?? null,
    })),
    lookedFor: [...(files.find((file) => file.unrecognised)?.unrecognised?.lookedFor ?? [])],
    totals: {
      files: files.length,
      records: files.reduce((sum, file) => sum + file.records, 0),
      skipped: files.reduce((sum, file) => sum + file.skipped, 0),
      failed: files.filter((file) => file.error !== null).length,
      added: facts.added ?? null,
      duplicates: facts.duplicates ?? null,
    },
    byType: { ...facts.byType },
  };
}

/** Broken records shown per file. */
const SHOWN_PER_FILE = 3;
/** Formats listed where a file was not recognised. */
const SHOWN_FORMATS = 6;

/** More files than this are shown by format; files with trouble are listed. */
const LISTED_FILES = 30;
/** Files with trouble listed, of many. */
const LISTED_TROUBLE = 50;

/** The summary as a table; what was wrong is said below it, file by file. Many files are one row per format. */
export function importView(facts: ImportFacts): Report {
  const document = importDocument(facts);
  const { files, totals } = document;
  const many = files.length > LISTED_FILES;
  const troubled = files.filter((file) => stateOf(file) !== "ok");
  const shown = many ? troubled.slice(0, LISTED_TROUBLE) : files;
  const notes = [
    ...shown.flatMap(troubleNotes),
    ...(many && troubled.length > shown.length
      ? [`${plural(troubled.length - shown.length, "more file")} with trouble; --format json lists every file.`]
      : []),
    ...lookedForNotes(document.lookedFor),
  ];
  if (totals.files === 0) notes.push("No files in what was given.");
  if (totals.added !== null) notes.push(`New in the dataset: ${plural(totals.added, "record")}${repeats(totals.duplicates)}.`);
  const kinds = Object.entries(document.byType).filter(([, count]) => count > 0);
  if (kinds.length > 0) notes.push(`By kind: ${kinds.map(([kind, count]) => `${kind} ${humanCount(count)}`).join(", ")}.`);
  return { schemaVersion: 1, title: "Import", sections: [{ ...(many ? byFormat(document) : byFile(document)), notes }] };
}

type Section = Omit<Report["sections"][number], "notes">;
type DocumentFile = ImportDocument["files"][number];

function stateOf({ error, skipped }: DocumentFile): "failed" | "partly" | "ok" {
  return error !== null ? "failed" : skipped > 0 ? "partly" : "ok";
}

function troubleNotes(file: DocumentFile): string[] {
  const notes: string[] = [];
  if (file.error !== null)
    notes.push(`${file.path}: ${file.error}${file.begins === null || file.begins === "" ? "" : `; it begins with: ${file.begins}`}`);
  for (const { reason, line, byte } of file.broken.slice(0, SHOWN_PER_FILE))
    notes.push(`${file.path}${place(line, byte)}: left out: ${reason}`);
  const more = file.skipped - Math.min(SHOWN_PER_FILE, file.broken.length);
  if (file.skipped > 0 && more > 0) notes.push(`${file.path}: ${plural(more, "more broken record")} left out`);
  return notes;
}

/** Paths without the folder they share, which is said once. */
function byFile({ files, totals }: ImportDocument): Section {
  const folder = sharedFolder(files.map((file) => file.path));
  return {
    title: "Import",
    columns: [
      { key: "path", label: "file", type: "text" },
      { key: "format", label: "format", type: "text" },
      { key: "records", label: "records", type: "count" },
      { key: "skipped", label: "left out", type: "count" },
      { key: "state", label: "state", type: "text" },
    ],
    rows: files.map((file) => ({
      path: file.path.slice(folder.length),
      format: file.format ?? "not recognised",
      records: file.records,
      skipped: file.skipped,
      state: stateOf(file),
    })),
    total: {
      path: `${plural(totals.files, "file")}${folder === "" ? "" : ` in ${folder}`}`,
      records: totals.records,
      skipped: totals.skipped,
    },
  };
}

/** The folder of all of these paths, with the slash at its end; empty for one path alone. */
function sharedFolder(paths: readonly string[]): string {
  const [first, ...others] = paths;
  if (first === undefined || others.length === 0) return "";
  let folder = first.slice(0, first.lastIndexOf("/") + 1);
  while (folder !== "" && !others.every((path) => path.startsWith(folder)))
    folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  return folder;
}

function byFormat({ files, totals }: ImportDocument): Section {
  const groups = new Map<string, DocumentFile[]>();
  for (const file of files) {
    const format = file.format ?? "not recognised";
    const group = groups.get(format);
    if (group === undefined) groups.set(format, [file]);
    else group.push(file);
  }
  const sum = (group: readonly DocumentFile[], key: "records" | "skipped"): number => group.reduce((total, file) => total + file[key], 0);
  const count = (group: readonly DocumentFile[], state: string): number => group.filter((file) => stateOf(file) === state).length;
  return {
    title: "Import",
    columns: [
      { key: "format", label: "format", type: "text" },
      { key: "files", label: "files", type: "count" },
      { key: "records", label: "records", type: "count" },
      { key: "skipped", label: "left out", type: "count" },
      { key: "partly", label: "partly read", type: "count" },
      { key: "failed", label: "failed", type: "count" },
    ],
    rows: [...groups]
      .sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1))
      .map(([format, group]) => ({
        format,
        files: group.length,
        records: sum(group, "records"),
        skipped: sum(group, "skipped"),
        partly: count(group, "partly"),
        failed: count(group, "failed"),
      })),
    total: {
      format: "total",
      files: totals.files,
      records: totals.records,
      skipped: totals.skipped,
      partly: count(files, "partly"),
      failed: totals.failed,
    },
  };
}

function lookedForNotes(lookedFor: readonly LookedFor[]): string[] {
  if (lookedFor.length === 0) return [];
  const shown = lookedFor.slice(0, SHOWN_FORMATS).map((one) => `  ${one.title}: ${one.lookedFor}`);
  const more = lookedFor.length - shown.length;
  return [
    "Looked for, nearest first:",
    ...shown,
    ...(more > 0 ? [`  and ${plural(more, "more format")}: evscope import --help, or --format json`] : []),
  ];
}

function place(line: number | null, byte: number | null): string {
  if (line !== null) return `:${line}`;
  return byte === null ? "" : ` at byte ${byte}`;
}

function repeats(duplicates: number | null): string {
  return duplicates === null || duplicates === 0 ? "" : `; ${humanCount(duplicates)} were there already`;
}
