/** Plan files: what `plan` writes and `apply` executes, and the copies kept while a run is open. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import * as z from "zod";
import { canonicalJson } from "../model/canonical.ts";
import { EXIT, UserError } from "../model/errors.ts";
import type { Plan } from "../model/plan.ts";
import { writeDurably } from "./durable.ts";
import { journalDir } from "./journal.ts";

const Settings = z.record(z.string(), z.json());
const Interval = z.strictObject({ p10: z.number(), p50: z.number(), p90: z.number() });
const Change = z.strictObject({
  id: z.string().min(1),
  cloud: z.enum(["aws", "azure", "gcp", "other"]),
  account: z.string(),
  region: z.string(),
  kind: z.string(),
  resource: z.string().min(1),
  name: z.string(),
  before: Settings,
  after: Settings,
  revision: z.string().nullable(),
  fingerprint: z.string(),
  alias: z.string().nullable(),
  aliasVersion: z.string().nullable(),
  aliasTarget: z.string().nullable(),
  danger: z.enum(["none", "restart", "data-loss", "irreversible"]),
  owners: z.array(z.string()),
  expected: z
    .strictObject({
      durationMs: Interval.nullable(),
      watched: z.string().nullable().optional(),
      invocationsPerDay: Interval.nullable().optional(),
      savingUsdPerMonth: Interval.nullable(),
      before: z.strictObject({
        errorShare: z.number().nullable(),
        timeoutShare: z.number().nullable(),
        meanDurationMs: z.number().nullable(),
        invocationsPerDay: z.number().nullable(),
        usdPerMonth: z.number().nullable(),
        memoryMib: z.number().nullable(),
      }),
    })
    .nullable(),
  reasons: z.array(z.string()),
  group: z.string().nullable().optional(),
  first: z.array(z.string()).optional(),
});
const PlanFile = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.literal("evscope-plan"),
  createdAt: z.iso.datetime(),
  hash: z.string(),
  changes: z.array(Change),
  skipped: z.array(z.strictObject({ name: z.string(), why: z.string() })),
});

const NEW_PLAN = ["evscope plan --out FILE makes a new one from today's advice"];

/** Throws UserError: no such file, not a plan (with line and column), edited (exit 5), or two changes of one resource. */
export function readPlan(path: string): Plan {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new UserError(`no plan file at ${path}`, { suggestions: NEW_PLAN });
  const text = readFileSync(path, "utf8");
  const json = jsonOf(text, path);
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === "number" && version > 1)
    throw new UserError(`${path} is a plan of version ${version}; this evscope reads version 1`, {
      suggestions: ["apply it with the evscope that made it, or a newer one", ...NEW_PLAN],
    });
  const parsed = PlanFile.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const at = [...issue.path, ...(issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [])];
    throw new UserError(`${path}:${placeOf(text, at)}: ${at.join(".") || "the file"}: ${issue.message}`, { suggestions: NEW_PLAN });
  }
  const plan = parsed.data as Plan;
  if (createHash("sha256").update(canonicalJson(plan.changes)).digest("hex") !== plan.hash)
    throw new UserError(`${path} was edited: its changes are not those that were planned (hash)`, {
      exitCode: EXIT.conflict,
      suggestions: NEW_PLAN,
    });
  for (const key of ["id", "resource"] as const) {
    const seen = new Set<string>();
    for (const change of plan.changes) {
      if (seen.has(change[key])) throw new UserError(`${path}: two changes of ${change[key]}; the first would make the second conflict`);
      seen.add(change[key]);
    }
  }
  return plan;
}

/** Replaces the file at once. */
export function writePlan(path: string, plan: Plan): void {
  mkdirSync(dirname(path), { recursive: true });
  writeDurably(path, `${JSON.stringify(plan, null, 2)}\n`);
}

const keptAt = (dataDir: string, hash: string): string => join(journalDir(dataDir), "plans", `${hash}.json`);

/** Keeps a copy beside the journal, so that an interrupted run can be finished without the file it came from. */
export function keepPlan(dataDir: string, plan: Plan): void {
  writePlan(keptAt(dataDir, plan.hash), plan);
}

/** The copy kept of a plan. Throws UserError if it is gone or was edited. */
export function keptPlan(dataDir: string, hash: string): Plan {
  return readPlan(keptAt(dataDir, hash));
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const at = /line (\d+) column (\d+)/.exec(String(error));
    throw new UserError(`${path}${at ? `:${at[1]}:${at[2]}` : ""}: not valid JSON, so no plan`, { suggestions: NEW_PLAN });
  }
}

/** Line and column of a field; of the nearest one around it where it is missing. JSON is YAML, whose parser knows places. */
function placeOf(text: string, path: readonly PropertyKey[]): string {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (node?.range === undefined) continue;
    const { line, col } = lines.linePos(node.range[0]);
    return `${line}:${col}`;
  }
  return "1:1";
}
