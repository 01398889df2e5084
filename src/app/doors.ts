/** From plans to open connections: which targets changes need, and the door to each resource. */
import type { Door } from "../applier/execute.ts";
import type { LiveSession } from "../clouds/room.ts";
import { UserError } from "../model/errors.ts";
import type { ResourceRef } from "../model/plan.ts";
import type { EpochMs } from "../model/units.ts";
import type { Settings } from "./settings.ts";
import { type Environment, type LiveFlags, type Scope, scopeOf } from "./targets.ts";

export function doorTo(sessions: readonly LiveSession[]): Door {
  return (ref) =>
    sessions.find(({ target, account }) => target.cloud === ref.cloud && account === ref.account && target.region === ref.region)
      ?.applier ?? null;
}

/**
 * The configured targets, or those of the flags, that these resources lie in. Where nothing names a region, the resources do. Throws UserError
 * where no target leads to one of the regions.
 */
export function scopeFor(refs: readonly ResourceRef[], settings: Settings, flags: LiveFlags, env: Environment, now: EpochMs): Scope {
  const regions = [...new Set(refs.map((ref) => ref.region))];
  const said = settings.live.accounts.length > 0 || (flags.region ?? []).length > 0 || Boolean(env["EVSCOPE_REGION"]);
  const { account, profile, region } = flags;
  const scope = scopeOf(settings, { account, profile, region: said ? region : regions }, env, now);
  const targets = scope.targets.filter(
    (target) => regions.includes(target.region) && (target.account === null || refs.some((ref) => ref.account === target.account)),
  );
  if (targets.length > 0 || refs.length === 0) return { ...scope, targets };
  throw new UserError(`the changes are for ${describe(refs)}; no configured account leads there`, {
    suggestions: ["--region and --profile, or aws.accounts in evscope.yaml"],
  });
}

function describe(refs: readonly ResourceRef[]): string {
  return [...new Set(refs.map((ref) => `account ${ref.account}, ${ref.region}`))].slice(0, 3).join("; ");
}
