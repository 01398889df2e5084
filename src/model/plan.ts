/** Recommendations, the changes they become, and what the journal keeps of them. Pure data: a plan file is exactly this as JSON. */
import type { Cloud, Json } from "./records.ts";
import type { EpochMs, Usd } from "./units.ts";

/** What a change can break. Anything but `none` and `restart` needs a confirmation of its own. */
export type Danger = "none" | "restart" | "data-loss" | "irreversible";

/** Settings by name with unit suffix (`memoryMib`); null: not set. */
export type Settings = { [name: string]: Json };

/** Something that can be changed. */
export interface ResourceRef {
  cloud: Cloud;
  account: string;
  region: string;
  /** What the settings belong to: `lambda.function` ... */
  kind: string;
  /** ARN or full resource ID, unqualified. */
  resource: string;
  /** Name for people. */
  name: string;
}

/** 10th, 50th and 90th percentile of what is expected. */
export interface Interval {
  p10: number;
  p50: number;
  p90: number;
}

/**
 * One change of one resource: a write bumps the revision, so that two changes of one resource would conflict.
 * `reasons` are for people and never read by apply.
 */
export interface Change extends ResourceRef {
  /** Unique in its plan. */
  id: string;
  /** The settings that change, as the plan saw them and as they shall be; same names in both. */
  before: Settings;
  after: Settings;
  /** Revision and fingerprint of the resource when the plan was made; apply refuses when the live ones differ. null: the cloud has none. */
  revision: string | null;
  fingerprint: string;
  /** Alias that shall be moved to a newly published version of the changed function; null: only the unpublished configuration changes. */
  alias: string | null;
  /** Version the alias pointed to when the plan was made; null: no alias is moved. */
  aliasVersion: string | null;
  /** Version that exists and that the alias shall point to instead of a new one (undo); null: a new version is published where `alias` is set. */
  aliasTarget: string | null;
  danger: Danger;
  /** IaC that owns the resource, as far as seen; apply refuses where it is not empty, unless told. */
  owners: string[];
  /** What is expected, for `verify`. null: nothing to compare. */
  expected: Expectation | null;
  reasons: string[];
  /** Changes of one group belong together: a later one is not made where an earlier one failed or was refused. null or left out: stands alone. */
  group?: string | null;
  /** What a person should do first; shown before the question. Left out: nothing. */
  first?: string[];
  /** true: it takes a change of ours back; rules of good advice that the old value did not keep do not hold it up. */
  undo?: boolean;
}

/** The prediction that `verify` holds against the time after the change. */
export interface Expectation {
  durationMs: Interval | null;
  /** Function whose runs tell whether the promise holds, where another resource is changed (a mapping, a rule); null or left out: the changed one, or none. */
  watched?: string | null;
  /** Runs per day after the change, where it changes how many there are. null or left out: it does not. */
  invocationsPerDay?: Interval | null;
  /** Saving per month; negative: costs more. */
  savingUsdPerMonth: Interval | null;
  /** Error and OOM share, timeout share, mean duration (ms) and invocations per day before the change; null: unknown. */
  before: {
    errorShare: number | null;
    timeoutShare: number | null;
    meanDurationMs: number | null;
    invocationsPerDay: number | null;
    usdPerMonth: Usd | null;
    memoryMib: number | null;
  };
}

export interface Plan {
  schemaVersion: 1;
  kind: "evscope-plan";
  createdAt: string;
  /** SHA-256 over the canonical JSON of `changes`; apply refuses an edited plan. */
  hash: string;
  changes: Change[];
  /** What was considered and left out, and why. */
  skipped: { name: string; why: string }[];
}

/** Live state of a resource, as an applier reads it. */
export interface LiveResource extends ResourceRef {
  settings: Settings;
  revision: string | null;
  /** Hash over everything a write could disturb (not over counters): for clouds and endpoints whose revision says nothing. */
  fingerprint: string;
  /** An update is under way; null: at rest. */
  busy: string | null;
  /** Why the last update failed: the settings read here are then not what runs. null or left out: it did not fail. */
  failed?: string | null;
  /** Aliases and the version each points to. */
  aliases: { name: string; version: string }[];
}

/** One line of the journal. Written and fsynced before (`begin`) and after (`done`, `failed`) each write. */
export interface JournalEntry {
  seq: number;
  at: EpochMs;
  /** All entries of one apply or undo. */
  run: string;
  step: "run-begin" | "begin" | "done" | "failed" | "refused" | "run-end" | "verified";
  /** The apply that an undo takes back; null: an apply. */
  undoes: string | null;
  /** Hash of the plan; null for an undo. */
  planHash: string | null;
  change: Change | null;
  /** Live state read after the write (`done`), or found instead of the expected one (`refused`), with the settings of `change` only; null: not read. */
  live: Pick<LiveResource, "settings" | "revision" | "fingerprint" | "aliases"> | null;
  /** Version published for an alias; null: none. */
  publishedVersion: string | null;
  /** For people: error, refusal, verdict. */
  note: string | null;
  /** Hash of the entry before, and of this one with it: an edited or cut journal is noticed. */
  previous: string;
  hash: string;
}
