/** Opens the connection to one project, and hands out what works over it. */
import type { LiveContext, LiveSession, Target } from "../room.ts";
import { openApplier } from "./applier.ts";
import { openGcp } from "./client.ts";
import { openCollector } from "./collector.ts";
import { checkPermissions } from "./permission-check.ts";

/** Throws UserError (exit 3) without usable credentials, or where there is no such project. */
export async function connect(target: Target, context: LiveContext): Promise<LiveSession> {
  const api = await openGcp(target, context);
  return {
    target,
    account: api.project,
    principal: api.principal,
    collector: openCollector(api, target, context),
    applier: openApplier(api, target, context),
    prober: "Google Cloud has no versions of a function that can be run beside its traffic without deploying them",
    permissions: () => checkPermissions(api),
    calls: () => api.calls(),
    close: () => api.close(),
  };
}
