/** A call that failed for good, as something the user is told: what is missing, why, and which permission would help. */
import type { Gap, Rec } from "../../model/records.ts";
import { failedBecause, gapAt, type Place } from "../kit/gaps.ts";
import type { Span } from "../room.ts";
import { type Api, type GcpApi, GcpError } from "./api.ts";
import { permissionOf } from "./permissions.ts";

/** Why a call failed, in a sentence; names the permission where the answer was a refusal. Always the same for the same kind of failure. */
export function reasonOf(error: GcpError): string {
  if (error.kind === "unsupported" && error.code === "SERVICE_DISABLED")
    return `the API is not enabled in this project: gcloud services enable ${apiHost(error.api)}`;
  const permission = error.permission ?? permissionOf(error.api);
  return failedBecause(error, permission === null ? error.api : `the permission ${permission} is missing`);
}

/** Name of the API as `gcloud services enable` takes it. */
export function apiHost(api: Api): string {
  const service = api.slice(0, api.indexOf(":"));
  return `${service.startsWith("functions") ? "cloudfunctions" : service}.googleapis.com`;
}

/** The project of these calls. */
export function placeOf(api: Pick<GcpApi, "project">): Place {
  return { cloud: "gcp", account: api.project, region: null };
}

/** A gap of this project. `window` null: it is about configuration, which has no time. */
export function gap(
  api: Pick<GcpApi, "project">,
  what: string,
  why: string,
  window: Span | null = null,
  region: string | null = null,
): Gap {
  return gapAt({ ...placeOf(api), region }, what, why, window);
}

/** The failure as a gap; throws on what is no matter of one call: an abort, credentials that ended, a bug. */
export function gapOf(api: Pick<GcpApi, "project">, error: unknown, what: string, window: Span | null = null): Gap {
  if (!(error instanceof GcpError) || error.kind === "credentials") throw error;
  return gap(api, what, reasonOf(error), window);
}

/** What a source gives; where it fails for good a gap at its end instead of a throw. */
export async function* orGap(api: Pick<GcpApi, "project">, what: string, source: AsyncIterable<Rec[]>): AsyncGenerator<Rec[]> {
  try {
    yield* source;
  } catch (error) {
    yield [gapOf(api, error, what)];
  }
}
