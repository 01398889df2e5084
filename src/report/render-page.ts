/** Facts -> page. Apart from `render.ts`, since drawing charts takes a library that no other form needs. */
import type { Chain } from "../model/chains.ts";
import type { CostReport } from "../model/cost-report.ts";
import { formatPage } from "./page/page.ts";
import type { PageAssets } from "./report.ts";
import { reportView } from "./views/report.ts";
import { traceDocument } from "./views/trace.ts";

/** Rows of a table: a browser shows more than a terminal, but not everything at once. */
const PAGE_ROWS = 500;

/** The cost report with chains to look into. `top`: rows of each table; null: up to 500. */
export function reportPage(report: CostReport, chains: readonly Chain[], top: number | null, assets: PageAssets): string {
  return formatPage({ report: reportView(report, top ?? PAGE_ROWS), chains: chains.map(traceDocument) }, assets);
}

/** One chain. */
export function chainPage(chain: Chain, assets: PageAssets): string {
  return formatPage({ report: { schemaVersion: 1, title: `Chain ${chain.id}`, sections: [] }, chains: [traceDocument(chain)] }, assets);
}
