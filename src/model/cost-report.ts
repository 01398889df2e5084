/**
 * The scheduled cost report, and what a later one is compared with. Pure data: a report file (`report.json`) is exactly this as JSON,
 * so that times are ISO text (UTC). Money is USD at list price, unrounded.
 */
import type { CostLine, WasteKind } from "./billing.ts";
import type { Danger, Interval, Settings } from "./plan.ts";
import type { Topic } from "./proposal.ts";
import type { Cloud } from "./records.ts";
import type { Basis, Ms, Usd } from "./units.ts";

/** What the cost is divided by. `tag`: the value of the tag (label) that names teams. */
export type ReportBy = "cloud" | "service" | "tag" | "function" | "route";

/** One row of a division: what it cost in the window, and the quantities that explain it. */
export interface Slice {
  /** Cloud, service, tag value, function or route. */
  key: string;
  /** null: several, or not about one. */
  cloud: Cloud | null;
  account: string | null;
  region: string | null;
  /** Runs; null: the row is not about runs. */
  invocations: number | null;
  /** Of them failed (error, time-out, out of memory); null: not known. */
  failed: number | null;
  /** null: no log says. */
  billedMs: Ms | null;
  gbSeconds: number | null;
  /** null: nothing of the row is known. */
  usd: Usd | null;
  basis: Basis | null;
  wasteUsd: Partial<Record<WasteKind, Usd>>;
  /** Invocations or other units whose cost is unknown, and not in `usd`. */
  unknown: number;
  /** null: no durations. */
  p95Ms: Ms | null;
  /** What `usd` is made of. */
  lines: CostLine[];
}

/** A kind of business transaction: the chains of one route. */
export interface Transactions {
  route: string;
  count: number;
  failed: number;
  /** Known to lack a hop. */
  broken: number;
  /** Sum over its chains; null: nothing is known. */
  usd: Usd | null;
  /** Cost of one, over the chains whose cost is known; null: none. */
  usdEach: { mean: Usd; p50: Usd; p95: Usd } | null;
  /** End to end; null: no chain with an end. */
  p95Ms: Ms | null;
}

/**
 * Why a cost changed. Exact: the parts of one thing sum to its difference, and those of all to the whole.
 * volume: runs that did their work (or units of a service) · errors: runs per run that did its work · duration: billed time per run ·
 * memory: size per billed time · usage: other metered units per run · price: USD per unit · appeared, gone: on one side only ·
 * unexplained: quantities that one of the two reports does not know.
 */
export type Effect = "volume" | "errors" | "duration" | "memory" | "usage" | "price" | "appeared" | "gone" | "unexplained";

/** A function, or what belongs to no function, and how its cost changed. */
export interface Driver {
  key: string;
  cloud: Cloud | null;
  account: string | null;
  region: string | null;
  beforeUsd: Usd | null;
  afterUsd: Usd | null;
  changeUsd: Usd;
  effects: Partial<Record<Effect, Usd>>;
}

/** What the window is compared with. */
export interface Baseline {
  /** file: named by the user · previous-run: a report kept with the dataset · previous-window: the time before in the same dataset. */
  source: "file" | "previous-run" | "previous-window";
  from: string;
  to: string;
  /** The baseline's costs and quantities were multiplied by this, since its window had another length; 1: the same length. */
  scale: number;
  /** After `scale`; null: unknown. */
  usd: Usd | null;
}

/** The difference to the baseline. */
export interface CostChange {
  usd: Usd;
  /** Of the baseline's cost; null: that was 0. */
  share: number | null;
  effects: Partial<Record<Effect, Usd>>;
  /** The greatest first, by amount. Their sum is `usd`. */
  drivers: Driver[];
}

/** What evscope would change. */
export interface Recommended {
  topic: Topic;
  cloud: Cloud;
  name: string;
  before: Settings;
  after: Settings;
  danger: Danger;
  /** Negative: costs more. null: not known. */
  savingUsdPerMonth: Interval | null;
  /** Sentences. */
  reasons: string[];
  /** The command that shows, then makes it. */
  command: string;
}

/** A change that was made, what was promised and what came of it. */
export interface Saving {
  run: string;
  appliedAt: string;
  name: string;
  verdict: "ok" | "worse" | "too-early" | "unknown" | "undone";
  promisedUsdPerMonth: Interval | null;
  /** null: not known (yet). */
  realisedUsdPerMonth: Usd | null;
}

/** How serious a gate is: `fail` ends with exit code 6, `warn` only says so. */
export type GateLevel = "warn" | "fail";

/** One threshold and what became of it. */
export interface GateResult {
  /** As the user wrote it. */
  rule: string;
  level: GateLevel;
  /**
   * unknown: what it asks for is not known; that is said, and counts as crossed for level `fail`. no-baseline: it asks for a comparison, and
   * nothing can be compared with yet, as in the first run of a schedule: no failure.
   */
  outcome: "passed" | "crossed" | "unknown" | "no-baseline";
  /** The value it was held against, in the rule's own unit; null: unknown. */
  value: number | null;
  limit: number;
  /** One sentence with value and limit. */
  reason: string;
}

/** The report. */
export interface CostReport {
  schemaVersion: 1;
  kind: "evscope-report";
  /** Version of evscope that made it. */
  version: string;
  madeAt: string;
  /** The window; null: no telemetry. */
  from: string | null;
  to: string | null;
  /** Its length; null: no telemetry. */
  days: number | null;
  /** Date of the price table. */
  pricesAsOf: string;
  currency: "USD";
  /** null: nothing is known. */
  usd: Usd | null;
  invocations: number | null;
  failed: number | null;
  /** Sum of what is waste; its kinds. */
  wasteUsd: Partial<Record<WasteKind, Usd>>;
  /** Part of `usd` that belongs to no function, and its lines. */
  unattributedUsd: Usd;
  unattributedLines: CostLine[];
  /** Not in any sum: how many units, and why. */
  unknown: { count: number; why: string }[];
  /** Rows, the dearest first. `tag`: null where no tag was asked for. Each division sums to `usd` but for what it leaves unattributed. */
  slices: Record<Exclude<ReportBy, "tag">, Slice[]> & { tag: Slice[] | null };
  /** The tag key of `slices.tag`. */
  tagKey: string | null;
  /** Part of `usd` that belongs to no chain; null: chains were not rebuilt. */
  outsideChainsUsd: Usd | null;
  transactions: Transactions[];
  chains: { count: number; failed: number; broken: number } | null;
  /** Cost per day (UTC), whole days of the window only. */
  daily: { day: string; usd: Usd | null }[];
  /** Cost of 30.44 days at this rate; `usd` null: `why` says why not. */
  projection: { usd: Interval | null; why: string };
  baseline: Baseline | null;
  /** Why there is no baseline; null: there is one. */
  noBaseline: string | null;
  change: CostChange | null;
  recommendations: Recommended[];
  /** Looked at and not proposed, or why advice of a topic could not be had. */
  notAdvised: { topic: Topic; count: number; why: string }[];
  savings: Saving[];
  gaps: { what: string; why: string }[];
  /** What it cost to make this report (paid queries); null: not told. */
  ownUsd: Usd | null;
  gates: GateResult[];
}
