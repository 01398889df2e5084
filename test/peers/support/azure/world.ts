/** What there is on the fake: resources by ARM ID, app settings, rows of tables, metric series, and how it behaves. */
import type { Row } from "./rows-db.ts";

export const CLIENT_ID = "c1a0de75-0000-4000-8000-00000000c11e";

export interface Resource {
  id: string;
  name: string;
  /** `Microsoft.Web/sites/functions` */
  type: string;
  location?: string;
  kind?: string;
  etag?: string;
  tags?: Record<string, string>;
  properties: Record<string, any>;
  [more: string]: unknown;
}

export interface Series {
  unit: "Count" | "Bytes" | "Percent" | "MilliSeconds" | "Unspecified";
  points: { at: number; value: number }[];
}

export interface World {
  tenant: string;
  subscription: string;
  /** By lower-case ARM ID. */
  resources: Map<string, Resource>;
  /** By lower-case ID of the site. */
  appSettings: Map<string, Record<string, string>>;
  /** Rows by customer ID of the workspace (or lower-case ID of a component without one) and table. */
  rows: Map<string, Record<string, Row[]>>;
  /** By lower-case ID of the resource, then name. */
  metrics: Map<string, Record<string, Series>>;
  /** What the caller may do, as a role says it. */
  permissions: { actions: string[]; notActions: string[] };
  /** Items of a page of a list. */
  pageSize: number;
  /** Rows that one answer of Log Analytics holds at most. */
  rowLimit: number;
  /**
   * What a write of a site does. ignored: accepted, done, and nothing is changed. fails: the operation ends as Failed. disturbed: somebody
   * else changes tags between. half: the change is made, and the operation ends as Failed all the same.
   */
  writes: "applied" | "ignored" | "fails" | "disturbed" | "half";
  /** How often an operation says InProgress before it is done; 0: answered at once with 200. */
  polls: number;
  /** After so long an operation is done though nobody asks for it; null: it waits to be asked. */
  doneAfterMs: number | null;
}

export function emptyWorld(tenant: string, subscription: string): World {
  return {
    tenant,
    subscription,
    resources: new Map(),
    appSettings: new Map(),
    rows: new Map(),
    metrics: new Map(),
    permissions: { actions: ["*"], notActions: [] },
    pageSize: 3,
    rowLimit: 500_000,
    writes: "applied",
    polls: 1,
    doneAfterMs: null,
  };
}

/** Puts a resource in place. `path` is what follows the resource group's `providers/`: `Microsoft.Web/sites/orders`. */
export function put(world: World, group: string, path: string, more: Omit<Partial<Resource>, "id" | "name" | "type"> = {}): Resource {
  const [namespace, ...rest] = path.split("/");
  const types = rest.filter((_, i) => i % 2 === 0);
  const names = rest.filter((_, i) => i % 2 === 1);
  const resource: Resource = {
    id: `/subscriptions/${world.subscription}/resourceGroups/${group}/providers/${path}`,
    name: types[0] === "sites" && types.length > 1 ? names.join("/") : names.at(-1)!,
    type: [namespace, ...types].join("/"),
    properties: {},
    ...more,
  };
  world.resources.set(resource.id.toLowerCase(), resource);
  return resource;
}

/** Every write of a resource gives it another. */
export function touch(resource: Resource, at: number): void {
  resource.etag = `"${at.toString(16).toUpperCase()}${Math.floor(Math.random() * 1e6)}"`;
  if (resource.type === "Microsoft.Web/sites") resource.properties["lastModifiedTimeUtc"] = new Date(at).toISOString().replace("Z", "");
}
