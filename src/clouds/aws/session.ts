/** Opens the connection to one account and region, and hands out what works over it. */
import type { LiveContext, LiveSession, Target } from "../room.ts";
import { openApplier } from "./applier.ts";
import { askFilter } from "./ask-filter.ts";
import { openAws } from "./client.ts";
import { openCollector } from "./collector.ts";
import { checkPermissions } from "./permission-check.ts";
import { openProber } from "./prober.ts";
import { openSampler } from "./sampler.ts";

/** Throws UserError (exit 3) without usable credentials, or with those of another account than the target's. */
export async function connect(target: Target, context: LiveContext): Promise<LiveSession> {
  const api = await openAws(target, context);
  return {
    target,
    account: api.account,
    principal: api.principal,
    collector: openCollector(api, target, context),
    applier: openApplier(api, target, context),
    prober: openProber(api, target, context),
    sampler: openSampler(api, context),
    askFilter: (event, filter) => askFilter(api, event, filter),
    permissions: () => checkPermissions(api, target, context),
    calls: () => api.calls(),
    close: () => api.close(),
  };
}
