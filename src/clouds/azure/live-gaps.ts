/** A call that failed for good, as something the user is told: what is missing, why, and which role would help. */
import type { Gap, Rec } from "../../model/records.ts";
import type { Span } from "../room.ts";
import { type AzureApi, AzureError } from "./api.ts";
import { actionOf, roleOf } from "./role.ts";

/** Why a call failed, in a sentence; names action and role where the answer was a refusal. Always the same for the same kind of failure. */
export function reasonOf(error: AzureError): string {
  const operation = error.api;
  switch (error.kind) {
    case "denied":
      return `not allowed: the action ${actionOf(operation)} is missing; the role ${roleOf(operation)} has it (${error.code})`;
    case "unsupported":
      return `this endpoint does not know ${operation} (${error.code}${error.status === null ? "" : `, HTTP ${error.status}`})`;
    case "throttled":
      return `${operation} was still throttled after ${error.attempts} attempts`;
    default:
      return `${operation} failed: ${withoutApi(error)}${error.status === null ? "" : ` (HTTP ${error.status})`}`;
  }
}

function withoutApi(error: AzureError): string {
  const [line = ""] = error.message.split("\n");
  return line.replace(`${error.api}: `, "").slice(0, 300);
}

/** A gap of this subscription. `window` null: it is about configuration, which has no time. */
export function gap(api: Pick<AzureApi, "subscription">, what: string, why: string, window: Span | null = null): Gap {
  return {
    type: "gap",
    cloud: "azure",
    account: api.subscription,
    region: null,
    what,
    why,
    from: window?.from ?? null,
    to: window?.to ?? null,
  };
}

/** The failure as a gap; throws on what is no matter of one call: an abort, credentials that ended, a bug. */
export function gapOf(api: Pick<AzureApi, "subscription">, error: unknown, what: string, window: Span | null = null): Gap {
  if (!(error instanceof AzureError) || error.kind === "credentials") throw error;
  return gap(api, what, reasonOf(error), window);
}

/** What a source gives; where it fails for good a gap at its end instead of a throw. */
export async function* orGap(
  api: Pick<AzureApi, "subscription">,
  what: string,
  source: AsyncIterable<Rec[]>,
  window: Span | null = null,
): AsyncGenerator<Rec[]> {
  try {
    yield* source;
  } catch (error) {
    yield [gapOf(api, error, what, window)];
  }
}
