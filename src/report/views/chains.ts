/** Many chains -> a list of them. */
import type { Chain } from "../../model/chains.ts";
import { humanCount, plural } from "../formats/values.ts";
import type { Report } from "../report.ts";
import { isoTime } from "./time.ts";

/** `chains --format json`; its shape is `schemas/chains.schema.json`. */
export interface ChainsDocument {
  schemaVersion: 1;
  /** All that were found, also those that are not listed. */
  total: number;
  failed: number;
  incomplete: number;
  chains: {
    id: string;
    startedAt: string | null;
    endToEndMs: number | null;
    complete: boolean;
    outcome: string;
    hops: number;
    clouds: string[];
    functions: string[];
    route: string;
    patterns: string[];
    problems: { [code: string]: number };
    usd: number | null;
    usdUnknownHops: number;
  }[];
}

function failed(chain: Chain): boolean {
  return chain.outcome !== "ok" && chain.outcome !== "unknown";
}

/** Functions and workflows; a chain without any counts the services it has. */
function countHops({ hops }: Chain): number {
  const runs = hops.filter((hop) => hop.kind === "function" || hop.kind === "workflow").length;
  return runs > 0 ? runs : hops.filter((hop) => hop.kind === "service").length;
}

/** `top`: how many are listed; null: all. The order is kept. */
export function chainsDocument(chains: readonly Chain[], top: number | null = null): ChainsDocument {
  return {
    schemaVersion: 1,
    total: chains.length,
    failed: chains.filter(failed).length,
    incomplete: chains.filter((chain) => !chain.complete).length,
    chains: chains.slice(0, top ?? undefined).map((chain) => {
      const problems: { [code: string]: number } = {};
      for (const { code } of chain.problems) problems[code] = (problems[code] ?? 0) + 1;
      return {
        id: chain.id,
        startedAt: isoTime(chain.startedAt),
        endToEndMs: chain.endToEndMs,
        complete: chain.complete,
        outcome: chain.outcome,
        hops: countHops(chain),
        clouds: [...new Set(chain.hops.map((hop) => hop.cloud))].sort(),
        functions: [...new Set(chain.hops.flatMap((hop) => (hop.function === null ? [] : [hop.function])))],
        route: chain.route,
        patterns: chain.patterns.map((pattern) => pattern.name),
        problems,
        usd: chain.usd,
        usdUnknownHops: chain.usdUnknownHops,
      };
    }),
  };
}

/** What a chain's own page explains but no list needs: nothing is missing and nothing failed. */
const REMARKS = new Set(["hub", "clock-skew"]);

/** The list as a table. */
export function chainsView(chains: readonly Chain[], top: number | null = null): Report {
  const document = chainsDocument(chains, top);
  const notes = [];
  if (document.chains.length < document.total)
    notes.push(`${humanCount(document.total - document.chains.length)} more; --top N lists more.`);
  notes.push(
    `${plural(document.total, "chain")}, ${humanCount(document.failed)} failed, ${humanCount(document.incomplete)} with something missing.`,
  );
  if (document.chains.length > 0) notes.push("evscope trace ID shows one of them.");
  return {
    schemaVersion: 1,
    title: "Chains",
    sections: [
      {
        title: "Chains",
        columns: [
          { key: "id", label: "chain", type: "id" },
          { key: "startedAt", label: "started", type: "time" },
          { key: "endToEndMs", label: "took", type: "ms" },
          { key: "outcome", label: "outcome", type: "text" },
          { key: "usd", label: "cost", type: "usd" },
          { key: "problems", label: "problems", type: "list" },
          { key: "route", label: "route", type: "text", clip: true, optional: true },
          { key: "hops", label: "hops", type: "count", optional: true },
          { key: "usdUnknownHops", label: "of unknown cost", type: "count", optional: true },
          { key: "clouds", label: "clouds", type: "list", optional: true },
        ],
        rows: document.chains.map((chain) => ({
          ...chain,
          functions: null,
          patterns: null,
          problems: Object.entries(chain.problems)
            .filter(([code]) => !REMARKS.has(code))
            .map(([code, count]) => (count === 1 ? code : `${count} x ${code}`)),
        })),
        notes,
      },
    ],
  };
}
