/** Event stores and logs that grow: how fast, what they cost, who still reads old items, and what a time to live would delete. */
import type { Danger, Interval, ResourceRef } from "./plan.ts";
import type { Proposal, WrittenKind } from "./proposal.ts";
import type { Cloud } from "./records.ts";
import type { Bytes, EpochMs, Ms, Usd } from "./units.ts";

/** What keeps data. */
export type StoreKind = "dynamodb" | "cosmos" | "firestore" | "cloudwatch-logs" | "log-analytics" | "cloud-logging";

/** Form of an attribute that could say when an item ends. Only DynamoDB's epoch seconds and Firestore's Timestamp work as they are. */
export type TimeForm = "epoch-seconds" | "epoch-ms" | "iso" | "timestamp" | "other";

/** An attribute that could carry a time to live, from a sample of items. */
export interface TtlCandidate {
  attribute: string;
  form: TimeForm;
  /** Items of the sample that have it in this form, as a share. */
  share: number;
  /** Items of the sample whose time has passed already: they would go at once. */
  pastShare: number;
  /** Shortest time from the item's own beginning (an attribute that says when it began) to this end, in days; null: no item says both. */
  leastLifeD: number | null;
  /** The same for the whole store, with the sample's 95 % interval; null: its number of items is not known. */
  goAtOnce: { items: Interval; bytes: Interval } | null;
  /** Name or values say that it means an end (`expiresAt`), not a beginning (`createdAt`). */
  meansEnd: boolean;
  /** Why it cannot be the attribute; null: it can. */
  unfit: string | null;
}

/** What may be said about one store or log. */
export interface RetentionAdvice {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  store: StoreKind;
  name: string;
  target: (ResourceRef & { kind: WrittenKind }) | null;
  /** Setting now and proposed, in the words of the store (`never expire`, `30 days`, `defaultTtl -1`). null: not known, nothing proposed. */
  current: string | null;
  proposed: string | null;
  sizeBytes: Bytes | null;
  items: number | null;
  growthBytesPerMonth: Interval | null;
  /** metric: what came in, by the cloud's metric; sizes: the size read at two times; lifetime: size over age. null: growth is not known. */
  growthFrom: "metric" | "sizes" | "lifetime" | null;
  storageUsdPerMonth: Usd | null;
  /** Ingestion (logs) or writes; null: not known. */
  ingestUsdPerMonth: Usd | null;
  /** Age of the oldest thing that was read in the window; null: no log says. */
  oldestReadAgeD: number | null;
  candidates: TtlCandidate[];
  sample: { items: number; at: EpochMs | null; from: "scan" | "stream" | "file" } | null;
  savingUsdPerMonth: Interval | null;
  /** What deletes wake: streams with consumers, replicas; what they cost; policies that override. */
  effects: string[];
  refusal: string | null;
  danger: Danger;
  proposals: Proposal[];
}

/** Nothing of these stores may be deleted that is younger. */
export interface Floor {
  /** Name with `*`; names of stores are compared without case. */
  pattern: string;
  days: number;
  /** Where the user said so: `--keep`, `evscope.yaml`. */
  from: string;
}

/** What a metric counted for one resource in one day (UTC). */
export interface DailySum {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  resource: string;
  /** Vendor's name with namespace, without dimensions, lower case. */
  name: string;
  day: EpochMs;
  sum: number;
  /** How much of the day it covers. */
  coveredMs: Ms;
}

/** What a metric that tells a level (a size, a count) read: the last point of a day (UTC). */
export interface LevelRead {
  cloud: Cloud;
  account: string | null;
  resource: string;
  /** Vendor's name with namespace and dimensions, as it came. */
  name: string;
  at: EpochMs;
  value: number;
}

/** The size of a store as it was read once. */
export interface SizeSeen {
  cloud: Cloud;
  resource: string;
  at: EpochMs;
  sizeBytes: Bytes;
  items: number | null;
}

/** All advice of one run. */
export interface Retention {
  stores: RetentionAdvice[];
  floors: Floor[];
  /** Changes that would save less than was asked for, and what they would save together. */
  tooSmall: { stores: number; savingUsdPerMonth: Usd };
  from: EpochMs | null;
  to: EpochMs | null;
  pricesAsOf: string;
}
