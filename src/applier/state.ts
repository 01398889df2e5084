/** Where a resource stands between the two ends of a change. Pure. */
import { canonicalJson } from "../model/canonical.ts";
import type { Change, LiveResource, Settings } from "../model/plan.ts";

/**
 * before: as the plan saw it (settings and alias; revision and fingerprint are another question, see `lockHolds`).
 * after: as the change wants it. half: settings and alias stand at different ends. other: neither.
 */
export type ChangeState = "before" | "after" | "half" | "other";

export function stateOf(change: Change, live: Pick<LiveResource, "settings" | "aliases">): ChangeState {
  const alias = aliasState(change, live);
  const atAfter = holds(change.after, live.settings);
  const atBefore = holds(change.before, live.settings);
  if (atAfter && alias.after) return "after";
  if (atBefore && alias.before) return "before";
  // publishing comes last: an alias that moved without the settings was moved by somebody else
  const half = change.aliasTarget === null ? atAfter && alias.before : (atAfter || atBefore) && (alias.before || alias.after);
  return half ? "half" : "other";
}

/** Nothing was written since the plan: neither by its revision nor by its fingerprint. A plan made without connection knows neither. */
export function lockHolds(change: Change, live: LiveResource): boolean {
  return (
    (change.revision === null || live.revision === null || change.revision === live.revision) &&
    (change.fingerprint === "" || change.fingerprint === live.fingerprint)
  );
}

/** Version the alias of this change points to; null: no alias is moved, or it does not exist. */
export function aliasVersion(change: Change, live: Pick<LiveResource, "aliases">): string | null {
  return change.alias === null ? null : (live.aliases.find((one) => one.name === change.alias)?.version ?? null);
}

/** The change locked on this live state where the plan, made without connection, knew none. */
export function bound(change: Change, live: LiveResource): Change {
  return {
    ...change,
    revision: change.revision ?? live.revision,
    fingerprint: change.fingerprint === "" ? live.fingerprint : change.fingerprint,
    aliasVersion: change.aliasVersion ?? aliasVersion(change, live),
  };
}

/** The settings that a change is about, out of all. */
export function settingsOf(change: Change, live: Pick<LiveResource, "settings">): Settings {
  return Object.fromEntries(Object.keys(change.after).map((name) => [name, live.settings[name] ?? null]));
}

function holds(wanted: Settings, found: Settings): boolean {
  return Object.entries(wanted).every(([name, value]) => canonicalJson(found[name] ?? null) === canonicalJson(value));
}

function aliasState(change: Change, live: Pick<LiveResource, "aliases">): { before: boolean; after: boolean } {
  if (change.alias === null) return { before: true, after: true };
  const now = aliasVersion(change, live);
  if (change.aliasTarget !== null) return { before: now === change.aliasVersion, after: now === change.aliasTarget };
  // versions and revisions are numbered upwards: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
  return {
    before: now === change.aliasVersion || (change.aliasVersion === null && now !== null),
    after: change.aliasVersion !== null && now !== null && versionNumber(now) > versionNumber(change.aliasVersion),
  };
}

/** Of Lambda's `7` and Cloud Run's `orders-00007-wep`. The unpublished version, and a revision that a person named, come before all numbered ones. */
function versionNumber(version: string): number {
  return Number(/^(\d+)$|-(\d{5,})-[a-z0-9]{3}$/.exec(version)?.slice(1).find(Boolean) ?? 0);
}
