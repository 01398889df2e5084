/** What holds an ID: log entries of the functions and traces, asked for beside each other. Nothing of it is paid. */
import type { Id } from "../../model/ids.ts";
import type { Config, Rec } from "../../model/records.ts";
import { merged } from "../kit/concurrent.ts";
import { filterName } from "../kit/function-scope.ts";
import type { Estimate, LiveContext, Span, Target } from "../room.ts";
import type { GcpApi } from "./api.ts";
import { orGap } from "./live-gaps.ts";
import { secondsOf } from "./log-entries.ts";
import type { LogScope } from "./log-filter.ts";
import { type ReadWhole, searchFiltersOf, searchLogs } from "./search-logs.ts";
import { searchLabels, searchTraces } from "./search-traces.ts";
import { servicesOf } from "./target-scope.ts";

/** What the rounds of one window remember. */
interface Rounds {
  readWhole: ReadWhole;
  tracesAsked: Set<string>;
}

export interface Searcher {
  search(ids: readonly Id[], configs: readonly Config[], window: Span): AsyncIterable<Rec[]>;
  estimate(configs: readonly Config[], window: Span): Estimate;
}

/** The search over one project. `configs`: those that the target means. Without a filter of functions all of the project's are searched. */
export function openSearch(api: GcpApi, target: Target, ctx: LiveContext): Searcher {
  const windows = new Map<string, Rounds>();

  function scopeOf(configs: readonly Config[]): LogScope {
    const services = filterName(target) === "" ? null : servicesOf(configs);
    return { project: api.project, services, locations: [...(target.regions ?? [])] };
  }

  function roundsOf(window: Span): Rounds {
    const key = `${window.from} ${window.to}`;
    const known = windows.get(key);
    if (known !== undefined) return known;
    const rounds: Rounds = { readWhole: new Set(), tracesAsked: new Set() };
    windows.set(key, rounds);
    return rounds;
  }

  return {
    async *search(ids, configs, window) {
      const { readWhole, tracesAsked } = roundsOf(window);
      const logs = searchLogs(api, ctx, scopeOf(configs), ids, window, readWhole);
      let found = false;
      for await (const page of merged([orGap(api, "log search", logs), searchTraces(api, ctx, ids, window, tracesAsked)])) {
        found ||= page.some((record) => record.type !== "gap");
        yield page;
      }
      // the traces of what was found are asked for by their IDs; labels take a call for every name that one may have
      if (!found) yield* searchLabels(api, ctx, ids, window);
    },
    /** A page for the IDs and one for the traces they are in, by each filter that the services take. */
    estimate(configs, window) {
      const calls = 2 * searchFiltersOf(scopeOf(configs), window, ['"id"']).length;
      return { calls, seconds: secondsOf(calls, ctx.requestsPerS), usd: 0, bytes: null };
    },
  };
}
