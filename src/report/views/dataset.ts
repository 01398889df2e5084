/** What the dataset holds -> its document and table. */
import type { Gap } from "../../model/records.ts";
import { plural } from "../formats/values.ts";
import type { Report } from "../report.ts";
import { isoTime } from "./time.ts";

/** What is shown of a dataset. */
export interface DatasetFacts {
  dir: string;
  schemaVersion: number;
  batches: number;
  rows: Readonly<Record<string, number>>;
  sizeBytes: number;
  from: number | null;
  to: number | null;
  clouds: readonly string[];
  functions: number;
  days: readonly { day: string; files: number; sizeBytes: number }[];
  gaps: readonly Gap[];
}

/** `dataset info --format json`; its shape is `schemas/dataset-info.schema.json`. */
export interface DatasetDocument {
  schemaVersion: 1;
  dataset: {
    dir: string;
    /** Layout version of the files on disk. */
    schemaVersion: number;
    batches: number;
    rows: { [type: string]: number };
    sizeBytes: number;
    from: string | null;
    to: string | null;
    clouds: string[];
    functions: number;
    days: { day: string; files: number; sizeBytes: number }[];
    gaps: { what: string; why: string; cloud: string; from: string | null; to: string | null }[];
  };
}

export function datasetDocument(facts: DatasetFacts): DatasetDocument {
  const { dir, schemaVersion, batches, rows, sizeBytes, clouds, functions, days, gaps } = facts;
  return {
    schemaVersion: 1,
    dataset: {
      dir,
      schemaVersion,
      batches,
      rows: { ...rows },
      sizeBytes,
      from: isoTime(facts.from),
      to: isoTime(facts.to),
      clouds: [...clouds],
      functions,
      days: days.map(({ day, files, sizeBytes: size }) => ({ day, files, sizeBytes: size })),
      gaps: gaps.map(({ what, why, cloud, from, to }) => ({ what, why, cloud, from: isoTime(from), to: isoTime(to) })),
    },
  };
}

/** A day with more files than this is slow to read. */
const COMPACT_ABOVE = 50;

export function datasetView(facts: DatasetFacts): Report {
  const crowded = facts.days.filter((day) => day.files > COMPACT_ABOVE).length;
  const notes = [
    `${facts.dir}: ${plural(facts.batches, "batch", "batches")}, layout version ${facts.schemaVersion}.`,
    `${plural(facts.functions, "function")} on ${facts.clouds.length === 0 ? "no cloud" : facts.clouds.join(", ")}; ${period(facts)}.`,
    ...(crowded > 0
      ? [`${plural(crowded, "day has", "days have")} more than ${COMPACT_ABOVE} files: evscope dataset compact makes questions quicker.`]
      : []),
  ];
  return {
    schemaVersion: 1,
    title: "Dataset",
    sections: [
      {
        title: "Dataset",
        columns: [
          { key: "type", label: "records", type: "text" },
          { key: "count", label: "count", type: "count" },
        ],
        rows: Object.entries(facts.rows).map(([type, count]) => ({ type, count })),
        notes,
      },
      {
        title: "Days",
        columns: [
          { key: "day", label: "day (UTC)", type: "text" },
          { key: "files", label: "files", type: "count" },
          { key: "sizeBytes", label: "size", type: "bytes" },
        ],
        rows: facts.days.map(({ day, files, sizeBytes }) => ({ day, files, sizeBytes })),
        total: { day: "total", files: facts.days.reduce((sum, day) => sum + day.files, 0), sizeBytes: facts.sizeBytes },
        // windows of one source fail alike
        notes: [...new Set(facts.gaps.map((gap) => `Gap: ${gap.what}: ${gap.why}`))],
      },
    ],
  };
}

function period(facts: DatasetFacts): string {
  const [from, to] = [isoTime(facts.from), isoTime(facts.to)];
  return from === null || to === null ? "no records with a time" : `${from} to ${to}`;
}
