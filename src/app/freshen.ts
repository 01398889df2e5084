/** Before a command answers from the dataset: what is missing of its window is collected, where clouds are part of the answer. */
import type { EpochMs, Ms } from "../model/units.ts";
import { openCollected } from "../store/index.ts";
import { isAbsence } from "./collect/gaps.ts";
import { collect, scopeKey } from "./collect/index.ts";
import type { LiveWorld } from "./live.ts";
import type { Settings } from "./settings.ts";
import { type Environment, type LiveFlags, type Scope, scopeOf, wantsLive } from "./targets.ts";

/** What was complete so recently is not asked for again. */
const FRESH_MS: Ms = 300_000;

/** The window to answer for, as `--since` and `--until` have it; `partial`: some of it could not be collected. */
export interface Fresh {
  since: string | undefined;
  until: string | undefined;
  partial: boolean;
}

/**
 * Collects unless clouds are neither configured nor asked for, --offline forbids it, or the last collection was complete minutes ago and
 * --live does not insist.
 * Throws what `collect` throws.
 */
export async function freshen(
  dataDir: string,
  settings: Settings,
  flags: Pick<LiveFlags, "live" | "offline" | "account" | "profile" | "region" | "since" | "until" | "max-query-usd">,
  env: Environment,
  world: LiveWorld,
): Promise<Fresh> {
  const asked = { since: flags.since, until: flags.until };
  if (!wantsLive(settings, flags, env)) return { ...asked, partial: false };
  const scope = scopeOf(settings, pick(flags), env, world.clock.now());
  // spans count back from now, not from the newest record, which may be old
  const window = scope.windowGiven ? { since: isoOf(scope.window.from), until: isoOf(scope.window.to) } : asked;
  if (flags.live !== true && isFresh(dataDir, scope)) return { ...window, partial: false };
  const { gaps, added, partial } = await collect(dataDir, scope, world);
  world.host.note(`collected ${added.toLocaleString("en-US")} new record${added === 1 ? "" : "s"}`);
  // windows of one source fail alike
  for (const reason of new Set(gaps.filter((gap) => !isAbsence(gap)).map((gap) => `${gap.what}: ${gap.why}`))) world.host.warn(reason);
  return { ...window, partial };
}

/** A command's own flags of the same names as ours (`--function`) are not about what to collect. */
function pick({ live, offline, account, profile, region, since, until, "max-query-usd": maxQueryUsd }: LiveFlags): LiveFlags {
  return { live, offline, account, profile, region, since, until, "max-query-usd": maxQueryUsd };
}

function isFresh(dataDir: string, scope: Scope): boolean {
  const at = openCollected(dataDir).completeAt(scopeKey(scope), scope.window.from);
  return at !== null && scope.window.to - at < FRESH_MS;
}

function isoOf(at: EpochMs): string {
  return new Date(at).toISOString();
}
