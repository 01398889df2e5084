/** A call to a cloud that failed for good: what every room's own error is, so that commands need not know the room. */
import type { Verdict } from "./retry.ts";

export type CallErrorKind =
  | "denied"
  | "credentials"
  | "not-found"
  | "throttled"
  | "conflict"
  | "invalid"
  | "unsupported"
  | "unreachable"
  | "broken-answer"
  | "failed";

/** What one attempt's error means. */
export interface Failure {
  kind: CallErrorKind;
  /** Vendor's error name, or the network's. */
  code: string;
  /** First line only, without what could be a secret. */
  message: string;
  /** HTTP status; null: none came. */
  status: number | null;
  verdict: Verdict;
  /** false: the server surely did not carry the request out. */
  mayHaveHappened: boolean;
}

export class CallError<Api extends string = string> extends Error {
  readonly kind: CallErrorKind;
  readonly api: Api;
  /** Vendor's error name. */
  readonly code: string;
  /** HTTP status; null: none came, or the call was no HTTP call. */
  readonly status: number | null;
  readonly attempts: number;
  /** true: a write whose answer did not come or was no answer; whether it took effect can only be read back. */
  readonly mayHaveHappened: boolean;
  constructor(
    kind: CallErrorKind,
    api: Api,
    code: string,
    message: string,
    status: number | null,
    attempts: number,
    mayHaveHappened = false,
  ) {
    super(`${api}: ${message}`);
    this.name = "CallError";
    this.kind = kind;
    this.api = api;
    this.code = code;
    this.status = status;
    this.attempts = attempts;
    this.mayHaveHappened = mayHaveHappened;
  }
}
