/** Opens the connection to one subscription, and hands out what works over it. */
import type { LiveContext, LiveSession, Target } from "../room.ts";
import { openApplier } from "./applier.ts";
import { openAzure } from "./client.ts";
import { openCollector } from "./collector.ts";
import { checkPermissions } from "./permission-check.ts";

/** Throws UserError (exit 3) without usable credentials, or where they do not see the subscription. */
export async function connect(target: Target, context: LiveContext): Promise<LiveSession> {
  const api = await openAzure(target, context);
  return {
    target,
    account: api.subscription,
    principal: api.principal,
    collector: openCollector(api, target, context),
    applier: openApplier(api, target, context),
    prober: "an app has no versions that could be measured beside the one that runs",
    permissions: () => checkPermissions(api),
    calls: () => api.calls(),
    close: () => api.close(),
  };
}
