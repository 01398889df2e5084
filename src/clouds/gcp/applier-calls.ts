/** Reads and writes of one service or function: which call, and how one waits for its end. */
import { EXIT, UserError } from "../../model/errors.ts";
import { type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Ms } from "../../model/units.ts";
import type { LiveContext } from "../room.ts";
import { type Api, type GcpApi, GcpError } from "./api.ts";
import { busyOf } from "./service-state.ts";
import type { Kind } from "./settings.ts";

interface Calls {
  get: Api;
  update: Api;
  operation: Api;
  /** Field of the update's request. */
  field: "service" | "function";
  /** What a deployment takes at most: a function's image is built anew. */
  restWithinMs: Ms;
}

const CALLS: { readonly [kind in Kind]: Calls } = {
  "run.service": {
    get: "run:Services.GetService",
    update: "run:Services.UpdateService",
    operation: "run:Operations.GetOperation",
    field: "service",
    restWithinMs: 600_000,
  },
  "cloudfunctions.v2": {
    get: "functions:GetFunction",
    update: "functions:UpdateFunction",
    operation: "functions:Operations.GetOperation",
    field: "function",
    restWithinMs: 1_200_000,
  },
  "cloudfunctions.gen1": {
    get: "functions1:GetFunction",
    update: "functions1:UpdateFunction",
    operation: "functions1:Operations.GetOperation",
    field: "function",
    restWithinMs: 1_200_000,
  },
};

const FIRST_WAIT_MS: Ms = 500;
const LONGEST_WAIT_MS: Ms = 10_000;

type Clocked = Pick<LiveContext, "clock" | "signal">;

/** The description as it is now. */
export function readResource(api: GcpApi, kind: Kind, name: string): Promise<JsonObject> {
  return api.call(CALLS[kind].get, { name });
}

/** Starts an update and returns its operation. `validateOnly` (services only): it is judged and not made. */
export function startUpdate(api: GcpApi, kind: Kind, body: JsonObject, mask: readonly string[], validateOnly = false): Promise<JsonObject> {
  const { update, field } = CALLS[kind];
  return api.call(update, { [field]: body, updateMask: mask.join(","), ...(validateOnly ? { validateOnly } : {}) });
}

/** Reads until it is at rest. Throws UserError (exit 5) when it still is not after the longest deployment. */
export async function readAtRest(api: GcpApi, context: Clocked, kind: Kind, name: string): Promise<JsonObject> {
  return polled(context, CALLS[kind].restWithinMs, name, async () => {
    const found = await readResource(api, kind, name);
    const busy = busyOf(kind, found);
    return busy === null ? { found } : { busy };
  });
}

/** Waits for the operation; its failure as text, null: it succeeded, or may not be asked for and the resource itself will say. */
export async function failureOfOperation(
  api: GcpApi,
  context: Clocked,
  kind: Kind,
  operation: JsonObject,
  resource: string,
): Promise<string | null> {
  const name = textAt(operation, "name");
  let last: JsonObject = operation;
  try {
    last = await polled(context, CALLS[kind].restWithinMs, resource, async () => {
      if (last["done"] !== true && name !== null) last = await api.call(CALLS[kind].operation, { name });
      return last["done"] === true || name === null ? { found: last } : { busy: "being deployed" };
    });
  } catch (error) {
    if (!(error instanceof GcpError) || !["denied", "unsupported", "not-found"].includes(error.kind)) throw error;
  }
  const failure = objectAt(last, "error");
  return failure === null ? null : (textAt(failure, "message") ?? "no reason given").slice(0, 500);
}

async function polled(
  { clock, signal }: Clocked,
  withinMs: Ms,
  name: string,
  look: () => Promise<{ found: JsonObject } | { busy: string }>,
): Promise<JsonObject> {
  const deadline = clock.now() + withinMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.6, LONGEST_WAIT_MS)) {
    const seen = await look();
    if ("found" in seen) return seen.found;
    if (clock.now() + waitMs > deadline) {
      throw new UserError(`${name} is still ${seen.busy} after ${Math.round(withinMs / 1000)} s`, {
        exitCode: EXIT.conflict,
        suggestions: ["run the same command again when it is at rest"],
      });
    }
    await clock.sleep(waitMs, signal);
  }
}
