/** A chain as HTML that reads without script: what is known of it, its hops as a table, and the data that the viewer draws from. */
import { endMsOf } from "../formats/trace-bar.ts";
import { treeRows } from "../formats/trace-tree.ts";
import { shorten } from "../formats/text.ts";
import { clockNotes, remarks, timeSpent } from "../formats/trace-words.ts";
import { humanConfidence, humanMs, humanPercent, humanUsd, plural } from "../formats/values.ts";
import type { TraceDocument } from "../report.ts";
import { escapeHtml, jsonBlock } from "./html.ts";

/** Rows of the table; the viewer has all. */
const MOST_ROWS = 500;
/** Remarks that are shown. */
const MOST_REMARKS = 20;

/** `key`: names the elements of this chain, one word. */
export function chainHtml(document: TraceDocument, key: string, level: 2 | 3): string {
  const { chain } = document;
  const rows = treeRows(chain, false);
  const critical = new Set(chain.criticalPath.map((segment) => segment.hopId));
  const said = remarks(chain, rows);
  const told = [
    ...said.slice(0, MOST_REMARKS).map(({ what, next }) => (next === null ? what : `${what}: ${next}`)),
    ...(said.length > MOST_REMARKS ? [plural(said.length - MOST_REMARKS, "more remark")] : []),
    ...clockNotes(chain, rows),
  ];
  const spent = timeSpent(chain).map(({ label, ms, share }) => `${label} ${humanMs(ms)} (${humanPercent(share)})`);
  const facts: [string, string][] = [
    ["outcome", chain.outcome],
    ["end to end", chain.endToEndMs === null ? "unknown" : humanMs(chain.endToEndMs)],
    [
      "cost",
      chain.usd === null
        ? "unknown"
        : `${humanUsd(chain.usd)}${chain.usdUnknownHops === 0 ? "" : ` and ${plural(chain.usdUnknownHops, "hop")} of unknown cost`}`,
    ],
    ["started", chain.startedAt === null ? "unknown" : `${chain.startedAt.replace("T", " ").replace("Z", "")} UTC`],
    ["clouds", chain.clouds.join(", ")],
    ["complete", chain.complete ? "yes" : "no: something is known to be missing"],
    ["patterns", [...new Set(chain.patterns.map((pattern) => pattern.name))].join(", ") || "none"],
    ["where the time went", spent.length === 0 ? "unknown" : spent.join(", ")],
    ["route", chain.route],
  ];
  const cells = rows.slice(0, MOST_ROWS).map(({ hop, depth, cause }) => {
    const name = `${"· ".repeat(Math.min(depth, 12))}${hop.name === "" ? "(no name)" : hop.name}`;
    const ends = hop.endedAt === null && hop.durationMs === null ? "unknown" : humanMs(endMsOf(hop) - hop.startMs);
    return `<tr><th scope="row">${escapeHtml(shorten(name))}${critical.has(hop.id) ? ' <span class="on-path">critical path</span>' : ""}</th><td>${hop.cloud}</td><td class="num">${humanMs(hop.startMs)}</td><td class="num">${ends}</td><td>${escapeHtml(hop.outcome)}</td><td class="num">${hop.usd === null ? "unknown" : humanUsd(hop.usd)}</td><td class="num">${cause === null ? "-" : humanConfidence(cause.confidence)}</td></tr>`;
  });
  const title = `chain-${key}-title`;
  return `<section class="chain" id="chain-${key}-section" aria-labelledby="${title}">
<h${level} id="${title}">${escapeHtml(shorten(chain.id))}</h${level}>
<dl class="facts">${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(shorten(value))}</dd></div>`).join("")}</dl>
${told.length === 0 ? "" : `<ul class="notes">${told.map((one) => `<li>${escapeHtml(shorten(one))}</li>`).join("")}</ul>`}
<div class="chain-viewer" data-chain="${key}"></div>
<details class="hops"><summary>Hops as a table (${rows.length})</summary>
<div class="scroll" role="region" tabindex="0" aria-label="Hops of the chain"><table><thead><tr><th scope="col">hop</th><th scope="col">cloud</th><th scope="col" class="num">start</th><th scope="col" class="num">took</th><th scope="col">outcome</th><th scope="col" class="num">cost</th><th scope="col" class="num">confidence</th></tr></thead><tbody>${cells.join("")}</tbody></table></div>${rows.length > MOST_ROWS ? `<p class="notes">${plural(rows.length - MOST_ROWS, "more hop")}.</p>` : ""}</details>
<script type="application/json" id="chain-${key}">${jsonBlock(document)}</script>
</section>`;
}
