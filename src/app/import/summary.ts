/** Results of parts, put together by file. */
import type { BrokenPart, SourceInput, SourceResult, Unrecognised } from "../../archive/index.ts";
import type { RecordType } from "../../model/records.ts";

/** What became of one file. */
export interface ImportedFile {
  path: string;
  /** IDs of the formats found, `+` between them. null: not recognised. */
  format: string | null;
  /** Records taken from it. */
  records: number;
  /** Broken records left out. */
  skipped: number;
  /** The first 20 of them. Position in the uncompressed data; null: not known. */
  broken: BrokenPart[];
  /** Well-formed content that holds nothing evscope reads. */
  ignored: { reason: string; count: number }[];
  /** Why nothing of the file (or of a part of it) was used. null: it was. */
  error: string | null;
  /** How the file begins and what was looked for, where that is why. */
  unrecognised: Unrecognised | null;
  byType: Partial<Record<RecordType, number>>;
}

const KEEP_BROKEN = 20;

/** `parts`: results by input, in any order of parts. An input without a result was not read (the import was stopped). */
export function summarise(inputs: readonly SourceInput[], parts: ReadonlyMap<number, readonly SourceResult[]>): ImportedFile[] {
  return inputs.map((input, index) => fileOf(input.path, parts.get(index) ?? []));
}

function fileOf(path: string, parts: readonly SourceResult[]): ImportedFile {
  const byType: ImportedFile["byType"] = {};
  const ignored = new Map<string, number>();
  for (const part of parts) {
    for (const [type, count] of Object.entries(part.records)) byType[type as RecordType] = (byType[type as RecordType] ?? 0) + count;
    for (const [reason, count] of Object.entries(part.ignored)) ignored.set(reason, (ignored.get(reason) ?? 0) + count);
  }
  const failed = parts.find((p) => p.error !== null);
  const recognised = [...new Set(parts.flatMap((p) => p.formats))];
  return {
    path,
    format: recognised.length > 0 ? recognised.join("+") : null,
    records: Object.values(byType).reduce((sum, count) => sum + count, 0),
    skipped: parts.reduce((sum, p) => sum + p.brokenCount, 0),
    broken: parts
      .flatMap((p) => p.broken)
      .sort((a, b) => (a.byte ?? 0) - (b.byte ?? 0))
      .slice(0, KEEP_BROKEN),
    ignored: [...ignored].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count),
    error: failed?.error ?? null,
    unrecognised: failed?.unrecognised ?? null,
    byType,
  };
}
