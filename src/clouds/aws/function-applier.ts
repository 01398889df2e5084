/**
 * Writes settings of Lambda functions: read, compare with what the plan saw, write under the revision as lock, wait, read back. The
 * comparison is by reading as well, since endpoints exist that give no RevisionId, never change it, or accept a stale one.
 */
import { EXIT, UserError } from "../../model/errors.ts";
import type { Change, LiveResource, ResourceRef } from "../../model/plan.ts";
import { changed, refuseChanged, refuseDisturbed, refuseIgnored, refuseOtherRevision, unlike } from "../kit/knob.ts";
import type { Applier, LiveContext, Target } from "../room.ts";
import { type Alias, pointAlias, provisionedNote, publish, readAlias, refuseUnreleased } from "./alias-move.ts";
import { AwsError, type AwsApi } from "./api.ts";
import {
  busyOf,
  differences,
  failedOf,
  fingerprintOf,
  readAtRest,
  readConfiguration,
  settingsOf,
  waitUntilAtRest,
} from "./function-state.ts";
import { arnOf, functionOf } from "./names.ts";
import { ownersOf } from "./owners.ts";
import { list, obj, type Obj, text } from "./schema.ts";
import { fieldsOf, inputOf, refuseIllegal, withSettings } from "./settings.ts";
import { asUserError } from "./user-error.ts";

/** The applier of the functions of one account and region. */
export function functionApplier(api: AwsApi, target: Target, context: LiveContext): Applier {
  async function read(ref: ResourceRef): Promise<LiveResource> {
    refuseOther(ref);
    return reading(ref, target, async () => liveOf(ref, await readConfiguration(api, nameOf(ref)), await aliasesOf(api, nameOf(ref))));
  }

  return {
    read,
    owners: (ref) => ownersOf(api, { tags: ["lambda:ListTags", { Resource: ref.resource }], physicalId: nameOf(ref) }),
    async write(change, revision) {
      refuseOther(change);
      const fn = nameOf(change);
      const seen = await reading(change, target, () => readAtRest(api, context, fn));
      await reading(change, target, () => refuseIllegal(api, change, settingsOf(seen)));
      const half = isHalfDone(change, seen);
      if (half) refuseOtherRevision(change, text(seen["RevisionId"]), revision);
      else refuseChanged(change, liveOf(change, seen, []), revision);
      const alias = change.alias === null ? null : await reading(change, target, () => usableAlias(change, seen, half));
      const written = half ? seen : await update(change, seen);
      // nothing was written since it was read at rest
      if (alias === null) return { live: liveOf(change, written, await aliasesOf(api, fn)), publishedVersion: null };
      const publishedVersion = await move(change, alias, written);
      return { live: await read(change), publishedVersion };
    },
    async moveAlias(ref, alias, version) {
      refuseOther(ref);
      const found = await reading(ref, target, () => readAlias(api, nameOf(ref), alias));
      await pointAlias(api, context, nameOf(ref), found, version);
      return read(ref);
    },
  };

  /** The alias as the plan saw it, ready to be moved. Throws before anything is written. */
  async function usableAlias(change: Change, seen: Obj, half: boolean): Promise<Alias> {
    const alias = await readAlias(api, nameOf(change), change.alias!);
    if (change.aliasVersion !== null && alias.version !== change.aliasVersion)
      throw changed(change, `alias ${alias.name} points to version ${alias.version}, the plan saw ${change.aliasVersion}`);
    await refuseUnreleased(api, nameOf(change), seen, alias, half ? fieldsOf(change.after) : []);
    const note = await provisionedNote(api, nameOf(change), alias.name);
    if (note !== null) context.host.warn(note);
    return alias;
  }

  async function update(change: Change, seen: Obj): Promise<Obj> {
    const revision = text(seen["RevisionId"]);
    const fn = nameOf(change);
    try {
      await api.call("lambda:UpdateFunctionConfiguration", {
        FunctionName: fn,
        ...inputOf(change.after),
        ...(revision === null ? {} : { RevisionId: revision }),
      });
    } catch (error) {
      // whether it took effect is said by the function itself
      const unsure = error instanceof AwsError && error.mayHaveHappened;
      if (!unsure || unlike(settingsOf(await readConfiguration(api, fn)), change.after).length > 0)
        throw asUserError(error, `write ${Object.keys(change.after).join(", ")} of ${change.name}`);
    }
    const now = await reading(change, target, () => waitUntilAtRest(api, context, fn));
    refuseIgnored(change, settingsOf(now));
    refuseDisturbed(change, differences(seen, now, fieldsOf(change.after)));
    return now;
  }

  async function move(change: Change, alias: Alias, written: Obj): Promise<string> {
    const sizes = Object.keys(change.after).map((name) => `${name} ${String(change.before[name])} -> ${String(change.after[name])}`);
    try {
      const version = await publish(api, context, nameOf(change), written, `evscope: ${sizes.join(", ")}`);
      await pointAlias(api, context, nameOf(change), alias, version);
      return version;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`${error.message}; $LATEST of ${change.name} has the change, alias ${alias.name} does not`, {
        exitCode: error.exitCode,
        suggestions: [...error.suggestions, "run the same command again: it goes on with the alias"],
        cause: error,
      });
    }
  }
}

/** Plain name: endpoints exist that take no ARN in some calls, and account and region are those of the credentials. */
function nameOf(ref: ResourceRef): string {
  return functionOf(ref.resource)?.fn ?? ref.name;
}

/** Reads that fail say which function, account and region were looked at. */
async function reading<T>(ref: ResourceRef, target: Target, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asUserError(error, `read ${ref.name} in ${target.region} (${target.name})`);
  }
}

/** The name of a function is part of its ARN. */
function refuseOther(ref: ResourceRef): void {
  if (arnOf(ref.resource) !== null && functionOf(ref.resource)?.fn !== ref.name)
    throw new UserError(`${ref.name} in account ${ref.account}, ${ref.region} is not what ${ref.resource} names`, {
      exitCode: EXIT.conflict,
    });
}

function liveOf(ref: ResourceRef, found: Obj, aliases: LiveResource["aliases"]): LiveResource {
  const { cloud, account, region, kind, resource, name } = ref;
  return {
    cloud,
    account,
    region,
    kind,
    resource,
    name,
    settings: settingsOf(found),
    revision: text(found["RevisionId"]),
    fingerprint: fingerprintOf(found),
    busy: busyOf(found),
    failed: failedOf(found),
    aliases,
  };
}

async function aliasesOf(api: AwsApi, fn: string): Promise<LiveResource["aliases"]> {
  const aliases: LiveResource["aliases"] = [];
  for await (const page of api.pages("lambda:ListAliases", { FunctionName: fn })) {
    for (const one of list(page["Aliases"]).map(obj)) {
      const [name, version] = [text(one?.["Name"]), text(one?.["FunctionVersion"])];
      if (name !== null && version !== null) aliases.push({ name, version });
    }
  }
  return aliases.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The setting was written, nothing else changed, and the alias still waits: an apply that was cut off between the two. Also where the
 * change says so itself (`before` equals `after`, fingerprint as it is now).
 */
function isHalfDone(change: Change, seen: Obj): boolean {
  if (change.alias === null || unlike(settingsOf(seen), change.after).length > 0) return false;
  return change.fingerprint === "" || fingerprintOf(withSettings(seen, change.before)) === change.fingerprint;
}
