/** Google Cloud behind the room's own call door, from a script: each method gives its pages, or fails. Every call is noted. */
import { type Api, type GcpApi, GcpError } from "../../src/clouds/gcp/api.ts";
import type { CallErrorKind } from "../../src/clouds/kit/call-error.ts";
import type { LiveContext, Target } from "../../src/clouds/room.ts";
import { EVERYWHERE } from "../../src/clouds/room.ts";
import { silentHost } from "../../src/model/host.ts";
import { idKeys } from "../../src/model/id-keys.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Config, Rec, RecordType } from "../../src/model/records.ts";
import { virtualClock } from "./virtual-clock.ts";

/** One answer, all pages of a list, or an error; or a function of the request that gives one of them. */
export type Scripted = object | object[] | GcpError | ((request: JsonObject) => object | object[]);

export interface ScriptedGcp extends GcpApi {
  readonly asked: { api: Api; request: JsonObject }[];
  /** How often each method was called; a page counts as a call. */
  counts(): { [api: string]: number };
}

export const PROJECT = "shop-418";
export const REGION = "europe-west1";
/** The virtual clock starts here. */
export const NOW = Date.UTC(2026, 10, 23);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Methods that are not in the script are not known to the server. */
export function scriptedGcp(script: { [api in Api]?: Scripted }, project = PROJECT): ScriptedGcp {
  const asked: ScriptedGcp["asked"] = [];

  function answers(api: Api, request: object): JsonObject[] {
    const scripted = script[api];
    if (scripted === undefined) throw failure(api, "unsupported", "UNIMPLEMENTED", 501);
    if (scripted instanceof GcpError) throw scripted;
    const answer = typeof scripted === "function" ? (scripted as (request: JsonObject) => object)(request as JsonObject) : scripted;
    return (Array.isArray(answer) ? answer : [answer]) as JsonObject[];
  }

  return {
    project,
    principal: null,
    asked,
    counts() {
      const found: { [api: string]: number } = {};
      for (const { api } of asked) found[api] = (found[api] ?? 0) + 1;
      return found;
    },
    async call(api, request) {
      asked.push({ api, request: request as JsonObject });
      return answers(api, request)[0] ?? {};
    },
    async *pages(api, request, options = {}) {
      for (const [i, page] of answers(api, request).entries()) {
        asked.push({ api, request: request as JsonObject });
        if (i >= (options.maxPages ?? Infinity)) throw failure(api, "broken-answer", "Endless", null);
        yield page;
      }
    },
    calls: () => [],
    close() {},
  };
}

export function failure(api: Api, kind: CallErrorKind, code: string, status: number | null = 400): GcpError {
  return new GcpError(kind, api, code, `${code}: refused by the script`, status, 1);
}

export const denied = (api: Api): GcpError => failure(api, "denied", "PERMISSION_DENIED", 403);

export function gcpTarget(more: Partial<Target> = {}): Target {
  return {
    cloud: "gcp",
    name: "shop",
    account: PROJECT,
    region: EVERYWHERE,
    profile: null,
    roleArn: null,
    externalId: null,
    functions: { names: [], tags: {} },
    ...more,
  };
}

export function gcpContext(more: Partial<LiveContext> = {}): LiveContext {
  return {
    host: silentHost,
    signal: new AbortController().signal,
    clock: virtualClock(),
    keys: idKeys(),
    requestTimeoutMs: 500,
    patienceMs: 5_000,
    requestsPerS: null,
    ...more,
  };
}

/** The description of a Run service, or of what the settings say. */
export function service(name: string, settings: Config["settings"] = {}, region = REGION): Config {
  const path = settings["generation"] === 1 ? "functions" : settings["plan"] === "run-job" ? "jobs" : "services";
  return config(
    "function",
    `projects/${PROJECT}/locations/${region}/${path}/${name}`,
    name,
    { generation: 2, plan: "run-request", ...settings },
    region,
  );
}

export function config(
  kind: Config["kind"],
  resource: string,
  name: string,
  settings: Config["settings"] = {},
  region: string | null = null,
): Config {
  return {
    type: "config",
    cloud: "gcp",
    account: PROJECT,
    region,
    kind,
    resource,
    name,
    revision: null,
    observedAt: NOW,
    from: null,
    to: null,
    settings,
  };
}

export async function collected(pages: AsyncIterable<Rec[]>): Promise<Rec[]> {
  const records: Rec[] = [];
  for await (const page of pages) records.push(...page);
  return records;
}

/** The records of one type. */
export function typed<T extends RecordType>(records: readonly Rec[], type: T): Extract<Rec, { type: T }>[] {
  return records.filter((record): record is Extract<Rec, { type: T }> => record.type === type);
}
