/** From plans to open connections: which targets changes need, and the door to each resource. */
import type { Door } from "../applier/execute.ts";
import type { LiveSession } from "../clouds/room.ts";
import { UserError } from "../model/errors.ts";
import type { ResourceRef } from "../model/plan.ts";
import type { EpochMs } from "../model/units.ts";
import type { Settings } from "./settings.ts";
import { covers, type Environment, isNarrowed, type LiveFlags, type Scope, scopeOf } from "./targets.ts";

export function doorTo(sessions: readonly LiveSession[]): Door {
  return (ref) => sessions.find(({ target, account }) => covers({ ...target, account }, ref))?.applier ?? null;
}

/**
 * The configured targets, or those of the flags, that these resources lie in. Where nothing names a target, the resources do. Throws UserError
 * where no target leads to one of them.
 */
export function scopeFor(refs: readonly ResourceRef[], settings: Settings, flags: LiveFlags, env: Environment, now: EpochMs): Scope {
  if (refs.length === 0) return { ...scopeOf(settings, flags, env, now), targets: [] };
  const { account, subscription, project, profile, region } = flags;
  const given: LiveFlags = { account, subscription, project, profile, region };
  const named = ["EVSCOPE_REGION", "EVSCOPE_SUBSCRIPTION", "EVSCOPE_PROJECT"].some((name) => Boolean(env[name]));
  const said = settings.live.accounts.length > 0 || isNarrowed({ ...given, profile: undefined }) || named;
  const targets = (said ? [given] : placesOf(refs, given))
    .flatMap((place) => scopeOf(settings, place, env, now).targets)
    .filter((target) => refs.some((ref) => covers(target, ref)));
  if (targets.length > 0) return { ...scopeOf(settings, said ? given : placesOf(refs, given)[0]!, env, now), targets };
  throw new UserError(`the changes are for ${describe(refs)}; no configured account leads there`, {
    suggestions: ["--region and --profile, --subscription or --project, or accounts in evscope.yaml"],
  });
}

/** Flags that lead to where the resources lie, one set per cloud. */
function placesOf(refs: readonly ResourceRef[], given: LiveFlags): LiveFlags[] {
  const all = (cloud: ResourceRef["cloud"], key: "account" | "region"): string[] => [
    ...new Set(refs.filter((ref) => ref.cloud === cloud).map((ref) => ref[key])),
  ];
  const [region, subscription, project] = [all("aws", "region"), all("azure", "account"), all("gcp", "account")];
  return [
    ...(region.length > 0 ? [{ ...given, region }] : []),
    ...(subscription.length > 0 ? [{ subscription }] : []),
    ...(project.length > 0 ? [{ project }] : []),
  ];
}

function describe(refs: readonly ResourceRef[]): string {
  return [...new Set(refs.map((ref) => `account ${ref.account}, ${ref.region}`))].slice(0, 3).join("; ");
}
