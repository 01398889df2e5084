/** Everything that is known of one hop. */
import { escapeTerminal } from "../../../formats/text.ts";
import { humanConfidence, humanMs, humanUsd } from "../../../formats/values.ts";
import type { TraceDocument, TraceHop } from "../../../report.ts";
import { button, element } from "../dom.ts";

type Chain = TraceDocument["chain"];

/** `close`: what Escape and the button do. */
export function detailsOf(hop: TraceHop, chain: Chain, close: () => void): HTMLElement {
  const names = new Map(chain.hops.map((one) => [one.id, one.name]));
  const edges = (direction: "from" | "to"): string[] =>
    chain.edges
      .filter((edge) => edge[direction === "from" ? "to" : "from"] === hop.id)
      .map(
        (edge) =>
          `${names.get(edge[direction]) ?? edge[direction]} by ${edge.kind}, confidence ${humanConfidence(edge.confidence)}, ${edge.invocation}${edge.channel === null ? "" : `, ${edge.channel}`}`,
      );
  const problems = chain.problems.filter((one) => one.hopId === hop.id).map((one) => `${one.code}: ${one.message}`);
  const facts = Object.entries(hop).flatMap(([key, value]): [string, string][] =>
    key === "attempts" ? [] : [[label(key), shown(key, value)]],
  );
  const attempts = hop.attempts.map(
    (one) =>
      `${one.outcome} at ${humanMs(one.startMs)}, ${one.durationMs === null ? "duration unknown" : humanMs(one.durationMs)}${one.requestId === null ? "" : `, ${one.requestId}`}`,
  );
  const lists: [string, string[]][] = [
    ["caused by", edges("from")],
    ["caused", edges("to")],
    ["attempts", attempts],
    ["problems", problems],
  ];
  const panel = element("aside", { class: "details", tabindex: "-1", "aria-label": `Details of ${escapeTerminal(hop.name)}` });
  panel.append(
    element("div", { class: "details-head" }, element("strong", {}, escapeTerminal(hop.name) || "(no name)"), button("Close", close)),
    element("dl", {}, ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, escapeTerminal(value))])),
    ...lists.filter(([, lines]) => lines.length > 0).map(([name, lines]) => listed(name, lines)),
  );
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  return panel;
}

/** Lines that are shown; the rest is counted. */
const MOST_LINES = 50;

function listed(name: string, lines: readonly string[]): HTMLElement {
  const more = lines.length > MOST_LINES ? [element("li", {}, `${lines.length - MOST_LINES} more`)] : [];
  const items = lines.slice(0, MOST_LINES).map((line) => element("li", {}, escapeTerminal(line)));
  return element("div", {}, element("strong", {}, name), element("ul", {}, ...items, ...more));
}

/** Where null says that there is none. */
const NONE: ReadonlySet<string> = new Set(["function", "partOf", "errorType", "skewMs"]);

/** `startedAt` -> `started at`; `waitMs` -> `wait`. */
function label(key: string): string {
  return key
    .replace(/(Ms|Usd)$/, "")
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/^usd/, "cost");
}

function shown(key: string, value: unknown): string {
  if (value === null) return NONE.has(key) ? "none" : "unknown";
  if (typeof value === "number" && key.endsWith("Ms")) return humanMs(value);
  if (typeof value === "number" && key === "usd") return humanUsd(value);
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  return String(value);
}
