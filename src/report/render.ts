/** Facts -> the text of a command's result, in the format asked for. Where views and formats meet. */
import type { Chain } from "../model/chains.ts";
import type { Ledger } from "../model/cost.ts";
import { formatCsv } from "./formats/csv.ts";
import { formatJson } from "./formats/json.ts";
import { formatMarkdown } from "./formats/markdown.ts";
import { formatMermaid } from "./formats/mermaid.ts";
import { formatOtlp } from "./formats/otlp.ts";
import type { Look } from "./formats/style.ts";
import { formatTable } from "./formats/table.ts";
import { formatWaterfall } from "./formats/waterfall.ts";
import type { Report } from "./report.ts";
import { chainsDocument, chainsView } from "./views/chains.ts";
import { costDocument, costView } from "./views/cost.ts";
import { datasetDocument, type DatasetFacts, datasetView } from "./views/dataset.ts";
import { importDocument, type ImportFacts, importView } from "./views/imports.ts";
import { traceDocument } from "./views/trace.ts";

export type TableFormat = "table" | "json" | "csv" | "markdown";

function reportText(report: Report, format: Exclude<TableFormat, "json">, look: Look): string {
  if (format === "csv") return formatCsv(report);
  return format === "markdown" ? formatMarkdown(report) : formatTable(report, look);
}

/** One chain: `table` is the waterfall. */
export function chainText(chain: Chain, format: "table" | "json" | "mermaid" | "otlp", look: Look & { parts: boolean }): string {
  const document = traceDocument(chain);
  if (format === "json") return formatJson(document);
  if (format === "mermaid") return formatMermaid(document, look);
  return format === "otlp" ? formatOtlp(document) : formatWaterfall(document, look);
}

/** A list of chains; `top`: how many are listed, null or absent: all. */
export function chainsText(chains: readonly Chain[], format: TableFormat, look: Look & { top?: number | null }): string {
  if (format === "json") return formatJson(chainsDocument(chains, look.top ?? null));
  return reportText(chainsView(chains, look.top ?? null), format, look);
}

/** A ledger; `top`: how many rows are shown, null or absent: all. */
export function costText(ledger: Ledger, format: TableFormat, look: Look & { top?: number | null }): string {
  if (format === "json") return formatJson(costDocument(ledger, look.top ?? null));
  return reportText(costView(ledger, look.top ?? null), format, look);
}

export function importText(facts: ImportFacts, format: "table" | "json", look: Look): string {
  return format === "json" ? formatJson(importDocument(facts)) : formatTable(importView(facts), look);
}

export function datasetText(facts: DatasetFacts, format: "table" | "json", look: Look): string {
  return format === "json" ? formatJson(datasetDocument(facts)) : formatTable(datasetView(facts), look);
}
