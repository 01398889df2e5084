/** Facts about cost: what `analyzer/cost` returns and `cost` shows. */
import type { CostLine, WasteKind } from "./billing.ts";
import type { Cloud } from "./records.ts";
import type { Basis, Ms, Usd } from "./units.ts";

export type CostBy = "function" | "service" | "route" | "chain" | "cloud";

/** One row of the ledger. */
export interface CostRow {
  /** Function, service, route or chain. */
  key: string;
  /** null: the row spans several clouds (a route, a chain). */
  cloud: Cloud | null;
  account: string | null;
  region: string | null;
  /** Weighted count; in routes and chains of the invocations that took part, each once. null: the row is not about invocations. */
  invocations: number | null;
  /** Sum of billed time as logged (in routes and chains times the share); null: no log says. */
  billedMs: Ms | null;
  /** GB-seconds as the vendor counts them (MiB / 1024 x s); null: unknown. */
  gbSeconds: number | null;
  /** Cost of the invocations (or other units) that are not in `unknown`. null: nothing of the row is known. */
  usd: Usd | null;
  /** Weakest basis of `lines`; null where there are none. */
  basis: Basis | null;
  /** What `usd` is made of. */
  lines: CostLine[];
  /** By function only: ingestion of the log lines it wrote. A bill of the log service: not part of `usd`, but of `unattributedUsd`. null: not asked or unknown. */
  logsUsd: Usd | null;
  /** Invocations (or other units) whose cost is unknown, with the reason. */
  unknown: { count: number; why: string }[];
  /** Part of `usd` that is waste, by kind. */
  wasteUsd: Partial<Record<WasteKind, Usd>>;
  /** Percentiles of duration over all invocations of the row (linear interpolation between ranks). null: no durations. */
  durationMs: { p50: Ms; p95: Ms; p99: Ms } | null;
}

export interface Ledger {
  by: CostBy;
  rows: CostRow[];
  totalUsd: Usd | null;
  /** Cost that belongs to no row of this grouping (an invocation in no chain). Rows + unattributed = total. */
  unattributedUsd: Usd;
  /** What `unattributedUsd` is made of. */
  unattributedLines: CostLine[];
  /** Everything unknown in the whole ledger, by reason. */
  unknown: { count: number; why: string }[];
  /** Date of the price table. */
  pricesAsOf: string;
  from: number | null;
  to: number | null;
}
