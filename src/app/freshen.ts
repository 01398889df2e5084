/** Before a command answers from the dataset: what is missing of its window is collected, where clouds are part of the answer. */
import type { EpochMs, Ms, Usd } from "../model/units.ts";
import { openCollected } from "../store/index.ts";
import { concerns, isAbsence, type Missing, type Topic } from "./collect/gaps.ts";
import { collect, scopeKey } from "./collect/index.ts";
import type { LiveWorld } from "./live.ts";
import type { Settings } from "./settings.ts";
import { type Environment, type LiveFlags, type Scope, scopeOf, wantsLive } from "./targets.ts";

/** What was complete so recently is not asked for again. */
const FRESH_MS: Ms = 300_000;

/** What sizes are read from. */
export const SIZING_READS: readonly Topic[] = ["inventory", "logs", "metrics"];
/** What filters are learned from: what functions log of their events, and what they call. */
export const FILTER_READS: readonly Topic[] = ["inventory", "logs", "traces"];
/** What batches are read from. */
export const BATCHING_READS: readonly Topic[] = ["inventory", "logs", "metrics"];
/** What stores and logs hold, and how fast that grows. */
export const TTL_READS: readonly Topic[] = ["inventory", "metrics"];
/** What bills are read from: those of workflows count their histories' transitions. */
export const BILL_READS: readonly Topic[] = [...SIZING_READS, "histories"];
/** What chains are read from. */
export const CHAIN_READS: readonly Topic[] = [...BILL_READS, "traces"];

/** The window to answer for, as `--since` and `--until` have it; `partial`: some of what the command reads could not be collected. */
export interface Fresh {
  since: string | undefined;
  until: string | undefined;
  partial: boolean;
  /** What paid queries of the collection cost, at list price; 0: nothing was asked. null: not told. */
  spentUsd: Usd | null;
}

/**
 * Collects unless clouds are neither configured nor asked for, --offline forbids it, or minutes ago all was collected that can be had and
 * --live does not insist. `reads`: what the command's answer is made of; gaps of other kinds are told and do not make it partial.
 * `newest`: the last minutes are what the command is about, so that it collects also then. `logs`: the lines that the command needs; left out: as configured.
 * Throws what `collect` throws.
 */
export async function freshen(
  dataDir: string,
  settings: Settings,
  flags: Pick<
    LiveFlags,
    "live" | "offline" | "account" | "subscription" | "project" | "profile" | "region" | "since" | "until" | "max-query-usd"
  >,
  env: Environment,
  world: LiveWorld,
  reads: readonly Topic[],
  { newest = false, logs }: { newest?: boolean; logs?: "all" } = {},
): Promise<Fresh> {
  const asked = { since: flags.since, until: flags.until };
  if (!wantsLive(settings, flags, env)) return { ...asked, partial: false, spentUsd: 0 };
  const scope = scopeOf(settings, { ...pick(flags), logs }, env, world.clock.now());
  // spans count back from now, not from the newest record, which may be old
  const window = scope.windowGiven ? { since: isoOf(scope.window.from), until: isoOf(scope.window.to) } : asked;
  const lasting = flags.live === true || newest ? null : lastingGaps(dataDir, scope);
  if (lasting !== null) {
    const own = lasting.filter((one) => concerns(one, reads));
    tell(own, world);
    return { ...window, partial: own.length > 0, spentUsd: 0 };
  }
  const { missing, added, spentUsd } = await collect(dataDir, scope, world);
  world.host.note(`collected ${added.toLocaleString("en-US")} new record${added === 1 ? "" : "s"}`);
  tell(
    missing.filter(({ gap }) => !isAbsence(gap)),
    world,
  );
  return { ...window, partial: missing.some((one) => concerns(one, reads)), spentUsd };
}

/** Windows of one source fail alike: once each. */
function tell(missing: readonly Missing[], { host }: LiveWorld): void {
  for (const reason of new Set(missing.map(({ gap }) => `${gap.what}: ${gap.why}`))) host.warn(reason);
}

/** A command's own flags of the same names as ours (`--function`) are not about what to collect. */
function pick({ live, offline, account, subscription, project, profile, region, ...rest }: LiveFlags): LiveFlags {
  const { since, until, "max-query-usd": maxQueryUsd } = rest;
  return { live, offline, account, subscription, project, profile, region, since, until, "max-query-usd": maxQueryUsd };
}

/** What the collection of minutes ago could not get, and another could not either; null: there was none, or another could. */
function lastingGaps(dataDir: string, scope: Scope): readonly Missing[] | null {
  const last = openCollected(dataDir).complete(scopeKey(scope), scope.window.from);
  return last !== null && scope.window.to - last.at < FRESH_MS ? last.lasting : null;
}

function isoOf(at: EpochMs): string {
  return new Date(at).toISOString();
}
