/** Facts -> text in the form asked for: picks view and format. What every command prints comes from here. */
import type { Batching } from "../model/batching.ts";
import type { Chain } from "../model/chains.ts";
import type { CostReport } from "../model/cost-report.ts";
import type { Ledger } from "../model/cost.ts";
import type { FilterAdvice, FilterSurvey } from "../model/filters.ts";
import type { Plan } from "../model/plan.ts";
import type { Retention } from "../model/retention.ts";
import type { Sizing, SizingAdvice } from "../model/sizing.ts";
import { type Arrangement, arrange } from "./arrange.ts";
import { formatAnnotations } from "./formats/annotations.ts";
import { formatCodeQuality } from "./formats/codequality.ts";
import { formatCsv } from "./formats/csv.ts";
import { formatCurve } from "./formats/curve.ts";
import { formatJson } from "./formats/json.ts";
import { formatJunit } from "./formats/junit.ts";
import { formatMarkdown } from "./formats/markdown.ts";
import { formatMermaid } from "./formats/mermaid.ts";
import { formatOtlp } from "./formats/otlp.ts";
import type { Look } from "./formats/style.ts";
import { formatTable } from "./formats/table.ts";
import { formatWaterfall } from "./formats/waterfall.ts";
import type { Report } from "./report.ts";
import { applyDocument, type ApplyFacts, applyView } from "./views/apply.ts";
import { batchingDocument, batchingExplained, batchingView } from "./views/batching.ts";
import { chainsDocument, chainsView } from "./views/chains.ts";
import { collectDocument, type CollectFacts, collectView } from "./views/collect.ts";
import { costDocument, costView } from "./views/cost.ts";
import { type DatasetFacts, datasetDocument, datasetView } from "./views/dataset.ts";
import { doctorDocument, type DoctorFacts, doctorView } from "./views/doctor.ts";
import { filtersDocument, filtersView, filterView } from "./views/filters.ts";
import { gatesView } from "./views/gates.ts";
import { importDocument, type ImportFacts, importView } from "./views/imports.ts";
import { filterTestDocument, type FilterTestFacts, filterTestRows, filterTestView, type TestedEvent } from "./views/filters-test.ts";
import { curveDocument, rightsizeDocument, rightsizeView } from "./views/rightsize.ts";
import { probeDocument, type ProbeFacts, probeView } from "./views/probe.ts";
import { journalDocument, type JournalFacts, journalView } from "./views/journal.ts";
import { reportRows } from "./views/report-rows.ts";
import { reportView } from "./views/report.ts";
import { planView } from "./views/plan.ts";
import { traceDocument } from "./views/trace.ts";
import { ttlDocument, ttlExplained, ttlView } from "./views/ttl.ts";
import { verifyDocument, type VerifyFacts, verifyView } from "./views/verify.ts";

export type TableForm = "table" | "csv" | "markdown";

/** Columns and order that the user asked for; left out: none. */
export interface Arranged {
  arrangement?: Arrangement;
}

/** A chain as waterfall, JSON document, Mermaid diagram or OTLP. */
export function chainText(chain: Chain, form: "table" | "json" | "mermaid" | "otlp", look: Look & { parts: boolean }): string {
  const document = traceDocument(chain);
  switch (form) {
    case "table":
      return formatWaterfall(document, look);
    case "json":
      return formatJson(document);
    case "mermaid":
      return formatMermaid(document, look);
    case "otlp":
      return formatOtlp(document);
  }
}

/** `top`: how many of the chains are shown. */
export function chainsText(chains: readonly Chain[], top: number, form: TableForm | "json", look: Look & Arranged): string {
  return form === "json" ? formatJson(chainsDocument(chains, top)) : reportText(chainsView(chains, top), form, look);
}

/** `top`: how many rows are shown; null: all. Totals count all. */
export function costText(ledger: Ledger, top: number | null, form: TableForm | "json", look: Look & Arranged): string {
  return form === "json" ? formatJson(costDocument(ledger, top)) : reportText(costView(ledger, rowsOf(top, look)), form, look, top);
}

export function importText(facts: ImportFacts, form: "table" | "json", look: Look): string {
  return form === "json" ? formatJson(importDocument(facts)) : formatTable(importView(facts), look);
}

export function collectText(facts: CollectFacts, form: "table" | "json", look: Look): string {
  return form === "json" ? formatJson(collectDocument(facts)) : formatTable(collectView(facts), look);
}

export function doctorText(facts: DoctorFacts, form: "table" | "json", look: Look): string {
  return form === "json" ? formatJson(doctorDocument(facts)) : formatTable(doctorView(facts), look);
}

export function probeText(facts: ProbeFacts, form: "table" | "json", look: Look): string {
  return form === "json" ? formatJson(probeDocument(facts)) : formatTable(probeView(facts), look);
}

/** `file`: where the plan was written; null: nowhere. */
export function planText(plan: Plan, file: string | null, form: TableForm | "json", look: Look, again = ""): string {
  return form === "json" ? formatJson(plan) : reportText(planView(plan, file, again), form, look);
}

export function applyText(facts: ApplyFacts, form: "table" | "json", look: Look): string {
  return form === "json" ? formatJson(applyDocument(facts)) : formatTable(applyView(facts), look);
}

export function verifyText(facts: VerifyFacts, form: "table" | "json", look: Look): string {
  return form === "json" ? formatJson(verifyDocument(facts)) : formatTable(verifyView(facts), look);
}

export function journalText(facts: JournalFacts, form: "table" | "json", look: Look): string {
  return form === "json" ? formatJson(journalDocument(facts)) : formatTable(journalView(facts), look);
}

export function datasetText(facts: DatasetFacts, form: "table" | "json", look: Look): string {
  return form === "json" ? formatJson(datasetDocument(facts)) : formatTable(datasetView(facts), look);
}

export function filterTestText(facts: FilterTestFacts, form: "table" | "json" | "markdown", look: Look): string {
  return form === "json" ? formatJson(filterTestDocument(facts)) : reportText(filterTestView(facts), form, look);
}

/** Results as CSV while they come; `isFirst`: with the line of column names. */
export function filterTestCsv(results: readonly TestedEvent[], isFirst: boolean): string {
  return formatCsv(filterTestRows(results), isFirst);
}

/** `top`: how many functions are shown; null: all. Totals count all. */
export function rightsizeText(
  sizing: Sizing,
  top: number | null,
  form: TableForm | "json",
  look: Look & Arranged,
  applied: ApplyFacts | null = null,
): string {
  return adviceText(
    () => rightsizeDocument(sizing, top),
    () => rightsizeView(sizing, rowsOf(top, look)),
    applied,
    form,
    look,
    top,
  );
}

/** `top`: how many consumers are shown; null: all. Totals count all. */
export function filtersText(
  survey: FilterSurvey,
  top: number | null,
  form: TableForm | "json",
  look: Look & Arranged,
  applied: ApplyFacts | null = null,
): string {
  return adviceText(
    () => filtersDocument(survey, top),
    () => filtersView(survey, rowsOf(top, look)),
    applied,
    form,
    look,
    top,
  );
}

/** The filter of one consumer, its proof and the evidence. */
export function filterText(advice: FilterAdvice, form: TableForm, look: Look): string {
  return reportText(filterView(advice), form, look);
}

/** The curve of one function, drawn. */
export function curveText(advice: SizingAdvice, look: Look): string {
  return formatCurve(curveDocument(advice), look);
}

/** `top`: how many stores are shown; null: all. `whole`: everything about each instead of a line. */
export function ttlText(
  retention: Retention,
  { top, whole }: { top: number | null; whole: boolean },
  form: TableForm | "json",
  look: Look & Arranged,
  applied: ApplyFacts | null = null,
): string {
  return adviceText(
    () => ttlDocument(retention, top),
    () => (whole ? ttlExplained(retention) : ttlView(retention, rowsOf(top, look))),
    applied,
    form,
    look,
    top,
  );
}

/** `top`: how many mappings are shown; null: all. `whole`: everything about each instead of a line. */
export function batchingText(
  batching: Batching,
  { top, whole }: { top: number | null; whole: boolean },
  form: TableForm | "json",
  look: Look & Arranged,
  applied: ApplyFacts | null = null,
): string {
  return adviceText(
    () => batchingDocument(batching, top),
    () => (whole ? batchingExplained(batching) : batchingView(batching, rowsOf(top, look))),
    applied,
    form,
    look,
    top,
  );
}

/** Rows of a table where people read it. */
const READABLE_ROWS = 10;

/** The cost report. `top`: rows of each table; null: all that the form is good for. */
export function reportForm(
  report: CostReport,
  top: number | null,
  form: TableForm | "json" | "junit" | "codequality",
  look: Look & Arranged,
): string {
  switch (form) {
    case "json":
      return formatJson(report);
    case "csv":
      return formatCsv(reportRows(report));
    case "junit":
      return formatJunit(gatesView(report.gates));
    case "codequality":
      return formatCodeQuality(gatesView(report.gates));
    default:
      return reportText(reportView(report, rowsOf(top ?? READABLE_ROWS, look)), form, look, top ?? READABLE_ROWS);
  }
}

/** Thresholds that are not passed, as a CI server's annotations; empty: all are. */
export function annotationsText(gates: CostReport["gates"], server: "github" | "azure"): string {
  return formatAnnotations(gatesView(gates), server);
}

/** Advice, and below it what was done about it; null: nothing. */
function adviceText<Document extends { schemaVersion: 1 }>(
  documentOf: () => Document,
  viewOf: () => Report,
  applied: ApplyFacts | null,
  form: TableForm | "json",
  look: Look & Arranged,
  top: number | null,
): string {
  if (form === "json") return formatJson({ ...documentOf(), ...(applied === null ? {} : { apply: applyDocument(applied) }) });
  const view = viewOf();
  return reportText(applied === null ? view : { ...view, sections: [...view.sections, ...applyView(applied).sections] }, form, look, top);
}

/** Rows for a view: all of them where they are sorted first and cut then. */
function rowsOf(top: number | null, { arrangement }: Arranged): number | null {
  return arrangement === undefined || arrangement.sort === null ? top : null;
}

/** `top`: rows left after the sorting that was asked for; null: all. */
function reportText(given: Report, form: TableForm, look: Look & Arranged, top: number | null = null): string {
  const report = look.arrangement === undefined ? given : arrange(given, look.arrangement, top);
  switch (form) {
    case "table":
      return formatTable(report, look);
    case "csv":
      return formatCsv(report);
    case "markdown":
      return formatMarkdown(report);
  }
}
