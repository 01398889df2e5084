/** What the AWS room asks of the SDK: one call, or all pages of one. `client.ts` is its only implementation. */
import type { Ms } from "../../model/units.ts";
import { CallError } from "../kit/call-error.ts";
import type { Obj } from "./schema.ts";

/** `service:Operation` as the SDK names them; mostly the IAM action too. */
export type Api =
  `${"lambda" | "logs" | "cloudwatch" | "xray" | "states" | "events" | "pipes" | "sqs" | "sns" | "dynamodb" | "tag" | "cloudformation" | "sts"}:${string}`;

export interface CallOptions {
  /** How long one attempt may take, where it is not the context's `requestTimeoutMs`: an invocation lasts as long as its function. */
  timeoutMs?: Ms;
  /** true: sent even after the context's signal fired, to clean up what would be left behind. */
  evenAfterAbort?: boolean;
  /** true: not sent again once it may have been carried out (an answer that did not come, 5xx); only a throttled attempt is repeated. */
  once?: boolean;
}

export interface AwsApi {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  readonly principal: string | null;
  /**
   * One answer as plain JSON (dates as ISO text, bytes as base64, `$metadata` left out). Waits for the shared quota, retries what may be
   * retried with jitter: reads on anything passing, writes only where they surely had no effect. Throws AwsError; UserError (exit 3) when
   * the credentials are not, or no longer, good for anything, or the SDK's package is not installed.
   */
  call(api: Api, input: object, options?: CallOptions): Promise<Obj>;
  /** Every page of a list, by whatever token the operation uses. A repeated token, or more than `maxPages`, ends it with an AwsError. */
  pages(api: Api, input: object, options?: { maxPages?: number }): AsyncIterable<Obj>;
}

/** A call that failed for good. */
export class AwsError extends CallError<Api> {}

/** IAM action of an operation, where it differs from its name. */
export function iamAction(api: Api): string {
  return ACTIONS[api] ?? api;
}

const ACTIONS: { readonly [api: string]: string } = { "lambda:Invoke": "lambda:InvokeFunction" };
