/** The doors that every cloud has. `test/contract` runs one suite over all rooms. */
import type { Billing, Price } from "../model/billing.ts";
import type { Clock } from "../model/clock.ts";
import type { Format } from "../model/formats.ts";
import type { Host } from "../model/host.ts";
import type { RecordedEvent } from "../model/filters.ts";
import type { IdKeys } from "../model/id-keys.ts";
import type { Id } from "../model/ids.ts";
import type { Change, LiveResource, ResourceRef } from "../model/plan.ts";
import type { Cloud, Config, Invocation, Json, Rec } from "../model/records.ts";
import type { ProbeRuns } from "../model/sizing.ts";
import type { Bytes, EpochMs, Mib, Ms, Usd } from "../model/units.ts";

/** A legal value range of one setting, with its source. */
export interface Limit {
  setting: string;
  min: number | null;
  max: number | null;
  /** Only these values are legal; null: any from min to max in `step`. */
  values: readonly number[] | null;
  step: number | null;
  unit: "mib" | "s" | "ms" | "count" | "vcpu" | "bytes" | "d";
  /** Plan or kind of resource it holds for; null: all. */
  appliesTo: string | null;
  source: string;
}

/** A region that stands for all of them: Azure and Google Cloud list the whole subscription or project in one call. */
export const EVERYWHERE = "*";

/** One AWS account in one region, one Azure subscription or one Google Cloud project, as the configuration names it. */
export interface Target {
  cloud: Exclude<Cloud, "other">;
  /** Name in evscope.yaml, for messages. */
  name: string;
  /**
   * AWS: expected account ID; a session with other credentials is refused; null: whatever the credentials belong to.
   * Azure: subscription ID; Google Cloud: project ID; both always set.
   */
  account: string | null;
  /** AWS: one region. Azure and Google Cloud: `EVERYWHERE`. */
  region: string;
  /** With `EVERYWHERE`: only these regions, lower case (`westeurope`, `europe-west1`). Empty or left out: all. */
  regions?: readonly string[];
  /** Endpoints instead of the vendor's public ones, by the names that the room's README lists. Left out: the public ones. */
  endpoints?: Readonly<Record<string, string>>;
  /** Azure only. `cloud`: which Azure. `workspaces`: resource IDs of Log Analytics workspaces; empty: those of the apps' Application Insights. */
  azure?: { cloud: "public" | "usgovernment" | "china"; tenant: string | null; workspaces: readonly string[] };
  /** Google Cloud only. Service account to impersonate; null: none. */
  gcp?: { impersonate: string | null };
  /** AWS: named profile of the SDK's credential chain; null: the chain's default. */
  profile: string | null;
  /** Role to assume with those credentials; null: none. */
  roleArn: string | null;
  externalId: string | null;
  /** Which functions: name patterns with `*`, and tags that must all be there. Empty: all. */
  functions: { names: readonly string[]; tags: Readonly<Record<string, string>> };
}

/** This machine, as far as it says which accounts its user works with. */
export interface Machine {
  /** The user's folder. */
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  platform: string;
  /** null: there is no such file, or it cannot be read. */
  read(path: string): string | null;
  /** Names in a folder; none: it is not there. */
  list(folder: string): string[];
}

/** An account, subscription or project that the cloud's own tools on this machine know. */
export interface Place {
  cloud: Exclude<Cloud, "other">;
  name: string;
  /** Account, subscription or project ID; null: whatever the credentials belong to. */
  account: string | null;
  /** AWS: regions to read; empty: not known. Elsewhere empty: all. */
  regions: string[];
  /** AWS; null: the environment's credentials. */
  profile?: string | null;
  /** Azure; null: the credentials' own. */
  tenant?: string | null;
  /** Azure; null: the public one. */
  azureCloud?: "usgovernment" | "china" | null;
  /** The file or variable that says so. */
  source: string;
}

/** What a session needs from outside. */
export interface LiveContext {
  host: Host;
  signal: AbortSignal;
  clock: Clock;
  keys: IdKeys;
  /** No answer within this time is a failed attempt. */
  requestTimeoutMs: Ms;
  /** How long one call is retried (throttling, 5xx, resets) before it fails. */
  patienceMs: Ms;
  /** Most requests per second to one API family, over the room's own quotas; null: those. */
  requestsPerS: number | null;
  /** What paid queries cost so far over all sessions of the command: each adds its own, and stops at the limit. Absent: each for itself. */
  spent?: { usd: Usd };
}

/** Kinds of telemetry that can be collected. */
export type Signal = "logs" | "metrics" | "traces" | "histories";

/** Half-open [from, to). */
export interface Span {
  from: EpochMs;
  to: EpochMs;
}

/** What a piece of work will take, said before it is done. null: not known. */
export interface Estimate {
  calls: number | null;
  seconds: number | null;
  usd: Usd | null;
  /** Bytes that a paid query scans; null: it is not paid by bytes, or not known. */
  bytes: Bytes | null;
}

/** A window of one source of telemetry. Running it twice yields the same records. */
export interface CollectTask {
  /** Stable name of the source: the dataset notes under it which windows it holds. */
  source: string;
  /** Further sources that the same work covers (one query over many log groups): their window is held too once the task has run. */
  alsoCovers?: readonly string[];
  signal: Signal;
  /** For people: what is read, and how (`FilterLogEvents`, `Logs Insights` ...). */
  title: string;
  via: string;
  window: Span;
  estimate: Estimate;
  /** Room-private details. */
  detail: Json;
}

export interface CollectRequest {
  signals: readonly Signal[];
  /** platform: only the platform's own lines (billing, duration, memory). all: every line, as correlation needs. */
  logs: "platform" | "all";
  window: Span;
  /** Paid queries of all sessions that share `LiveContext.spent` must stay below, together. */
  maxQueryUsd: Usd;
}

export interface CollectPlan {
  tasks: CollectTask[];
  /** What will not be collected, and why (price, no such log group, a class that cannot be searched). */
  gaps: Rec[];
}

/** A missing permission, or a source that fails for good, is a Gap among the records, never a throw. */
export interface Collector {
  /** Configuration of everything in scope, page by page. */
  inventory(): AsyncIterable<Rec[]>;
  /** Tasks for the parts of the window that `missing` says are not held. Cheap look-ups only (sizes, metric names); nothing paid. */
  plan(configs: readonly Config[], request: CollectRequest, missing: (source: string, window: Span) => Span[]): Promise<CollectPlan>;
  /** The records of a task, page by page, in bounded memory. Throws when the source could not be read to its end. */
  run(task: CollectTask): AsyncIterable<Rec[]>;
  /** Log lines, spans and histories that hold one of these IDs: log search over the functions' groups and the trace store, in parallel. */
  search(ids: readonly Id[], configs: readonly Config[], window: Span, maxQueryUsd: Usd): AsyncIterable<Rec[]>;
  /** What `search` would cost at most for one round of this window. */
  searchEstimate(configs: readonly Config[], window: Span): Promise<Estimate>;
  /** What the paid queries of this session cost so far, at list price and by what they say they scanned. */
  spentUsd?(): Usd;
}

/** What a command needs to be allowed to do. */
export interface Permission {
  /** IAM action (or role permission) as the cloud names it. */
  action: string;
  feature: "collect" | "trace" | "apply" | "probe" | "filters" | "batching" | "ttl";
  /** What it is for, and what is missing without it. */
  why: string;
  /** True: without it the command cannot start. */
  required: boolean;
}

export interface PermissionCheck extends Permission {
  /** unknown: it can only be tried by doing it (a write), or the call failed otherwise. */
  state: "granted" | "denied" | "unknown";
  note: string | null;
}

/** Writes one resource at a time. */
export interface Applier {
  /**
   * Throws UserError if there is no such resource or it may not be read. `settings`: names that must be among the settings, for clouds where
   * some cost another call, and another permission (Azure's values of host.json); left out: those of the resource's own description.
   */
  read(ref: ResourceRef, settings?: readonly string[]): Promise<LiveResource>;
  /** Who owns it, as far as the cloud says: `CloudFormation stack orders`. `unknown: why` where it may not be asked. Empty: nobody known. */
  owners(ref: ResourceRef): Promise<string[]>;
  /**
   * Writes `after` over `before` with the given revision as lock, waits until the cloud says the update is done, moves the alias where the
   * change names one (by publishing; never with `aliasTarget`), and reads back. Throws UserError (exit 5) when the live revision is another.
   * Where `before` equals `after` nothing is written but the alias: so a run that was killed between the two is finished.
   */
  write(change: Change, revision: string | null): Promise<{ live: LiveResource; publishedVersion: string | null }>;
  /** Points an alias at a version; used by undo. */
  moveAlias(ref: ResourceRef, alias: string, version: string): Promise<LiveResource>;
}

/** What a probe measured. */
export interface ProbeResult {
  runs: ProbeRuns[];
  /** Names of what could not be deleted. */
  leftBehind: string[];
  /** Every run as a record of the function, with trigger `probe`: what the dataset keeps. */
  invocations: Invocation[];
  /** Why it ended early (the function failed); null: all rounds were run, or `mayGoOn` said no. */
  stopped: string | null;
}

/** Measures a function at several sizes on versions of its own. */
export interface Prober {
  /**
   * Publishes one version per size, invokes them interleaved, and always deletes what it published. `mayGoOn` is asked before anything is
   * made and before each round of measured runs, with what was measured so far; the probe stops when it says no. Throws UserError where the
   * function cannot be probed; what was made is deleted then too, and at an abort.
   */
  probe(
    ref: ResourceRef,
    options: { sizesMib: readonly Mib[]; rounds: number; payloads: readonly string[]; mayGoOn: (runs: readonly ProbeRuns[]) => boolean },
  ): Promise<ProbeResult>;
}

/** Reads a few items of a store, to see what they hold. Paid where the cloud bills reads: `estimate` comes first. */
export interface Sampler {
  /** What reading this many items costs at most. */
  estimate(ref: ResourceRef, items: number): Promise<Estimate>;
  /** At most so many items as plain JSON, page by page, from several parts of the store where the cloud allows it. Throws UserError where it may not be read. */
  sample(ref: ResourceRef, items: number): AsyncIterable<{ [name: string]: Json }[]>;
}

/** An open connection to one target. Quotas are shared by all sessions of one account and region. */
export interface LiveSession {
  readonly target: Target;
  readonly account: string;
  /** Who the credentials say we are; null: not told. */
  readonly principal: string | null;
  readonly collector: Collector;
  readonly applier: Applier;
  /** A sentence: why functions of this cloud are not probed. */
  readonly prober: Prober | string;
  /** Left out: this cloud has no store whose items are sampled. */
  readonly sampler?: Sampler;
  /**
   * What the cloud itself says whether a filter matches an event (EventBridge: TestEventPattern); free. Throws UserError where the filter is
   * refused. Left out: this cloud offers no such call.
   */
  readonly askFilter?: (event: RecordedEvent, filter: string) => Promise<boolean>;
  /** Tries what can be tried without writing. */
  permissions(): AsyncIterable<PermissionCheck>;
  /** Calls made so far by API, with how many were throttled, for the closing line and the benches. */
  calls(): { api: string; calls: number; throttled: number; failed: number }[];
  close(): void;
}

/** One cloud. The pure halves work offline; `connect` loads the SDK. */
export interface CloudRoom {
  cloud: Cloud;
  title: string;
  /** Exported files this room recognises. */
  formats: readonly Format[];
  billing: Billing;
  prices: readonly Price[];
  limits: readonly Limit[];
  /**
   * Events that a function logged as it got them, in the shape that filters of their source look at; empty: the line holds none. Pure.
   * Left out: not read in this room yet.
   */
  loggedEvents?(message: string): Pick<RecordedEvent, "grammar" | "event" | "channel" | "messageId">[];
  /** Live doors; null: this room reads exports only. */
  live: LiveDoors | null;
  /** What the cloud's own tools on this machine know; asks nobody. */
  discover(machine: Machine): Place[];
}

/** Something in the settings that makes answers less than they could be. */
export interface Finding {
  code:
    | "retention"
    | "system-log-level"
    | "application-log-level"
    | "no-log-group"
    | "no-tracing"
    | "log-class"
    | "no-telemetry"
    | "sampling"
    | "daily-cap"
    | "no-execution-id"
    | "not-read";
  /** What it is about, and what is lost. */
  what: string;
  /** Functions, apps or log groups, all of them. */
  names: string[];
  advice: string;
}

export interface LiveDoors {
  permissions: readonly Permission[];
  /** The least-privilege policy for these features, in the cloud's own form. */
  policy(features: readonly Permission["feature"][]): Json;
  /** What in these settings loses telemetry of a window of this length. Pure. */
  findings(configs: readonly Config[], windowMs: Ms): Finding[];
  /** Throws UserError (exit 3) without usable credentials. */
  connect(target: Target, context: LiveContext): Promise<LiveSession>;
}
