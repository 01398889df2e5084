/** What the Google Cloud room asks of the SDKs: one call, or all pages of one. `client.ts` is its only implementation. */
import type { JsonObject } from "../../model/json.ts";
import type { Ms } from "../../model/units.ts";
import { CallError } from "../kit/call-error.ts";

/**
 * `service:Method`. gRPC services by the RPC's name, with the service where the package has several; REST services by the method's path in
 * the discovery document. `functions` is API v2, `functions1` is v1. The list of all that are asked: `client-services.ts`.
 */
export type Api =
  | `run:${"Services" | "Revisions" | "Operations" | "Locations"}.${string}`
  | `${"functions" | "functions1"}:${string}`
  | `logging:${string}`
  | `monitoring:${string}`
  | `pubsub:${string}`
  | `cloudtrace:${string}`
  | `eventarc:${string}`
  | `firestore:${string}`
  | `cloudresourcemanager:${string}`;

/** Where a Run service's description lists fields that the server sent and the SDK does not know (`template.containers.21`): they are not in it. */
export const UNKNOWN = "unknownFields";

export interface CallOptions {
  /** How long one attempt may take, where it is not the context's `requestTimeoutMs`. */
  timeoutMs?: Ms;
  /** true: sent even after the context's signal fired, to take back what would be left behind. */
  evenAfterAbort?: boolean;
}

export interface GcpApi {
  /** Project ID, as the target names it. */
  readonly project: string;
  /** E-mail of the account that asks; null: the credentials do not say. */
  readonly principal: string | null;
  /**
   * One answer as plain JSON in the form of the service's REST API, whether it came by gRPC or REST: camelCase, enums by name, 64-bit numbers
   * as text, timestamps as RFC 3339 text, durations as `1.500s`, bytes as base64, `Struct` and
   * `Any` as plain objects; unset fields are left out as REST leaves them out. `request` is in the same form.
   *
   * Waits for the shared quota and retries what may be retried with jitter: reads on anything passing, writes only where they surely had no
   * effect. Throws GcpError; UserError (exit 3) when the credentials are not, or no longer, good for anything, or an SDK's package is missing.
   */
  call(api: Api, request: object, options?: CallOptions): Promise<JsonObject>;
  /** Every page of a list. A page token that repeats, or more than `maxPages`, ends it with a GcpError. */
  pages(api: Api, request: object, options?: CallOptions & { maxPages?: number }): AsyncIterable<JsonObject>;
  /** By API: requests sent, those of them refused as too many, and calls given up for good (`not-found` is an answer). */
  calls(): { api: string; calls: number; throttled: number; failed: number }[];
  close(): void;
}

/**
 * A call that failed for good. `code` is the name of the gRPC status (`PERMISSION_DENIED`; REST answers name the same), or the more specific
 * reason of the error's ErrorInfo (`SERVICE_DISABLED`), or the network's own name.
 */
export class GcpError extends CallError<Api> {
  /** Permission that the cloud says is missing; null: it does not say. */
  readonly permission: string | null;
  constructor(
    ...[kind, api, code, message, status, attempts, mayHaveHappened, permission]: [
      ...ConstructorParameters<typeof CallError<Api>>,
      permission?: string | null,
    ]
  ) {
    super(kind, api, code, message, status, attempts, mayHaveHappened);
    this.permission = permission ?? null;
  }
}
