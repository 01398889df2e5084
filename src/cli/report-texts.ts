/** Texts of the report and of a chain; what draws pages is loaded only where a page is asked for. */
import { pageAssets } from "../app/page-assets.ts";
import type { ReportResult } from "../app/report/index.ts";
import type { Chain } from "../model/chains.ts";
import type { Look } from "../report/formats/style.ts";
import { type Arranged, reportForm } from "../report/render.ts";
import type { ReportForm } from "./report-flags.ts";

/** `forms`: those that will be asked for. `root`: folder of the installed package. */
export async function reportTexts(
  { report, examples }: Pick<ReportResult, "report" | "examples">,
  forms: readonly ReportForm[],
  top: number | null,
  look: Look & Arranged,
  root: string,
): Promise<(form: ReportForm) => string> {
  const pages = forms.includes("html") ? await import("../report/render-page.ts") : null;
  return (form) =>
    form === "html" && pages !== null
      ? pages.reportPage(report, examples, top, pageAssets(root))
      : reportForm(report, top, form as Exclude<ReportForm, "html">, look);
}

export async function chainHtmlPage(chain: Chain, root: string): Promise<string> {
  const { chainPage } = await import("../report/render-page.ts");
  return chainPage(chain, pageAssets(root));
}
