/** A chain -> Mermaid flowchart, as GitHub, GitLab and mermaid.live draw it. */
import type { TraceDocument, TraceEdge, TraceHop } from "../report.ts";
import { visibleHops } from "./trace-tree.ts";
import { escapeTerminal } from "./text.ts";
import { humanConfidence, humanMs, humanUsd } from "./values.ts";

/** Diagrams above this are not drawn by GitHub (limit of Mermaid: maxEdges 500). */
const MOST_EDGES = 500;

/**
 * Text inside a quoted Mermaid label: everything that could end the label, start markup or a directive becomes an entity code
 * (https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters).
 */
export function escapeMermaid(text: string): string {
  return escapeTerminal(text).replace(/[^\p{L}\p{N} .,:_/()=+$?-]/gu, (c) => `#${c.codePointAt(0)};`);
}

/** Ends with a line end. Solid arrows: the sender waits for the answer; dashed: events; dotted with "guess": confidence below .5. */
export function formatMermaid(document: TraceDocument, options: { parts: boolean } = { parts: false }): string {
  const { chain } = document;
  const hops = visibleHops(chain, options.parts);
  const services = options.parts ? [] : servicesBetween(chain, hops);
  const shown = [...hops, ...services].toSorted((a, b) => a.startMs - b.startMs);
  const ids = new Map(shown.map((hop, i) => [hop.id, `h${i}`]));
  const edges = edgesOf(chain, ids);
  const critical = chain.criticalPath.flatMap(({ hopId }) => ids.get(hopId) ?? []);
  const problems = chain.problems.map(({ code, message }) => `${code}: ${message}`);
  const failed = shown.filter(({ outcome }) => outcome !== "ok" && outcome !== "unknown");
  const lines = [
    "flowchart TD",
    ...chain.clouds.flatMap((cloud) => cloudLines(cloud, shown, ids)),
    ...edges.slice(0, MOST_EDGES).map((edge) => edgeLine(edge, ids)),
    ...(edges.length > MOST_EDGES ? [`  more["${edges.length - MOST_EDGES} more edges, see #45;#45;format json"]`] : []),
    ...problems.slice(0, 20).map((problem, i) => `  p${i}[/"${escapeMermaid(problem)}"/]:::problem`),
    "  classDef failed stroke:#c00,stroke-width:2px",
    "  classDef critical stroke-width:3px",
    "  classDef problem stroke:#b60,stroke-dasharray:4",
    ...(failed.length > 0 ? [`  class ${failed.map(({ id }) => ids.get(id)!).join(",")} failed`] : []),
    ...(critical.length > 0 ? [`  class ${[...new Set(critical)].join(",")} critical`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** Queues, buses and other services that lie between shown hops. */
function servicesBetween(chain: TraceDocument["chain"], hops: readonly TraceHop[]): TraceHop[] {
  const shown = new Set(hops.map(({ id }) => id));
  const from = new Set(chain.edges.map((edge) => edge.from));
  const to = new Set(chain.edges.map((edge) => edge.to));
  return chain.hops.filter((hop) => !shown.has(hop.id) && hop.kind !== "part" && hop.partOf === null && from.has(hop.id) && to.has(hop.id));
}

function cloudLines(cloud: string, shown: readonly TraceHop[], ids: ReadonlyMap<string, string>): string[] {
  const own = shown.filter((hop) => hop.cloud === cloud);
  if (own.length === 0) return [];
  return [
    `  subgraph cloud_${cloud.replace(/\W/g, "")}["${escapeMermaid(cloud)}"]`,
    ...own.map((hop) => `    ${ids.get(hop.id)}${boxOf(hop)}`),
    "  end",
  ];
}

function boxOf(hop: TraceHop): string {
  const facts = [
    hop.durationMs === null ? "" : humanMs(hop.durationMs),
    hop.coldStart === true ? `cold start${hop.initMs === null ? "" : ` ${humanMs(hop.initMs)}`}` : "",
    hop.outcome === "ok" ? "" : hop.outcome + (hop.errorType === null ? "" : ` ${hop.errorType}`),
    hop.attempts.length > 1 ? `${hop.attempts.length} attempts` : "",
    hop.kind !== "function" && hop.kind !== "workflow" ? "" : hop.usd === null ? "cost unknown" : humanUsd(hop.usd),
  ].filter((fact) => fact !== "");
  const label = `"${[hop.name === "" ? "(no name)" : hop.name, facts.join(", ")]
    .filter((line) => line !== "")
    .map(escapeMermaid)
    .join("<br/>")}"`;
  if (hop.kind === "workflow") return `[[${label}]]`;
  return hop.kind === "function" ? `[${label}]` : `([${label}])`;
}

/** Edges between shown hops; an edge whose end is not shown is left out (its hop is a part of another). */
function edgesOf(chain: TraceDocument["chain"], ids: ReadonlyMap<string, string>): TraceEdge[] {
  return chain.edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to));
}

function edgeLine(edge: TraceEdge, ids: ReadonlyMap<string, string>): string {
  const guess = edge.confidence < 0.5;
  const arrow = guess || edge.invocation === "async" ? "-.->" : "-->";
  const facts = [edge.channel ?? "", `${guess ? "guess, " : ""}${edge.kind} ${humanConfidence(edge.confidence)}`].filter(
    (fact) => fact !== "",
  );
  return `  ${ids.get(edge.from)} ${arrow}|"${facts.map(escapeMermaid).join("<br/>")}"| ${ids.get(edge.to)}`;
}
