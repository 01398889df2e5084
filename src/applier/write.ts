/** One change through a door: alias back first where undo asks for it, then the settings. */
import type { Applier } from "../clouds/room.ts";
import type { Change, LiveResource } from "../model/plan.ts";
import { aliasVersion, settingsOf } from "./state.ts";
import { canonicalJson } from "../model/canonical.ts";

export interface Written {
  live: LiveResource;
  publishedVersion: string | null;
  note: string | null;
}

/** `live`: as just read; its revision and fingerprint are the lock, since a half-done change has moved them itself. */
export async function writeChange(change: Change, live: LiveResource, applier: Applier): Promise<Written> {
  if (change.aliasTarget === null) return { ...(await applier.write(locked(change, live), live.revision)), note: null };
  let now = live;
  if (change.alias !== null && aliasVersion(change, now) !== change.aliasTarget)
    now = await applier.moveAlias(change, change.alias, change.aliasTarget);
  if (!isSet(change, now)) {
    const settingsOnly = { ...change, alias: null, aliasVersion: null, aliasTarget: null };
    now = (await applier.write(locked(settingsOnly, now), now.revision)).live;
  }
  return { live: now, publishedVersion: null, note: staying(change) };
}

/** What putting an alias back leaves behind: versions are never deleted, since others may have begun to use them. null: nothing. */
export function staying({ alias, aliasVersion: from, aliasTarget: to }: Change): string | null {
  return alias !== null && to !== null && Number(from) > Number(to) ? `version ${from} stays published` : null;
}

function locked(change: Change, live: LiveResource): Change {
  const before = isSet(change, live) ? change.after : change.before;
  return { ...change, before, revision: live.revision, fingerprint: live.fingerprint };
}

function isSet(change: Change, live: LiveResource): boolean {
  return canonicalJson(settingsOf(change, live)) === canonicalJson(change.after);
}
