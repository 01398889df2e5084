/**
 * Writes settings of Cloud Run services and of functions: read, compare with what the plan saw, let Google judge the change, write, wait,
 * read back. Services are locked by their etag; functions have none, and only the comparison stands between two writers.
 */
import { EXIT, UserError } from "../../model/errors.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Change, LiveResource, ResourceRef } from "../../model/plan.ts";
import type { Applier, LiveContext, Target } from "../room.ts";
import { type GcpApi, GcpError } from "./api.ts";
import { failureOfOperation, readAtRest, readResource, startUpdate } from "./applier-calls.ts";
import { isHalfDone, refuseChanged, refuseOther, refuseOtherRevision, refuseWrongApi } from "./applier-refusals.ts";
import { knobAppliers } from "./knobs.ts";
import { ownersIn } from "./owners.ts";
import { aliasesOf, busyOf, differences, failedOf, fingerprintOf, readyRevisionOf, revisionOf, shares } from "./service-state.ts";
import { type Kind, refuseIllegal, settingsOf, unlike, updateOf, withSettings } from "./settings.ts";
import { refuseTraffic, sendTraffic } from "./traffic.ts";
import { asUserError } from "./user-error.ts";

/** The applier of one project: of services and functions here, of each other kind by its knob. */
export function openApplier(api: GcpApi, target: Target, context: LiveContext): Applier {
  const knobs = knobAppliers(api, target, context);
  const own = deploymentApplier(api, target, context);
  const of = (ref: ResourceRef): Applier => (Object.hasOwn(knobs, ref.kind) ? knobs[ref.kind]! : own);
  return {
    read: (ref, settings) => of(ref).read(ref, settings),
    owners: (ref) => of(ref).owners(ref),
    write: (change, revision) => of(change).write(change, revision),
    moveAlias: (ref, alias, version) => of(ref).moveAlias(ref, alias, version),
  };
}

function deploymentApplier(api: GcpApi, target: Target, context: LiveContext): Applier {
  async function read(ref: ResourceRef): Promise<LiveResource> {
    const kind = refuseOther(ref, api);
    return liveOf(ref, kind, await reading(ref, target, () => readResource(api, kind, ref.resource)));
  }

  return {
    read,
    async owners(ref) {
      const kind = refuseOther(ref, api);
      return ownersIn(await reading(ref, target, () => readResource(api, kind, ref.resource)));
    },
    async write(change, revision) {
      const kind = refuseOther(change, api);
      const seen = await reading(change, target, () => readAtRest(api, context, kind, change.resource));
      refuseWrongApi(change, kind, seen);
      refuseIllegal(kind, change, seen);
      const half = isHalfDone(change, kind, seen);
      if (half) refuseOtherRevision(change, kind, seen, revision);
      else refuseChanged(change, kind, seen, revision);
      if (change.alias !== null) await refuseTraffic(api, change, kind, seen, half);
      const written = half ? seen : await update(change, kind, seen);
      if (change.alias === null) return { live: liveOf(change, kind, written), publishedVersion: published(change, kind, seen, written) };
      const version = readyRevisionOf(written) ?? "";
      await moved(change, written, version);
      return { live: await read(change), publishedVersion: version };
    },
    async moveAlias(ref, alias, version) {
      const kind = refuseOther(ref, api);
      const seen = await reading(ref, target, () => readAtRest(api, context, kind, ref.resource));
      await sendTraffic(api, context, ref, alias, seen, version);
      return read(ref);
    },
  };

  async function update(change: Change, kind: Kind, seen: JsonObject): Promise<JsonObject> {
    const doing = `write ${Object.keys(change.after).join(", ")} of ${change.name}`;
    const { body, mask } = updateOf(kind, seen, change.after);
    if (kind === "run.service") body["etag"] = seen["etag"] ?? null;
    else if (kind === "cloudfunctions.v2")
      context.host.note(`${change.name}: Cloud Functions builds the image anew for this; it takes minutes`);
    let failure: string | null = null;
    try {
      if (kind === "run.service") await startUpdate(api, kind, body, mask, true);
      const operation = await startUpdate(api, kind, body, mask);
      failure = await failureOfOperation(api, context, kind, operation, change.name);
    } catch (error) {
      // whether it took effect is said by the resource itself
      const unsure = error instanceof GcpError && error.mayHaveHappened;
      if (!unsure || unlike(settingsOf(kind, await readResource(api, kind, change.resource)), change.after).length > 0)
        throw asUserError(error, doing);
    }
    const now = await reading(change, target, () => readAtRest(api, context, kind, change.resource));
    failure ??= failedOf(kind, now);
    if (failure !== null) await takeBack(change, kind, seen, now, failure);
    const ignored = unlike(settingsOf(kind, now), change.after);
    if (ignored.length > 0)
      throw new UserError(`${change.name}: the endpoint accepted the change of ${ignored.join(", ")} and did not make it`, {
        exitCode: EXIT.conflict,
      });
    const disturbed = differences(withSettings(kind, seen, change.after), now);
    if (disturbed.length > 0)
      throw new UserError(
        `${change.name}: ${disturbed.join(", ")} changed while ${Object.keys(change.after).join(", ")} was written: somebody else writes to it`,
        { exitCode: EXIT.conflict, suggestions: ["look at it; evscope undo takes this change back"] },
      );
    return now;
  }

  /** The new revision does not run: requests still go to the old one, and the next deployment shall not trip over these settings. */
  async function takeBack(change: Change, kind: Kind, seen: JsonObject, now: JsonObject, failure: string): Promise<never> {
    const fail = (rest: string, suggestions: string[]): UserError =>
      new UserError(`${change.name}: the change failed: ${failure}; ${rest}`, { exitCode: EXIT.conflict, suggestions });
    if (kind !== "run.service")
      throw fail("what ran before still runs", [`look at the function's build and its state; evscope undo writes the old settings`]);
    const old = readyRevisionOf(seen) ?? "the old revision";
    if (unlike(settingsOf(kind, now), change.after).length > 0) throw fail(`${old} still takes the traffic`, []);
    try {
      const { body, mask } = updateOf(kind, now, change.before);
      const operation = await startUpdate(api, kind, { ...body, etag: now["etag"] ?? null }, mask);
      const again = await failureOfOperation(api, context, kind, operation, change.name);
      const then = await readAtRest(api, context, kind, change.resource);
      const other = unlike(settingsOf(kind, then), change.before).map((name) => `${name} is as it was written`);
      if (again !== null || other.length > 0) throw new UserError(again ?? other.join(", "));
    } catch (error) {
      if (!(error instanceof GcpError) && !(error instanceof UserError)) throw error;
      throw fail(`${old} still takes the traffic, but the service could not be set back: ${error.message}`, ["evscope undo"]);
    }
    throw fail(`${old} still takes the traffic, and the service is set back to what it was`, []);
  }

  async function moved(change: Change, written: JsonObject, version: string): Promise<void> {
    try {
      await sendTraffic(api, context, change, change.alias!, written, version);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`${error.message}; ${change.name} has the change, its traffic does not go to it`, {
        exitCode: error.exitCode,
        suggestions: [...error.suggestions, "run the same command again: it goes on with the traffic"],
        cause: error,
      });
    }
  }

  /** The revision that a write made; says so where its traffic stays elsewhere. */
  function published(change: Change, kind: Kind, seen: JsonObject, written: JsonObject): string | null {
    if (kind !== "run.service") return null;
    const revision = readyRevisionOf(written);
    if (revision === readyRevisionOf(seen)) return null;
    const pinned = shares(written).flatMap((one) => one.revision ?? []);
    if (pinned.length > 0)
      context.host.warn(
        `the traffic of ${change.name} is pinned to ${pinned.join(", ")}: the new revision ${revision} takes none until it is moved`,
      );
    return revision;
  }
}

/** Reads that fail say what was looked at. */
async function reading<T>(ref: ResourceRef, target: Target, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asUserError(error, `read ${ref.name} in ${ref.region} (${target.name})`);
  }
}

function liveOf(ref: ResourceRef, kind: Kind, found: JsonObject): LiveResource {
  const { cloud, account, region, resource, name } = ref;
  return {
    cloud,
    account,
    region,
    kind: ref.kind,
    resource,
    name,
    settings: settingsOf(kind, found),
    revision: revisionOf(kind, found),
    fingerprint: fingerprintOf(found),
    busy: busyOf(kind, found),
    failed: failedOf(kind, found),
    aliases: aliasesOf(kind, found),
  };
}
