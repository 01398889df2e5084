/**
 * Page -> one HTML file that asks nobody for anything: style, script and data are in it, and its Content-Security-Policy allows exactly
 * these (by SHA-256, https://www.w3.org/TR/CSP3/#match-element-to-source-list). It reads well without script and on paper.
 */
import { createHash } from "node:crypto";
import { chainHtml } from "./chain-html.ts";
import { shorten } from "../formats/text.ts";
import { anchor, escapeHtml } from "./html.ts";
import { sectionHtml } from "./section-html.ts";
import type { Page, PageAssets } from "../report.ts";

/** Ends with a line end. */
export function formatPage({ report, chains }: Page, assets: PageAssets): string {
  const chainsTitle = chains.length === 1 ? "The chain" : "Chains to look into";
  const titles = [
    ...report.sections.map((section) => section.title),
    ...(chains.length > 0 && report.sections.length > 0 ? [chainsTitle] : []),
  ];
  const nav =
    titles.length < 2
      ? ""
      : `<nav aria-label="Sections"><ul>${titles.map((title) => `<li><a href="#${anchor(title)}">${escapeHtml(title)}</a></li>`).join("")}</ul></nav>`;
  const viewers = chains.map((chain, index) => chainHtml(chain, String(index), report.sections.length > 0 ? 3 : 2)).join("");
  const chainPart =
    chains.length === 0
      ? ""
      : report.sections.length === 0
        ? viewers
        : `<section id="${anchor(chainsTitle)}" aria-labelledby="chains-title"><h2 id="chains-title">${chainsTitle}</h2>${viewers}</section>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(assets)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escapeHtml(shorten(report.title))}</title>
<link rel="icon" href="data:,">
<style>${assets.style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header><div><h1>${escapeHtml(shorten(report.title))}</h1>${report.lead === undefined ? "" : `<p>${escapeHtml(report.lead)}</p>`}</div><div class="tools"></div></header>
${nav}
<main id="main">
${report.sections.map(sectionHtml).join("\n")}
${chainPart}
</main>
<script>${assets.script}</script>
</body>
</html>
`;
}

function policy({ script, style }: PageAssets): string {
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
}
