/** Checks that the knobs of Google Cloud share. */
import { EXIT, UserError } from "../../model/errors.ts";
import { type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Change, ResourceRef } from "../../model/plan.ts";
import type { Ms } from "../../model/units.ts";
import type { LiveContext } from "../room.ts";
import { type Api, type GcpApi, GcpError } from "./api.ts";
import { projectOf } from "./schema.ts";

/** Throws UserError unless the resource is what this kind names, in the connection's project. */
export function refuseOtherResource(ref: ResourceRef, api: GcpApi, form: RegExp): void {
  if (!form.test(ref.resource) || projectOf(ref.resource) !== ref.account)
    throw new UserError(`${ref.name} in project ${ref.account} is not what ${ref.resource} names`, { exitCode: EXIT.conflict });
  if (ref.account !== api.project)
    throw new UserError(`${ref.name} belongs to project ${ref.account}, the connection to ${api.project}`, {
      suggestions: ["name that project in evscope.yaml, or with --project"],
    });
}

/** Throws UserError where the change names a setting that this kind does not have. */
export function refuseNotSetting(change: Change, names: readonly string[]): void {
  const other = Object.keys(change.after).filter((name) => !names.includes(name));
  if (other.length > 0) throw new UserError(`${change.name}: a ${change.kind} has no setting ${other.join(", ")}`);
}

/** A description without these fields. */
export function restOf(found: JsonObject, without: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(found).filter(([field]) => !without.includes(field)));
}

const WITHIN_MS: Ms = 240_000;
const FIRST_WAIT_MS: Ms = 500;
const LONGEST_WAIT_MS: Ms = 5_000;

/**
 * Waits for a long-running operation, or until `isThere` says that its work can be seen, whichever comes first. Throws UserError (exit 5)
 * where it failed. Where operations may not be asked for, `isThere` alone counts; after four minutes what is read has the last word.
 */
export async function waitForOperation(
  { api, get, context, name }: { api: GcpApi; get: Api; context: Pick<LiveContext, "clock" | "signal">; name: string },
  started: JsonObject,
  isThere: () => Promise<boolean>,
): Promise<void> {
  const operation = textAt(started, "name");
  let last = started;
  const deadline = context.clock.now() + WITHIN_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.6, LONGEST_WAIT_MS)) {
    const failure = objectAt(last, "error");
    if (failure !== null)
      throw new UserError(`${name}: the update failed: ${(textAt(failure, "message") ?? "no reason given").slice(0, 500)}`, {
        exitCode: EXIT.conflict,
      });
    if (last["done"] === true || (await isThere()) || context.clock.now() + waitMs > deadline) return;
    await context.clock.sleep(waitMs, context.signal);
    if (operation === null) continue;
    try {
      last = await api.call(get, { name: operation });
    } catch (error) {
      if (!(error instanceof GcpError) || !["denied", "unsupported", "not-found"].includes(error.kind)) throw error;
    }
  }
}
