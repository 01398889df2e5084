/**
 * Writes settings of Lambda functions: read, compare with what the plan saw, write under the revision as lock, wait, read back. The
 * comparison is by reading as well, since endpoints exist that give no RevisionId, never change it, or accept a stale one.
 */
import { EXIT, UserError } from "../../model/errors.ts";
import type { Change, LiveResource, ResourceRef } from "../../model/plan.ts";
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
import { fieldsOf, inputOf, refuseIllegal, unlike, withSettings } from "./settings.ts";
import { asUserError } from "./user-error.ts";

/** The applier of one account and region. */
export function openApplier(api: AwsApi, target: Target, context: LiveContext): Applier {
  async function read(ref: ResourceRef): Promise<LiveResource> {
    refuseOther(ref, api);
    return reading(ref, target, async () => liveOf(ref, await readConfiguration(api, nameOf(ref)), await aliasesOf(api, nameOf(ref))));
  }

  return {
    read,
    owners: (ref) => ownersOf(api, ref.resource, nameOf(ref)),
    async write(change, revision) {
      refuseOther(change, api);
      const fn = nameOf(change);
      const seen = await reading(change, target, () => readAtRest(api, context, fn));
      await reading(change, target, () => refuseIllegal(api, change, settingsOf(seen)));
      const half = isHalfDone(change, seen);
      if (half) refuseOtherRevision(change, seen, revision);
      else refuseChanged(change, seen, revision);
      const alias = change.alias === null ? null : await reading(change, target, () => usableAlias(change, seen, half));
      const written = half ? seen : await update(change, seen);
      // nothing was written since it was read at rest
      if (alias === null) return { live: liveOf(change, written, await aliasesOf(api, fn)), publishedVersion: null };
      const publishedVersion = await move(change, alias, written);
      return { live: await read(change), publishedVersion };
    },
    async moveAlias(ref, alias, version) {
      refuseOther(ref, api);
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
    const ignored = unlike(settingsOf(now), change.after);
    if (ignored.length > 0)
      throw new UserError(`${change.name}: the endpoint accepted the change of ${ignored.join(", ")} and did not make it`, {
        exitCode: EXIT.conflict,
      });
    const disturbed = differences(seen, now, fieldsOf(change.after));
    if (disturbed.length > 0)
      throw new UserError(
        `${change.name}: ${disturbed.join(", ")} changed while ${Object.keys(change.after).join(", ")} was written: somebody else writes to it`,
        {
          exitCode: EXIT.conflict,
          suggestions: ["look at the function; evscope undo takes this change back"],
        },
      );
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

function refuseOther(ref: ResourceRef, api: AwsApi): void {
  if (ref.kind !== "lambda.function") throw new UserError(`evscope cannot write a ${ref.kind} on AWS: ${ref.name}`);
  const arn = arnOf(ref.resource);
  if (arn !== null && (arn.account !== ref.account || arn.region !== ref.region || functionOf(ref.resource)?.fn !== ref.name))
    throw new UserError(`${ref.name} in account ${ref.account}, ${ref.region} is not what ${ref.resource} names`, {
      exitCode: EXIT.conflict,
    });
  if (ref.account !== api.account || ref.region !== api.region)
    throw new UserError(`${ref.name} belongs to ${ref.account} in ${ref.region}, the credentials to ${api.account} in ${api.region}`, {
      suggestions: ["name that account and region in evscope.yaml, or with --profile and --region"],
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

function refuseOtherRevision(change: Change, seen: Obj, revision: string | null): void {
  const live = text(seen["RevisionId"]);
  if (revision !== null && live !== null && revision !== live) throw changed(change, `revision ${live}, expected ${revision}`);
}

/** Revision, fingerprint and settings must all be the ones that the plan saw. An empty fingerprint: the plan was made without reading the cloud. */
function refuseChanged(change: Change, seen: Obj, revision: string | null): void {
  const settings = settingsOf(seen);
  const other = unlike(settings, change.before);
  if (other.length > 0)
    throw changed(
      change,
      other
        .map((name) => `${name} is ${JSON.stringify(settings[name] ?? null)}, the plan saw ${JSON.stringify(change.before[name])}`)
        .join("; "),
    );
  refuseOtherRevision(change, seen, revision);
  if (change.fingerprint !== "" && fingerprintOf(seen) !== change.fingerprint)
    throw changed(change, "its configuration or code is another");
}

function changed(change: Change, what: string): UserError {
  return new UserError(`${change.name} was changed since the plan was made: ${what}`, {
    exitCode: EXIT.conflict,
    suggestions: ["make a new plan"],
  });
}
