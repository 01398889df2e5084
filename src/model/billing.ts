/** What is metered and what it costs: the shapes that every room's `billing.ts` and `prices.ts` fill. */
import type { Cloud, Invocation, Message, Outcome } from "./records.ts";
import type { Basis, Bytes, EpochMs, Mib, Ms, Usd } from "./units.ts";

/**
 * The fields of invocations that decide their bill, with how many invocations share them. The dataset groups by exactly
 * these, so that a million invocations become a few thousand groups without losing a digit. `durationMs` and `maxMemoryMib`
 * are also null where the log says what was billed and neither can change it (no init in the bill).
 */
export type UsageGroup = Pick<
  Invocation,
  | "cloud"
  | "account"
  | "region"
  | "fn"
  | "architecture"
  | "plan"
  | "memoryMib"
  | "maxMemoryMib"
  | "vcpu"
  | "billedMs"
  | "durationMs"
  | "initMs"
  | "emulator"
  | "seenIn"
> & {
  outcome: Outcome;
  coldStart: boolean | null;
  /** Sum of `weight`. */
  count: number;
  /** A snapshot was restored before the run (SnapStart). Left out: not looked at. */
  restored?: boolean;
  /** Configured /tmp and runtime: from the function's configuration, no log says them. null or left out: not known. */
  ephemeralMib?: Mib | null;
  runtime?: string | null;
  /** Size of the event where the run was asked for asynchronously; null or left out: it was not, or the size is not known. */
  asyncBytes?: Bytes | null;
  /**
   * Billed time of instances that falls to these runs: sum over the group (see `InstanceRule`). null or left out: the instance is not
   * reported, or only a sample of its runs is; then each run counts as if it ran alone.
   */
  sharedMs?: Ms | null;
  /** They began while a metric of their service or app counted what is billed (see `BillingMetric`). Left out: no. */
  metered?: boolean;
  /** What of such metrics falls to these runs, by price class, in the unit of the metric. null or left out: no metric. */
  meteredParts?: readonly { variant: string; quantity: number }[] | null;
  /** The app or service that holds the function, if it is named otherwise (Azure: Function App). null or left out: not known. */
  app?: string | null;
  /** Instances that the configuration keeps ready, paid while they idle too. null or left out: none, or not known. */
  readyInstances?: number | null;
};

/**
 * How a cloud bills instances that take several runs at a time: a period in which at least one run is in flight counts once, whatever
 * the number of runs; it has a least length and is rounded up. Each run gets the part of its period that its own rounded time is of the
 * sum of theirs, so that the parts of all runs are the billed time.
 */
export interface InstanceRule {
  cloud: Cloud;
  /** A period lasts at least so long. */
  leastMs: Ms;
  /** Longer ones are rounded up to a multiple of this. */
  stepMs: Ms;
  /** Init of an instance is billed with its first run. */
  withInit: boolean;
  /** Plans whose runs never reached an instance. */
  unbilledPlans: readonly string[];
}

/** A metric in which the cloud counts what it bills a service or app for: it knows more than the runs that were seen. */
export interface BillingMetric {
  /** Vendor's name, lower case, with namespace, without dimensions. */
  name: string;
  /** The points that count are these sums over their period. */
  statistic: string;
  /** Which end of its period a point is stamped with. */
  stampedAt: "start" | "end";
  /** Price class that it counts for. */
  variant: string;
  /** Units of `Billing.modelOf` in one unit of the metric. */
  factor: number;
  /** Falls to no run: instances that are kept ready. */
  standing: boolean;
  /** Plans whose instances kept ready it counts with the others. */
  readyPlans: readonly string[];
}

/** What such a metric counted for one resource over a time that it covers without a hole. */
export interface Metered {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  /** Name of the metric as in `BillingMetric`. */
  name: string;
  /** Resource ID of the app; null where `fn` says whose it is. */
  resource: string | null;
  fn: string | null;
  quantity: number;
  /** Half-open [from, to). */
  from: EpochMs;
  to: EpochMs;
}

/** When a metric counted the bill of a function, half-open. null: any account or region. */
export interface MeteredSpan {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  fn: string;
  from: EpochMs;
  to: EpochMs;
}

/** One metered quantity in the vendor's smallest whole unit (MiB·ms, requests, bytes): integers, so that sums are exact. */
export interface Reading {
  /** Room-wide name of the meter: `lambda.duration`, `lambda.requests`, `functions.executions`, `run.vcpu` ... */
  meter: string;
  /** Price class within the meter: `x86_64`, `arm64`, `flex`, `request-based` ...; "" where there is none. */
  variant: string;
  /** null: the telemetry does not say; the reason is in `why`. */
  quantity: number | null;
  unit:
    | "requests"
    | "mib-ms"
    | "storage-mib-ms"
    | "restored-mib"
    | "vcpu-ms"
    | "mhz-ms"
    | "bytes"
    | "operations"
    | "transitions"
    | "byte-months"
    | "poller-hours"
    | "chunks-64k";
  basis: Basis;
  why: string | null;
}

/** One line of the dated price table. */
export interface Price {
  meter: string;
  variant: string;
  /** USD per `per` units of `unit`; first tier, without free tier or discounts. */
  usd: Usd;
  per: number;
  /** Lower prices of what goes beyond so many times `per` in a month and region, ascending. Left out: one price for all. */
  tiers?: readonly { above: number; usd: Usd }[];
  unit: Reading["unit"];
  /** Multipliers on `usd` by region; regions not named: 1 where `regionsKnown` says so, else the price is assumed. */
  regions: { readonly [region: string]: number };
  /** Where and when it was read. */
  source: string;
  asOf: string;
}

/** Resolves a price; null: no price known for this meter, variant and region. */
export interface PriceBook {
  asOf: string;
  find(cloud: Cloud, meter: string, variant: string, region: string | null): FoundPrice | null;
}

/** The price of one unit of a meter. */
export interface FoundPrice {
  usdPerUnit: number;
  basis: Basis;
  source: string;
  /** Prices of the units beyond a quantity per month, ascending; left out: one price for all. */
  tiers?: readonly { above: number; usdPerUnit: number }[];
}

/** A priced reading. */
export interface CostLine extends Reading {
  /** null: unknown (no quantity or no price). */
  usd: Usd | null;
}

/** A room's billing rules: pure. */
export interface Billing {
  /** What one group of invocations is metered for, with the vendor's own rounding per invocation. */
  invocations(group: UsageGroup): Reading[];
  /** What one message is metered for on its channel (published or received side). Empty: this side is free. */
  message(message: Pick<Message, "cloud" | "direction" | "channelKind" | "sizeBytes">): Reading[];
  /** Log ingestion of this many bytes. */
  logs(sizeBytes: Bytes): Reading[];
  /** State transitions of a workflow. */
  transitions(count: number): Reading[];
  /** Instances take several runs at a time, and this is how. Left out: one at a time, or billed by the run. */
  instances?: InstanceRule;
  /** Metrics that count what is billed. Left out: none. */
  metrics?: readonly BillingMetric[];
  /** Billed quantity of a group by its runs alone, in the unit of the metrics; null: the runs do not say. */
  modelOf?(group: UsageGroup): number | null;
  /**
   * Readings of what is billed beyond runs, by the variant of the metric that counted it, or "ready": ms of instances that the configuration keeps ready, null where
   * the time is not known. `group`: no runs, but size and plan of the service.
   */
  beyondRuns?(group: UsageGroup, variant: string, quantity: number | null): Reading[];
}

/** Time of one invocation that is waste, see `analyzer/cost/waste.ts`. */
export type WasteKind = "errors" | "timeouts" | "retries" | "cold-starts";

/** Rounded up to a multiple of a step; a whole number of steps stays, whatever the arithmetic of doubles added below a microsecond. */
export function upTo(ms: Ms, stepMs: Ms): Ms {
  return Math.ceil(Math.round(ms * 1_000) / 1_000 / stepMs) * stepMs;
}
