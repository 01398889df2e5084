/** Reports that were made before: the file that a later one is compared with, and those kept with the dataset. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import type { CostReport } from "../model/cost-report.ts";
import { UserError } from "../model/errors.ts";
import type { EpochMs } from "../model/units.ts";
import { writeDurably } from "./durable.ts";

const amount = z.number().nullable();
const Line = z.looseObject({ meter: z.string(), variant: z.string(), quantity: amount, unit: z.string(), usd: amount });
const Slice = z.looseObject({
  key: z.string(),
  cloud: z.enum(["aws", "azure", "gcp", "other"]).nullable(),
  account: z.string().nullable(),
  region: z.string().nullable(),
  invocations: amount,
  failed: amount,
  billedMs: amount,
  gbSeconds: amount,
  usd: amount,
  wasteUsd: z.record(z.string(), z.number()),
  p95Ms: amount,
  lines: z.array(Line),
});
/** What a comparison reads of a report; the rest is as it is. */
const ReportFile = z.looseObject({
  schemaVersion: z.literal(1),
  kind: z.literal("evscope-report"),
  from: z.iso.datetime().nullable(),
  to: z.iso.datetime().nullable(),
  days: amount,
  usd: amount,
  unattributedUsd: z.number(),
  unattributedLines: z.array(Line),
  slices: z.looseObject({ function: z.array(Slice) }),
});

const WHERE_FROM = ["evscope report --out report.json writes one; --baseline none compares with nothing"];

/** Throws UserError: no such file, not JSON, or not a report that this version can read. */
export function readReport(path: string): CostReport {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new UserError(`no report at ${path}`, { suggestions: WHERE_FROM });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new UserError(`${path} is not valid JSON, so no report`, { suggestions: WHERE_FROM });
  }
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === "number" && version > 1)
    throw new UserError(`${path} is a report of version ${version}; this evscope reads version 1`, { suggestions: WHERE_FROM });
  const parsed = ReportFile.safeParse(json);
  if (parsed.success) return json as CostReport;
  const issue = parsed.error.issues[0]!;
  throw new UserError(`${path} is no report of evscope: ${issue.path.join(".") || "the file"}: ${issue.message}`, {
    suggestions: WHERE_FROM,
  });
}

const folderOf = (dataDir: string): string => join(dataDir, "reports");

/** Time as it stands in a file's name: no colons, which Windows does not take. */
const inName = (iso: string): string => iso.replaceAll(/[:.]/g, "-");

/** Most reports kept with a dataset: a year of weekly ones, and daily ones of two months. */
const MOST_KEPT = 120;

/** Keeps the report beside the dataset, for the next one to be compared with. A report without a window is not kept. */
export function keepReport(dataDir: string, report: CostReport): void {
  if (report.to === null || report.from === null) return;
  mkdirSync(folderOf(dataDir), { recursive: true, mode: 0o700 });
  writeReport(join(folderOf(dataDir), `${inName(report.to)}_${inName(report.madeAt)}.json`), JSON.stringify(report));
}

/**
 * The newest report kept whose window ends no later than `until`, by the window's end, then by when it was made. A file that cannot be read is passed
 * over. null: none.
 */
export function keptReport(dataDir: string, until: EpochMs): CostReport | null {
  const folder = folderOf(dataDir);
  if (!existsSync(folder)) return null;
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .reverse();
  for (const name of names.slice(0, MOST_KEPT)) {
    try {
      const report = readReport(join(folder, name));
      if (report.to !== null && Date.parse(report.to) <= until) return report;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return null;
}

/** Replaces the file at once; makes its folder. */
export function writeReport(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeDurably(path, text);
}
