/**
 * What every write of a setting needs where the cloud gives no lock of its own: read at rest, compare with what the plan saw, refuse what
 * may not be, call, wait, read back. A room says per kind how it is read and sent (`Knob`); the order and the refusals are the same for all.
 */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../model/canonical.ts";
import { EXIT, UserError } from "../../model/errors.ts";
import type { Change, LiveResource, ResourceRef, Settings } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import type { Applier, LiveContext } from "../room.ts";
import { CallError } from "./call-error.ts";

/** A resource as it was read. `Found`: the room's own answers, for its next call. */
export interface KnobState<Found> {
  /** Names as in `model/proposal.ts`; all that this kind may be written to. */
  settings: Settings;
  /** What the cloud locks on (etag); null: it has none. */
  revision: string | null;
  /** By field, everything else that a write could disturb; no counters, clocks and states. Only its hash is kept. */
  rest: { [field: string]: Json };
  /** An update is under way; null: at rest. */
  busy: string | null;
  /** Why the last update failed; null: it did not. */
  failed: string | null;
  found: Found;
}

/** One kind of resource. Calls throw the room's `CallError`; refusals are UserErrors. */
export interface Knob<Found> {
  read(ref: ResourceRef): Promise<KnobState<Found>>;
  /** Throws UserError unless the values of `after` are legal and go with what they are coupled to. Nothing was written yet. */
  refuse(change: Change, now: KnobState<Found>): Promise<void> | void;
  /** The calls that write. Their answers are not believed: what is read afterwards counts. */
  send(change: Change, now: KnobState<Found>): Promise<void>;
  /** As `Applier.owners`. */
  owners(ref: ResourceRef): Promise<string[]>;
  /** true: the cloud takes the change at once and works on it for longer than anybody waits (a time to live); the new setting is believed while it is busy. */
  endsLater?: boolean;
  /** How long the cloud may go on to show the old value after it took the new one; left out: not at all. */
  shownWithinMs?: Ms;
}

export interface KnobContext {
  clock: LiveContext["clock"];
  signal: AbortSignal;
  /** A failed call as a UserError that begins with what was being done; anything else as it is. */
  explain(error: unknown, doing: string): unknown;
  /** Where it is, for messages: `eu-west-1 (production)`. */
  place: string;
}

const REST_WITHIN_MS: Ms = 300_000;
const FIRST_WAIT_MS: Ms = 250;
const LONGEST_WAIT_MS: Ms = 5_000;

/** Applier of the resources of one kind. They have no aliases. */
export function knobApplier<Found>(knob: Knob<Found>, context: KnobContext): Applier {
  const reading = async <T>(ref: ResourceRef, read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      throw context.explain(error, `read ${ref.name} in ${context.place}`);
    }
  };
  return {
    read: async (ref) => liveOf(ref, await reading(ref, () => knob.read(ref))),
    owners: (ref) => reading(ref, () => knob.owners(ref)),
    async write(change, revision) {
      if (change.alias !== null) throw noAliases(change);
      refuseUneven(change);
      const seen = await reading(change, () => atRest(knob, change, context));
      refuseChanged(change, { ...seen, fingerprint: fingerprintOf(seen) }, revision);
      await reading(change, async () => knob.refuse(change, seen));
      const now =
        canonicalJson(change.before) === canonicalJson(change.after) ? seen : await carryOut(knob, change, seen, context, reading);
      return { live: liveOf(change, now), publishedVersion: null };
    },
    moveAlias: (ref) => Promise.reject(noAliases(ref)),
  };
}

async function carryOut<Found>(
  knob: Knob<Found>,
  change: Change,
  seen: KnobState<Found>,
  context: KnobContext,
  reading: <T>(ref: ResourceRef, read: () => Promise<T>) => Promise<T>,
): Promise<KnobState<Found>> {
  const names = Object.keys(change.after);
  try {
    await knob.send(change, seen);
  } catch (error) {
    // whether it took effect is said by the resource itself
    const unsure = error instanceof CallError && error.mayHaveHappened;
    if (!unsure || unlike((await knob.read(change)).settings, change.after).length > 0)
      throw context.explain(error, `write ${names.join(", ")} of ${change.name}`);
  }
  const now = await reading(change, () => shown(knob, change, context));
  if (now.failed !== null) throw new UserError(`${change.name}: the update failed: ${now.failed}`, { exitCode: EXIT.conflict });
  refuseIgnored(change, now.settings);
  refuseDisturbed(change, [
    ...differences(seen.rest, now.rest),
    ...differences(seen.settings, now.settings).filter((name) => !names.includes(name)),
  ]);
  return now;
}

/** At rest with the new value, or as it is when the cloud has had the time that it takes to show it. */
async function shown<Found>(knob: Knob<Found>, change: Change, context: KnobContext): Promise<KnobState<Found>> {
  const deadline = context.clock.now() + (knob.shownWithinMs ?? 0);
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.6, LONGEST_WAIT_MS)) {
    const now = await atRest(knob, change, context, change.after);
    if (unlike(now.settings, change.after).length === 0 || context.clock.now() + waitMs > deadline) return now;
    await context.clock.sleep(waitMs, context.signal);
  }
}

/** Reads until no update is under way. `taken`: believed as soon as it is read, where the kind ends later. Throws UserError (exit 5) after five minutes. */
async function atRest<Found>(
  knob: Knob<Found>,
  ref: ResourceRef,
  { clock, signal }: Pick<KnobContext, "clock" | "signal">,
  taken: Settings | null = null,
): Promise<KnobState<Found>> {
  const deadline = clock.now() + REST_WITHIN_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.6, LONGEST_WAIT_MS)) {
    const state = await knob.read(ref);
    if (state.busy === null) return state;
    if (knob.endsLater === true && taken !== null && unlike(state.settings, taken).length === 0) return state;
    if (clock.now() + waitMs > deadline)
      throw new UserError(`${ref.name} is still ${state.busy} after ${REST_WITHIN_MS / 1000} s`, {
        exitCode: EXIT.conflict,
        suggestions: ["run the same command again when it is at rest"],
      });
    await clock.sleep(waitMs, signal);
  }
}

/** SHA-256 (hex) over the settings and all that a write could disturb. */
export function fingerprintOf({ settings, rest }: Pick<KnobState<unknown>, "settings" | "rest">): string {
  return createHash("sha256")
    .update(canonicalJson({ settings: known(settings), rest: known(rest) }))
    .digest("hex");
}

function liveOf(ref: ResourceRef, state: KnobState<unknown>): LiveResource {
  const { cloud, account, region, kind, resource, name } = ref;
  const { settings, revision, busy, failed } = state;
  return {
    cloud,
    account,
    region,
    kind,
    resource,
    name,
    settings,
    revision,
    busy,
    failed,
    fingerprint: fingerprintOf(state),
    aliases: [],
  };
}

/** What is not there and what is null are one. */
function known(fields: { [name: string]: Json }): { [name: string]: Json } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => (value ?? null) !== null));
}

/** Names of settings whose live value is another. */
export function unlike(live: Settings, wanted: Settings): string[] {
  return Object.keys(wanted).filter((name) => canonicalJson(live[name] ?? null) !== canonicalJson(wanted[name] ?? null));
}

/** Names of the fields in which two descriptions differ. */
export function differences(a: { [field: string]: Json }, b: { [field: string]: Json }): string[] {
  return unlike(a, { ...known(a), ...b }).sort();
}

/** Throws UserError unless the change names the same settings before and after, and at least one. */
export function refuseUneven({ id, name, before, after }: Change): void {
  const names = Object.keys(after);
  if (names.length === 0 || names.length !== Object.keys(before).length || names.some((one) => !(one in before)))
    throw new UserError(`${name}: the change ${id} does not name the same settings before and after`);
}

/**
 * Settings, revision and fingerprint must all be the ones that the plan saw. An empty fingerprint: the plan was made without reading the
 * cloud. Throws UserError (exit 5).
 */
export function refuseChanged(
  change: Change,
  live: Pick<LiveResource, "settings" | "revision" | "fingerprint">,
  revision: string | null,
): void {
  const other = unlike(live.settings, change.before).map(
    (name) => `${name} is ${JSON.stringify(live.settings[name] ?? null)}, the plan saw ${JSON.stringify(change.before[name])}`,
  );
  if (other.length > 0) throw changed(change, other.join("; "));
  refuseOtherRevision(change, live.revision, revision);
  if (change.fingerprint !== "" && live.fingerprint !== change.fingerprint) throw changed(change, "its configuration is another");
}

/** Throws UserError (exit 5) where both revisions are known and differ. */
export function refuseOtherRevision(change: Change, live: string | null, expected: string | null): void {
  if (expected !== null && live !== null && expected !== live) throw changed(change, `revision ${live}, expected ${expected}`);
}

/** Throws UserError (exit 5) where the cloud took the change and did not make it. `settings`: as read back. */
export function refuseIgnored(change: Change, settings: Settings): void {
  const ignored = unlike(settings, change.after);
  if (ignored.length > 0)
    throw new UserError(`${change.name}: the endpoint accepted the change of ${ignored.join(", ")} and did not make it`, {
      exitCode: EXIT.conflict,
    });
}

/** Throws UserError (exit 5) where other fields changed too. */
export function refuseDisturbed(change: Change, disturbed: readonly string[]): void {
  if (disturbed.length > 0)
    throw new UserError(
      `${change.name}: ${disturbed.join(", ")} changed while ${Object.keys(change.after).join(", ")} was written: somebody else writes to it`,
      { exitCode: EXIT.conflict, suggestions: ["look at it; evscope undo takes this change back"] },
    );
}

/** The refusal of a plan that is out of date (exit 5). */
export function changed({ name }: ResourceRef, what: string): UserError {
  return new UserError(`${name} was changed since the plan was made: ${what}`, {
    exitCode: EXIT.conflict,
    suggestions: ["make a new plan"],
  });
}

function noAliases({ name, kind }: ResourceRef): UserError {
  return new UserError(`${name}: a ${kind} has no aliases`);
}
