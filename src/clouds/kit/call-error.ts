/** A call to a cloud that failed for good: what every room's own error is, so that commands need not know the room. */

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
