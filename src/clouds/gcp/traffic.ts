/** Moves the traffic of a Cloud Run service from revision to revision: what an alias is elsewhere. */
import { EXIT, UserError } from "../../model/errors.ts";
import { type JsonObject, objectAt } from "../../model/json.ts";
import type { Change, ResourceRef } from "../../model/plan.ts";
import type { LiveContext } from "../room.ts";
import { type GcpApi, GcpError } from "./api.ts";
import { failureOfOperation, readAtRest, startUpdate } from "./applier-calls.ts";
import { changed } from "./applier-refusals.ts";
import { aliasesOf, differences, readyRevisionOf, shares, TRAFFIC, trafficTo } from "./service-state.ts";
import { type Kind, withSettings } from "./settings.ts";
import { asUserError } from "./user-error.ts";

/**
 * Throws UserError before anything is written where the traffic cannot be moved: split between revisions, elsewhere than the plan saw, no
 * service, or a revision that takes no traffic yet would get it as well. `half`: the settings were written already.
 */
export async function refuseTraffic(api: GcpApi, change: Change, kind: Kind, seen: JsonObject, half: boolean): Promise<void> {
  refuseOtherAlias(change, change.alias!);
  if (kind !== "run.service")
    throw new UserError(`${change.name} has no traffic to move: a function always runs its last version`, {
      suggestions: ["leave --alias out"],
    });
  const parts = shares(seen);
  if (parts.length > 1) {
    const said = parts.map(({ revision, percent }) => `${percent} % to ${revision ?? "the latest revision"}`).join(", ");
    throw new UserError(`the traffic of ${change.name} is split (${said}): a rollout is under way`, {
      exitCode: EXIT.conflict,
      suggestions: ["finish or roll back that rollout, then make a new plan"],
    });
  }
  const [alias] = aliasesOf(kind, seen);
  if (alias === undefined)
    throw new UserError(`the traffic of ${change.name} follows its latest revision: nothing has to be moved`, {
      exitCode: EXIT.conflict,
      suggestions: ["leave --alias out"],
    });
  if (change.aliasVersion !== null && alias.version !== change.aliasVersion)
    throw changed(change, `its traffic goes to ${alias.version}, the plan saw ${change.aliasVersion}`);
  if (!half && readyRevisionOf(seen) === alias.version) return;
  const revision = await readRevision(api, `${change.resource}/revisions/${alias.version}`);
  // what the change itself wrote already is what shall be released
  const own = half ? change.after : {};
  const template = (of: JsonObject): JsonObject => objectAt(withSettings(kind, of, own), "template") ?? {};
  const differing = unreleased(template(seen), template({ ...seen, template: revision }));
  if (differing.length === 0) return;
  throw new UserError(
    `the template of ${change.name} differs from revision ${alias.version} that takes its traffic (${differing.slice(0, 5).join(", ")}): moving the traffic would release that too`,
    { exitCode: EXIT.conflict, suggestions: ["release or discard the newer revision, then make a new plan"] },
  );
}

/** What the template says otherwise than the revision. A field that only one of them names is a default, but for the containers'. */
function unreleased(template: JsonObject, revision: JsonObject): string[] {
  const shared = Object.keys(template).filter((field) => field in revision && field !== "labels" && field !== "annotations");
  const part = (of: JsonObject): JsonObject => Object.fromEntries(shared.map((field) => [field, of[field] ?? null]));
  return differences(part(template), part(revision));
}

async function readRevision(api: GcpApi, name: string): Promise<JsonObject> {
  try {
    return await api.call("run:Revisions.GetRevision", { name });
  } catch (error) {
    throw asUserError(error, `read the revision that takes the traffic`);
  }
}

/** All traffic to this revision, under the etag of what was seen, and reads it back. Nothing to do where it goes there. */
export async function sendTraffic(
  api: GcpApi,
  context: LiveContext,
  ref: ResourceRef,
  alias: string,
  seen: JsonObject,
  revision: string,
): Promise<void> {
  refuseOtherAlias(ref, alias);
  if (goesTo(seen, revision)) return;
  const doing = `send the traffic of ${ref.name} to ${revision}`;
  const body = { name: ref.resource, etag: seen["etag"] ?? null, traffic: trafficTo(seen, revision) };
  let failure: string | null = null;
  try {
    const operation = await startUpdate(api, "run.service", body, ["traffic"]);
    failure = await failureOfOperation(api, context, "run.service", operation, ref.name);
  } catch (error) {
    // an answer that was lost: where the traffic goes now decides
    if (!(error instanceof GcpError) || !error.mayHaveHappened) throw asUserError(error, doing);
  }
  const now = await readAtRest(api, context, "run.service", ref.resource);
  if (failure !== null || !goesTo(now, revision))
    throw new UserError(`cannot ${doing}: ${failure ?? "the endpoint accepted it and did not do it"}`, {
      exitCode: EXIT.conflict,
      suggestions: ["evscope journal shows what was written"],
    });
}

function goesTo(found: JsonObject, revision: string): boolean {
  const parts = shares(found);
  return parts.length === 1 && parts[0]!.revision === revision;
}

function refuseOtherAlias(ref: ResourceRef, alias: string): void {
  if (alias !== TRAFFIC)
    throw new UserError(`${ref.name} has no alias ${alias}`, { suggestions: [`on Google Cloud the only one is ${TRAFFIC}`] });
}
