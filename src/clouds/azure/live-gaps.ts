/** A call that failed for good, as something the user is told: what is missing, why, and which role would help. */
import type { Gap, Rec } from "../../model/records.ts";
import { failedBecause, gapAt, type Place } from "../kit/gaps.ts";
import type { Span } from "../room.ts";
import { type AzureApi, AzureError } from "./api.ts";
import { actionOf, roleOf } from "./role.ts";

/** Why a call failed, in a sentence; names action and role where the answer was a refusal. Always the same for the same kind of failure. */
export function reasonOf(error: AzureError): string {
  return failedBecause(error, `the action ${actionOf(error.api)} is missing; the role ${roleOf(error.api)} has it`);
}

/** The subscription of these calls. */
export function placeOf(api: Pick<AzureApi, "subscription">): Place {
  return { cloud: "azure", account: api.subscription, region: null };
}

/** A gap of this subscription. `window` null: it is about configuration, which has no time. */
export function gap(api: Pick<AzureApi, "subscription">, what: string, why: string, window: Span | null = null): Gap {
  return gapAt(placeOf(api), what, why, window);
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
