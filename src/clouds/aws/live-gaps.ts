/** A call that failed for good, as something the user is told: what is missing, why, and which permission would help. */
import type { Gap, Rec } from "../../model/records.ts";
import { failedBecause, gapAt, type Place } from "../kit/gaps.ts";
import type { Span } from "../room.ts";
import { type AwsApi, AwsError, iamAction } from "./api.ts";

/** Why a call failed, in a sentence; names the IAM action where the answer was a refusal. Always the same for the same kind of failure. */
export function reasonOf(error: AwsError): string {
  return failedBecause(error, `the IAM action ${iamAction(error.api)} is missing`);
}

/** The account and region of these calls. */
export function placeOf(api: Pick<AwsApi, "account" | "region">): Place {
  return { cloud: "aws", account: api.account, region: api.region };
}

/** A gap of this account and region. `window` null: it is about configuration, which has no time. */
export function gap(api: Pick<AwsApi, "account" | "region">, what: string, why: string, window: Span | null = null): Gap {
  return gapAt(placeOf(api), what, why, window);
}

/** The failure as a gap; throws on what is no matter of one call: an abort, credentials that ended, a bug. */
export function gapOf(api: AwsApi, error: unknown, what: string, window: Span | null = null): Gap {
  if (!(error instanceof AwsError) || error.kind === "credentials") throw error;
  return gap(api, what, reasonOf(error), window);
}

/** What a source gives; where it fails for good a gap at its end instead of a throw. */
export async function* orGap(api: AwsApi, what: string, source: AsyncIterable<Rec[]>): AsyncGenerator<Rec[]> {
  try {
    yield* source;
  } catch (error) {
    yield [gapOf(api, error, what)];
  }
}
