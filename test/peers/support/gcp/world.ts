/** What is there in one Google Cloud project, in the JSON form of its APIs, and how its servers behave. Tests set and read it. */
import { randomBytes } from "node:crypto";
import { Refused } from "./refused.ts";
import type { Obj } from "./protos.ts";

export interface World {
  project: string;
  number: string;
  locations: string[];
  /** Run services (v2) and their revisions. */
  services: Obj[];
  revisions: Obj[];
  /** Functions of the v2 and of the v1 API. */
  functions: Obj[];
  functions1: Obj[];
  triggers: Obj[];
  /** Of Pub/Sub, where no emulator stands in. */
  topics: Obj[];
  subscriptions: Obj[];
  databases: Obj[];
  /** Firestore fields with a TTL. */
  ttlFields: Obj[];
  logBuckets: Obj[];
  /** LogEntry, any order. */
  entries: Obj[];
  /** Time series as they are stored, ungrouped: points of 60 s. */
  series: Series[];
  /** Cloud Trace v1. */
  traces: Obj[];
  /** Hosts of APIs that are not enabled: `eventarc.googleapis.com`. */
  disabled: Set<string>;
  /** IAM permissions that the caller lacks. */
  denied: Set<string>;
  /** entries.list calls per minute; null: no limit. */
  logReadsPerMinute: number | null;
  /** Most entries per page, whatever is asked. */
  longestPage: number;
  /** Amounts come back in Kubernetes' canonical spelling: `1024Mi` as `1Gi`. */
  canonicalAmounts: boolean;
  /** How many looks at a changed service or its operation see it unready. */
  unreadyLooks: number;
  /** What happens to the next writes of a Run service or function, by its last name. */
  writes: { [name: string]: "never-ready" | "ignored" | undefined };
  /** Called when a service has become ready after a write: somebody else's hand. */
  onSettled: ((name: string) => void) | null;
}

export interface Series {
  metric: { type: string; labels?: { [name: string]: string } };
  resource: { type: string; labels: { [name: string]: string } };
  metricKind: "GAUGE" | "DELTA";
  valueType: "INT64" | "DOUBLE" | "DISTRIBUTION";
  unit: string;
  points: { endMs: number; value: number | Distribution }[];
}

/** Counts by bucket; `bounds` are the finite ones, so there is one count more. */
export interface Distribution {
  bounds: readonly number[];
  counts: readonly number[];
  mean: number;
}

export function emptyWorld(project = "shop-mail-418", number = "418027719931"): World {
  return {
    project,
    number,
    locations: ["us-central1", "europe-west1"],
    services: [],
    revisions: [],
    functions: [],
    functions1: [],
    triggers: [],
    topics: [],
    subscriptions: [],
    databases: [],
    ttlFields: [],
    logBuckets: [
      { name: `projects/${project}/locations/global/buckets/_Default`, retentionDays: 30, lifecycleState: "ACTIVE" },
      { name: `projects/${project}/locations/global/buckets/_Required`, retentionDays: 400, locked: true, lifecycleState: "ACTIVE" },
    ],
    entries: [],
    series: [],
    traces: [],
    disabled: new Set(),
    denied: new Set(),
    logReadsPerMinute: null,
    longestPage: 1000,
    canonicalAmounts: false,
    unreadyLooks: 2,
    writes: {},
    onSettled: null,
  };
}

export const newEtag = (): string => `"${randomBytes(9).toString("base64")}"`;
export const partOf = (name: string, collection: string): string | undefined => new RegExp(`(?:^|/)${collection}/([^/]+)`).exec(name)?.[1];

/** One page of a list; the token is bound to what was asked. */
export function paged(all: Obj[], list: string, request: Obj, most: number, standard: number): Obj {
  const { pageSize = 0, pageToken = "", ...asked } = request;
  const size = Math.min(pageSize > 0 ? pageSize : standard, most);
  const [from, key] = pageToken === "" ? [0, keyOf(asked)] : tokenOf(pageToken);
  if (key !== keyOf(asked)) throw new Refused("INVALID_ARGUMENT", "page_token does not belong to this request");
  const to = from + size;
  const next = to < all.length ? { nextPageToken: Buffer.from(JSON.stringify([to, key])).toString("base64url") } : {};
  return { [list]: all.slice(from, to), ...next };
}
const keyOf = (asked: Obj): string => JSON.stringify(Object.entries(asked).sort());

function tokenOf(text: string): [from: number, key: string] {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    throw new Refused("INVALID_ARGUMENT", "page_token is not one that was given out");
  }
}
