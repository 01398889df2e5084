/** What holds an ID: log lines of the functions on the topology, traces and histories, asked for in parallel. */
import type { Id } from "../../model/ids.ts";
import type { Config, Gap, Rec } from "../../model/records.ts";
import type { Usd } from "../../model/units.ts";
import { merged } from "../kit/concurrent.ts";
import type { Estimate, LiveContext, Span, Target } from "../room.ts";
import type { AwsApi } from "./api.ts";
import { historyOf } from "./collect-histories.ts";
import { gap, orGap } from "./live-gaps.ts";
import { GROUPS_PER_QUERY, insightsEstimate, insightsPrice } from "./log-calls.ts";
import { type LogGroup, logGroupsOf } from "./log-groups.ts";
import { arnOf } from "./names.ts";
import { searchBytes, searchLogs } from "./search-logs.ts";
import { searchTerms } from "../kit/search-terms.ts";
import { searchTraces } from "./search-traces.ts";
import { spentUsd } from "../kit/spent.ts";
import { connectedFunctions } from "./topology.ts";

/** `target`: its filter names functions that are searched whether anything triggers them or not. */
export type SearchContext = LiveContext & { target?: Target };

/** Records that hold one of these IDs, as they are found. What could not be searched is a gap among them. */
export async function* search(
  api: AwsApi,
  ctx: SearchContext,
  ids: readonly Id[],
  configs: readonly Config[],
  window: Span,
  maxQueryUsd: Usd,
): AsyncGenerator<Rec[]> {
  const { groups, gaps } = await searchedGroups(api, ctx, configs, window);
  if (gaps.length > 0) yield gaps;
  const before = spentUsd(api);
  const leftUsd = (): Usd => maxQueryUsd - (spentUsd(api) - before);
  const executions = ids.filter((id) => isExecutionOf(api, id)).map((id) => id.value);
  yield* merged([
    orGap(api, "log search", searchLogs(api, ctx, groups, searchTerms(ids), window, leftUsd)),
    searchTraces(api, ctx, ids, window, leftUsd),
    ...executions.map((arn) => orGap(api, "histories", historyOf(api, ctx, arn))),
  ]);
}

/** One round over the whole window, before any ID is known to be rare. */
export async function searchEstimate(api: AwsApi, ctx: SearchContext, configs: readonly Config[], window: Span): Promise<Estimate> {
  const { groups } = await searchedGroups(api, ctx, configs, window);
  const bytes = searchBytes(groups, window, ctx.clock.now());
  return insightsEstimate(bytes, groups.length, insightsPrice(api.region).usdPerByte, ctx.requestsPerS);
}

/**
 * Groups of the functions that the configuration connects, and of EXPRESS state machines. Functions that only an API or people call are not
 * connected to anything; where all groups fit into one query they are asked along, for nothing but their bytes. In larger accounts they are
 * left out, which a gap says. An explicit filter of functions, or an unknown topology, means all.
 */
async function searchedGroups(
  api: AwsApi,
  ctx: SearchContext,
  configs: readonly Config[],
  window: Span,
): Promise<{ groups: LogGroup[]; gaps: Gap[] }> {
  const { groups, gaps } = await logGroupsOf(api, configs, true, window);
  const connected = connectedFunctions(configs);
  const filter = ctx.target?.functions;
  const chosen = filter !== undefined && (filter.names.length > 0 || Object.keys(filter.tags).length > 0);
  if (chosen || connected.size === 0 || groups.length <= GROUPS_PER_QUERY) return { groups, gaps };
  const searched = groups.filter((group) => group.histories || group.functions.some((name) => connected.has(name)));
  const left = groups.length - searched.length;
  if (left > 0)
    gaps.push(
      gap(api, "log search", `${left} functions that no trigger, rule or state machine names were not searched; --function does`, window),
    );
  return { groups: searched, gaps };
}

function isExecutionOf(api: AwsApi, id: Id): boolean {
  const arn = id.kind === "execution" ? arnOf(id.value) : null;
  return arn?.service === "states" && arn.account === api.account && arn.region === api.region;
}
