/**
 * The room's only door to Azure: the SDK's clients over a wire of our own, since their retries give up early and know no shared quota.
 * Credentials and proxies (HTTPS_PROXY) are the SDK's business.
 */
import { EXIT, UserError } from "../../model/errors.ts";
import { isObject, type JsonObject, textAt } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import type { CallErrorKind } from "../kit/call-error.ts";
import { allPages } from "../kit/pages.ts";
import type { LiveContext, Span, Target } from "../room.ts";
import { type Api, type AzureApi, AzureError } from "./api.ts";
import { safeText } from "./client-errors.ts";
import { claimsOf, openTokens, type Tokens } from "./client-credentials.ts";
import { logsOf, rowsOf } from "./client-answers.ts";
import { type Caller, type CallerOptions, type Method, newCaller } from "./client-caller.ts";
import { endpointsOf } from "./client-endpoints.ts";
import { loaded } from "./client-services.ts";
import type { Line } from "./client-wire.ts";

export interface AzureClient extends AzureApi {
  calls(): { api: string; calls: number; throttled: number; failed: number }[];
  close(): void;
}

const MAX_PAGES = 10_000;
/** Resource Graph's own limit of rows per page. */
const GRAPH_ROWS = 1_000;
/** A restart of an app ends in seconds, a recreated one in minutes. */
const UPDATE_WITHIN_MS: Ms = 300_000;
const FIRST_WAIT_MS: Ms = 500;
const LONGEST_WAIT_MS: Ms = 10_000;

/** Opens a client, asks for a token and for the subscription. Throws UserError (exit 3) without usable credentials or where they do not see it. */
export async function openAzure(target: Target, context: LiveContext): Promise<AzureClient> {
  const subscription = target.account?.toLowerCase() ?? "";
  const endpoints = endpointsOf(target);
  refuseOpen(target);
  const rest = await loaded("@azure/core-rest-pipeline", () => import("@azure/core-rest-pipeline"));
  const line: Line = { target, context, http: rest.createDefaultHttpClient(), counts: new Map() };
  const tokens = await openTokens(target, context, endpoints);
  const byScope = new Map<string, Tokens>();
  const caller = newCaller({ line, endpoints, subscription, rest, tokensFor: (scope) => memo(byScope, scope, () => tokens(scope)) });
  const { token } = (await caller.tokens("management").getToken([]))!;
  const { tenant, principal } = claimsOf(token);
  await refuseUnseen(caller, target, principal);
  return {
    subscription,
    tenant,
    principal,
    ...operations(caller, subscription, context),
    calls: () => [...line.counts].map(([api, count]) => ({ api, ...count })),
    // sockets are kept alive by the process, and do not keep it
    close() {},
  };
}

/** A token goes to each endpoint. */
function refuseOpen({ name, endpoints = {} }: Target): void {
  for (const [endpoint, url] of Object.entries(endpoints))
    if (URL.parse(url)?.protocol !== "https:")
      throw new UserError(`${name}: the endpoint ${endpoint} is no https URL: ${url}`, {
        suggestions: ["tokens are sent over TLS only; NODE_EXTRA_CA_CERTS names the certificate of an own server"],
      });
}

/** The token may be good and yet be of another tenant, or without any role here. */
async function refuseUnseen(caller: Caller, target: Target, principal: string | null): Promise<void> {
  const path = `/subscriptions/${target.account}`;
  await caller.raw("arm:GET", "GET", path, "2022-12-01").catch((error: unknown) => {
    if (!(error instanceof AzureError)) throw error;
    const unseen = error.kind === "not-found" || error.kind === "denied" || error.kind === "invalid";
    const who = principal === null ? "the credentials do" : `${principal} does`;
    throw new UserError(
      unseen
        ? `${target.name}: ${who} not see the subscription ${target.account}: ${error.message}`
        : `${target.name}: cannot ask Azure for the subscription ${target.account}: ${error.message}`,
      {
        exitCode: EXIT.credentials,
        suggestions: unseen
          ? ["assign Reader on the subscription, or sign in to its tenant: az login --tenant TENANT", "az account list shows what is seen"]
          : ["check the network, HTTPS_PROXY, and the endpoints in evscope.yaml", "evscope doctor"],
        cause: error,
      },
    );
  });
}

function operations(caller: Caller, subscription: string, context: LiveContext): Omit<AzureApi, "subscription" | "tenant" | "principal"> {
  async function call(api: Api, args: readonly unknown[], options: CallerOptions = {}): Promise<JsonObject> {
    if (api.startsWith("arm:")) {
      const [path, version, body] = args as [string, string, Json | undefined];
      return caller.raw(api, api.slice("arm:".length) as Method, path, version, body, options);
    }
    return (await caller.sdk(api, options, (operation, sdk) => operation(...args, sdk))).answer;
  }

  async function page(api: Api, args: readonly unknown[], link: string | null): Promise<JsonObject> {
    if (api === "arm:GET") return caller.raw(api, "GET", link ?? String(args[0]), link === null ? String(args[1]) : null);
    const settings = link === null ? {} : { continuationToken: link };
    return (
      await caller.sdk(api, {}, (operation, sdk) =>
        operation(...args, sdk)
          .byPage(settings)
          .next(),
      )
    ).answer;
  }

  return {
    call,
    async *pages(api, args) {
      for await (const answer of allPages(
        (link) => page(api, args, link),
        (one) => textAt(one, "nextLink"),
        limitsOf(api),
      ))
        yield rowsOf(api, answer, "value");
    },
    async *graph(query) {
      const api = "graph:resources";
      const ask = (skipToken: string | null): Promise<JsonObject> => {
        const options = { resultFormat: "objectArray", top: GRAPH_ROWS, ...(skipToken === null ? {} : { skipToken }) };
        return call(api, [{ subscriptions: [subscription], query, options }]);
      };
      for await (const answer of allPages(ask, (one) => textAt(one, "$skipToken", "skipToken"), limitsOf(api))) {
        yield rowsOf(api, answer, "data");
        // cut off without a way to go on: only queries without an ID among their columns are
        if (textAt(answer, "resultTruncated") === "true" && textAt(answer, "$skipToken", "skipToken") === null)
          throw new AzureError("failed", api, "ResultTruncated", "the answer was cut off, and cannot be continued", 200, 1);
      }
    },
    async replace(read, write, args, edit, options = {}) {
      const { answer } = await caller.sdk(read, options, (operation, sdk): Promise<unknown> => operation(...args, sdk));
      const { etag: _etag, systemData: _system, ...resource } = answer;
      edit(resource);
      dropNulls(resource);
      // the SDK makes the request and follows the operation; its model has not every field that the service has
      await caller.sdk(write, { ...options, body: JSON.stringify(resource) }, async (operation, sdk) => {
        const poller = operation(...args, options.skeleton ?? {}, sdk) as Poller;
        await poller.submitted();
        await done(poller, write, context);
      });
    },
    async queryLogs({ scope, kql, span, serverTimeoutMs }) {
      const waitMs = serverTimeoutMs ?? context.requestTimeoutMs;
      const sdk = { serverTimeoutInSeconds: Math.min(600, Math.max(1, Math.round(waitMs / 1000))), includeQueryStatistics: true };
      const timeoutMs = serverTimeoutMs === undefined ? context.requestTimeoutMs : serverTimeoutMs + context.requestTimeoutMs;
      const api = scope.kind === "workspace" ? "logs:queryWorkspace" : "logs:queryResource";
      // the SDK puts the ID behind a slash of its own
      const id = scope.kind === "workspace" ? scope.id : scope.id.replace(/^\//, "");
      return logsOf(api, await call(api, [id, kql, { startTime: new Date(span.from), endTime: new Date(span.to) }], { sdk, timeoutMs }));
    },
    async searchLogs(workspace, kql, span) {
      const path = `/v1/workspaces/${encodeURIComponent(workspace.toWellFormed())}/search?timespan=${encodeURIComponent(intervalOf(span))}`;
      return logsOf("logs:search", await caller.raw("logs:search", "POST", path, null, { query: kql }));
    },
    metrics({ resource, names, namespace, span, interval, aggregations, filter, top }) {
      const sdk = {
        timespan: intervalOf(span),
        interval,
        metricnames: names.join(","),
        aggregation: aggregations.join(","),
        ...(namespace === undefined ? {} : { metricnamespace: namespace }),
        ...(filter === undefined ? {} : { filter }),
        ...(top === undefined ? {} : { top }),
      };
      return call("monitor:metrics.list", [resource], { sdk });
    },
    metricsBatch({ resources, region, namespace, names, span, interval, aggregations, filter, top }) {
      const sdk = {
        startTime: new Date(span.from),
        endTime: new Date(span.to),
        interval,
        aggregation: aggregations.join(","),
        ...(filter === undefined ? {} : { filter }),
        ...(top === undefined ? {} : { top }),
      };
      return call("metrics:queryResources", [resources, names, namespace], { region, sdk });
    },
  };
}

interface Poller {
  submitted(): Promise<void>;
  poll(): Promise<unknown>;
  readonly isDone: boolean;
  readonly operationState: { status: string; error?: Error } | undefined;
}

const intervalOf = ({ from, to }: Span): string => `${new Date(from).toISOString()}/${new Date(to).toISOString()}`;

function limitsOf(api: Api): { maxPages: number; endless: (why: string) => Error } {
  return { maxPages: MAX_PAGES, endless: (why) => new AzureError("broken-answer", api, "EndlessList", why, 200, 1) };
}

/** Polls until the service says that a long write is done; what it says when it failed is in the error. */
async function done(poller: Poller, write: Api, { clock, signal, patienceMs }: LiveContext): Promise<void> {
  const error = (kind: CallErrorKind, code: string, why: string): AzureError => new AzureError(kind, write, code, why, null, 1, true);
  const deadline = clock.now() + Math.max(patienceMs, UPDATE_WITHIN_MS);
  for (let waitMs = FIRST_WAIT_MS; !poller.isDone; waitMs = Math.min(waitMs * 1.6, LONGEST_WAIT_MS)) {
    if (clock.now() > deadline) throw error("unreachable", "StillRunning", "accepted, and not done yet; whether it took effect is unknown");
    await clock.sleep(waitMs, signal);
    await poller.poll().catch((thrown: unknown) => {
      if (thrown instanceof AzureError)
        throw error(thrown.kind, thrown.code, `accepted, and then its end could not be read: ${thrown.message}`);
      if (!poller.isDone) throw thrown;
    });
  }
  const { status = "failed", error: why } = poller.operationState ?? {};
  if (status !== "succeeded")
    throw error("failed", "OperationFailed", `the update ${status}: ${safeText(why?.message ?? "no reason given")}`);
}

/** ARM answers null for what it does not show (app settings above all): sent back, it must not read as "none". */
function dropNulls(part: Json): void {
  if (Array.isArray(part)) part.forEach(dropNulls);
  else if (isObject(part))
    for (const [name, value] of Object.entries(part)) {
      if (value === null) delete part[name];
      else dropNulls(value);
    }
}

function memo<T>(held: Map<string, T>, key: string, make: () => T): T {
  let found = held.get(key);
  if (found === undefined) held.set(key, (found = make()));
  return found;
}
