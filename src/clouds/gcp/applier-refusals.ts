/** Why a change is not made: another resource, another API, or not what the plan saw. */
import { EXIT, UserError } from "../../model/errors.ts";
import { type JsonObject, textAt } from "../../model/json.ts";
import type { Change, ResourceRef } from "../../model/plan.ts";
import type { GcpApi } from "./api.ts";
import { partOf, projectOf } from "./schema.ts";
import { fingerprintOf, functionOver, readyRevisionOf, revisionOf, shares } from "./service-state.ts";
import { isKind, type Kind, settingsOf, unlike, withSettings } from "./settings.ts";

/** The kind of the resource. Throws UserError where it is none that is written here, or belongs to another project. */
export function refuseOther(ref: ResourceRef, api: GcpApi): Kind {
  if (!isKind(ref.kind)) throw new UserError(`evscope cannot write a ${ref.kind} on Google Cloud: ${ref.name}`);
  const collection = ref.kind === "run.service" ? "services" : "functions";
  const { resource } = ref;
  if (projectOf(resource) !== ref.account || partOf(resource, "locations") !== ref.region || partOf(resource, collection) === null)
    throw new UserError(`${ref.name} in project ${ref.account}, ${ref.region} is not what ${resource} names`, { exitCode: EXIT.conflict });
  if (ref.account !== api.project)
    throw new UserError(`${ref.name} belongs to project ${ref.account}, the connection to ${api.project}`, {
      suggestions: ["name that project in evscope.yaml, or with --project"],
    });
  return ref.kind;
}

/** Throws UserError where another API owns the resource, whose next deployment would take the change away. */
export function refuseWrongApi(change: ResourceRef, kind: Kind, found: JsonObject): void {
  const over = kind === "run.service" ? functionOver(found) : null;
  if (over !== null)
    throw new UserError(`${change.name} is the service of function ${over}, which would take the change away with its next deployment`, {
      suggestions: [`change the function: ${change.resource.replace(/\/services\/[^/]+$/, `/functions/${over}`)} (cloudfunctions.v2)`],
    });
  if (kind === "cloudfunctions.v2" && textAt(found, "environment") === "GEN_1")
    throw new UserError(`${change.name} is a 1st gen function`, { suggestions: ["it is written as cloudfunctions.gen1"] });
}

/**
 * The setting was written, nothing else changed, and the traffic still waits: an apply that was cut off between the two. Also where the
 * change says so itself (`before` equals `after`, fingerprint as it is now).
 */
export function isHalfDone(change: Change, kind: Kind, seen: JsonObject): boolean {
  if (change.alias === null || unlike(settingsOf(kind, seen), change.after).length > 0) return false;
  // already there: nothing to write, and no traffic to move
  if (shares(seen).every(({ revision }) => revision === readyRevisionOf(seen)) && unlike(settingsOf(kind, seen), change.before).length > 0)
    return false;
  return change.fingerprint === "" || fingerprintOf(withSettings(kind, seen, change.before)) === change.fingerprint;
}

/** Throws UserError (exit 5) where somebody wrote since the plan. */
export function refuseOtherRevision(change: Change, kind: Kind, seen: JsonObject, revision: string | null): void {
  const live = revisionOf(kind, seen);
  if (revision !== null && live !== null && revision !== live) throw changed(change, `revision ${live}, expected ${revision}`);
}

/** Revision, fingerprint and settings must all be the ones that the plan saw. An empty fingerprint: the plan was made without reading the cloud. */
export function refuseChanged(change: Change, kind: Kind, seen: JsonObject, revision: string | null): void {
  const settings = settingsOf(kind, seen);
  const other = unlike(settings, change.before);
  if (other.length > 0)
    throw changed(
      change,
      other
        .map((name) => `${name} is ${JSON.stringify(settings[name] ?? null)}, the plan saw ${JSON.stringify(change.before[name])}`)
        .join("; "),
    );
  refuseOtherRevision(change, kind, seen, revision);
  if (change.fingerprint !== "" && fingerprintOf(seen) !== change.fingerprint) throw changed(change, "its configuration is another");
}

/** The error for a resource that is not what the plan saw. */
export function changed(ref: ResourceRef, what: string): UserError {
  return new UserError(`${ref.name} was changed since the plan was made: ${what}`, {
    exitCode: EXIT.conflict,
    suggestions: ["make a new plan"],
  });
}
