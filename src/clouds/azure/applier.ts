/**
 * Writes settings of Function Apps: read, compare with what the plan saw, send the whole app back with the change, wait, read back. The
 * PATCH form has no `functionAppConfig`, so that a write carries the whole app; the comparison afterwards shows whether it came through
 * whole. Not every app has an etag to lock on.
 */
import { EXIT, UserError } from "../../model/errors.ts";
import { objectAt, textAt } from "../../model/json.ts";
import type { Change, LiveResource, ResourceRef, Settings } from "../../model/plan.ts";
import type { Ms } from "../../model/units.ts";
import type { Applier, LiveContext, Target } from "../room.ts";
import { type AzureApi, AzureError } from "./api.ts";
import { type App, busyOf, differences, fingerprintOf, placeOfApp, readApp, readAtRest, revisionOf, settingsOf } from "./app-state.ts";
import { knobAppliers } from "./knobs.ts";
import { ownersOf } from "./owners.ts";
import { appSettingOf, hostPath, refuseIllegal, setScale, unlike, unwritable, withHostValues } from "./settings.ts";
import { asUserError } from "./user-error.ts";

/** A write whose answer was lost is looked for on the app this long. */
const UNSURE_MS: Ms = 15_000;

/** The applier of one subscription: Function Apps here, every other kind by its knob. */
export function openApplier(api: AzureApi, target: Target, context: LiveContext): Applier {
  const apps = appApplier(api, target, context);
  const others = knobAppliers(api, target, context);
  const of = (ref: ResourceRef): Applier => {
    if (ref.kind === "azure.function-app") return apps;
    const applier = Object.hasOwn(others, ref.kind) ? others[ref.kind] : undefined;
    if (applier === undefined) throw new UserError(`evscope cannot write a ${ref.kind} on Azure: ${ref.name}`);
    refuseOtherSubscription(ref, api);
    return applier;
  };
  return {
    read: async (ref, settings) => of(ref).read(ref, settings),
    owners: async (ref) => of(ref).owners(ref),
    write: async (change, revision) => of(change).write(change, revision),
    moveAlias: async (ref, alias, version) => of(ref).moveAlias(ref, alias, version),
  };
}

function appApplier(api: AzureApi, target: Target, context: LiveContext): Applier {
  async function read(ref: ResourceRef, settings: readonly string[] = []): Promise<LiveResource> {
    refuseOther(ref, api);
    return liveOf(ref, await reading(ref, target, () => readApp(api, ref.resource, settings)));
  }

  return {
    read,
    async owners(ref) {
      refuseOther(ref, api);
      const { group, name } = placeOfApp(ref.resource);
      return ownersOf(api, ref.resource, api.call("web:webApps.get", [group, name]));
    },
    async write(change, revision) {
      refuseOther(change, api);
      if (change.alias !== null) throw noVersions(change);
      const names = Object.keys(change.after);
      const seen = await reading(change, target, () => readAtRest(api, context, change.resource, names));
      refuseIllegal(change, settingsOf(seen), /linux/i.test(textAt(seen.site, "kind") ?? ""));
      refuseChanged(change, seen, revision);
      refuseOtherSpelling(change, seen);
      context.host.note(`${change.name} restarts with the change`);
      const written = await update(change, seen);
      return { live: liveOf(change, written), publishedVersion: null };
    },
    moveAlias: (ref) => Promise.reject(noVersions(ref)),
  };

  async function update(change: Change, seen: App): Promise<App> {
    const names = Object.keys(change.after);
    try {
      if (names.some((name) => hostPath(name) !== null)) await writeAppSettings(change, seen);
      else await writeSite(change, seen);
    } catch (error) {
      // whether it took effect is said by the app itself, unless Azure said that the operation failed
      const unsure = error instanceof AzureError && error.mayHaveHappened && error.code !== "OperationFailed";
      if (!unsure || !(await takesEffect(change, names))) throw asUserError(error, `write ${names.join(", ")} of ${change.name}`);
    }
    const now = await reading(change, target, () => readAtRest(api, context, change.resource, names));
    const ignored = unlike(settingsOf(now), change.after);
    if (ignored.length > 0)
      throw new UserError(`${change.name}: Azure accepted the change of ${ignored.join(", ")} and did not make it`, {
        exitCode: EXIT.conflict,
      });
    const disturbed = differences(withSettings(seen, change.after), withSettings(now, change.after));
    if (disturbed.length > 0)
      throw new UserError(
        `${change.name}: ${disturbed.join(", ")} changed while ${names.join(", ")} was written: somebody else writes to it`,
        {
          exitCode: EXIT.conflict,
          suggestions: ["look at the app; evscope undo takes this change back"],
        },
      );
    return now;
  }

  /** A write of which no answer came, or not the last one, may still be under way. */
  async function takesEffect(change: Change, names: readonly string[]): Promise<boolean> {
    const deadline = context.clock.now() + UNSURE_MS;
    for (let waitMs = 500; ; waitMs *= 2) {
      const now = await readApp(api, change.resource, names).catch(() => null);
      context.signal.throwIfAborted();
      if (now !== null && unlike(settingsOf(now), change.after).length === 0) return true;
      if (context.clock.now() + waitMs > deadline) return false;
      await context.clock.sleep(waitMs, context.signal);
    }
  }

  async function writeSite(change: Change, seen: App): Promise<void> {
    const { group, name } = placeOfApp(change.resource);
    const etag = textAt(seen.site, "etag");
    await api.replace(
      "web:webApps.get",
      "web:webApps.createOrUpdate",
      [group, name],
      (site) => {
        // it is read once more, since it is sent back whole; without an etag nothing else tells that somebody wrote between
        const other = differences(seen, { ...seen, site });
        if (other.length > 0) throw changed(change, `${other.join(", ")} is another since it was looked at`);
        const part = unwritable(site);
        if (part !== null)
          throw new UserError(`${change.name}: Azure shows no ${part} of it that could be sent back: writing would reset the app`, {
            exitCode: EXIT.partial,
          });
        setScale(objectAt(site, "properties")!, change.after);
      },
      etag === null ? {} : { headers: { "If-Match": etag } },
    );
  }

  /** All app settings are replaced at once: those that were read, with the change among them. Which belong to a slot is not touched. */
  async function writeAppSettings(change: Change, seen: App): Promise<void> {
    const { group, name } = placeOfApp(change.resource);
    const properties = withHostValues(seen.appSettings!, change.after);
    await api.call("web:webApps.updateApplicationSettings", [group, name, { properties }]);
  }
}

/** The app as if these settings had these values; both sides of a comparison are laid out by it alike. */
function withSettings({ site, plan, appSettings }: App, settings: Settings): App {
  const copy = structuredClone(site);
  const properties = objectAt(copy, "properties");
  if (properties !== null && Object.keys(settings).some((name) => hostPath(name) === null)) setScale(properties, settings);
  return { site: copy, plan, appSettings: appSettings === null ? null : withHostValues(appSettings, settings) };
}

/** Reads that fail say which app and subscription were looked at. */
async function reading<T>(ref: ResourceRef, target: Target, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asUserError(error, `read ${ref.name} (${target.name})`);
  }
}

function refuseOther(ref: ResourceRef, api: AzureApi): void {
  const { subscription, name } = placeOfApp(ref.resource);
  if (subscription !== ref.account.toLowerCase() || name.toLowerCase() !== ref.name.toLowerCase())
    throw new UserError(`${ref.name} in subscription ${ref.account} is not what ${ref.resource} names`, { exitCode: EXIT.conflict });
  refuseOtherSubscription(ref, api);
}

function refuseOtherSubscription(ref: ResourceRef, api: AzureApi): void {
  const named = /^\/subscriptions\/([^/]+)\//i.exec(ref.resource)?.[1]?.toLowerCase();
  if (named !== ref.account.toLowerCase())
    throw new UserError(`${ref.name} in subscription ${ref.account} is not what ${ref.resource} names`, { exitCode: EXIT.conflict });
  if (named !== api.subscription)
    throw new UserError(`${ref.name} belongs to subscription ${ref.account}, the connection to ${api.subscription}`, {
      suggestions: ["name that subscription in evscope.yaml"],
    });
}

function liveOf(ref: ResourceRef, app: App): LiveResource {
  const { cloud, account, region, kind, resource, name } = ref;
  return {
    cloud,
    account,
    region,
    kind,
    resource,
    name,
    settings: settingsOf(app),
    revision: revisionOf(app),
    fingerprint: fingerprintOf(app),
    busy: busyOf(app),
    failed: null,
    aliases: [],
  };
}

/** Revision, fingerprint and settings must all be the ones that the plan saw. An empty fingerprint: the plan was made without reading the cloud. */
function refuseChanged(change: Change, seen: App, revision: string | null): void {
  const settings = settingsOf(seen);
  const other = unlike(settings, change.before);
  const values = (name: string): string =>
    `${name} is ${JSON.stringify(settings[name] ?? null)}, the plan saw ${JSON.stringify(change.before[name])}`;
  if (other.length > 0) throw changed(change, other.map(values).join("; "));
  const live = revisionOf(seen);
  if (revision !== null && live !== null && revision !== live) throw changed(change, `revision ${live}, expected ${revision}`);
  if (change.fingerprint !== "" && fingerprintOf(seen) !== change.fingerprint) throw changed(change, "its configuration is another");
}

/** .NET takes app settings for one whatever their case, Azure does not: a second spelling would leave open which one holds. */
function refuseOtherSpelling(change: Change, { appSettings }: App): void {
  for (const path of Object.keys(change.after).flatMap((name) => hostPath(name) ?? [])) {
    const wanted = appSettingOf(path);
    const other = Object.keys(appSettings ?? {}).find((one) => one !== wanted && spelling(one) === spelling(wanted));
    if (other !== undefined)
      throw new UserError(`${change.name}: the app setting ${other} gives this value already, and is not spelt ${wanted}`, {
        exitCode: EXIT.conflict,
        suggestions: ["rename it, or change it by hand"],
      });
  }
}

/** `A:b` and `a__B` are one: https://learn.microsoft.com/azure/azure-functions/functions-app-settings#app-setting-considerations */
const spelling = (appSetting: string): string => appSetting.replaceAll(":", "__").toLowerCase();

function changed(change: Change, what: string): UserError {
  return new UserError(`${change.name} was changed since the plan was made: ${what}`, {
    exitCode: EXIT.conflict,
    suggestions: ["make a new plan"],
  });
}

function noVersions(ref: ResourceRef): UserError {
  return new UserError(`${ref.name}: an Azure Function App has no versions and aliases to move`, {
    suggestions: ["leave --alias out for Azure"],
  });
}
