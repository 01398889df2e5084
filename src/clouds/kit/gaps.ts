/** A call that failed for good, in the words that stand in gaps and errors: the same for every cloud. */
import { EXIT, type ExitCode, UserError } from "../../model/errors.ts";
import type { Gap } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import type { CallError, CallErrorKind } from "./call-error.ts";

/** Where calls go: account, subscription or project. `region` null: all of them. */
export type Place = Pick<Gap, "cloud" | "account" | "region">;

/** A gap of this place. `window` null: it is about configuration, which has no time. */
export function gapAt(place: Place, what: string, why: string, window: { from: EpochMs; to: EpochMs } | null = null): Gap {
  const { cloud, account, region } = place;
  return { type: "gap", cloud, account, region, what, why, from: window?.from ?? null, to: window?.to ?? null };
}

/** Why a call failed, in a sentence, always the same for the same kind of failure; `denied`: what follows "not allowed: " where it was a refusal. */
export function failedBecause({ api, kind, code, status, attempts, message }: CallError, denied: string): string {
  switch (kind) {
    case "denied":
      return `not allowed: ${denied} (${code})`;
    case "unsupported":
      return `this endpoint does not know ${api} (${code}${status === null ? "" : `, HTTP ${status}`})`;
    case "throttled":
      return `${api} was still throttled after ${attempts} attempts`;
    default:
      return `${api} failed: ${firstLine(message, api)}${status === null ? "" : ` (HTTP ${status})`}`;
  }
}

function firstLine(message: string, api: string): string {
  const [line = ""] = message.split("\n");
  return line.replace(`${api}: `, "").slice(0, 300);
}

const EXIT_OF: Partial<Record<CallErrorKind, ExitCode>> = {
  denied: EXIT.credentials,
  credentials: EXIT.credentials,
  conflict: EXIT.conflict,
  "not-found": EXIT.usage,
};

/** The failure as a UserError that begins with what was being done (`write memoryMib of orders`). Exits with 3 where access is missing, with 5 on a refused lock. */
export function failedWhile(error: CallError, doing: string, suggestions: string[]): UserError {
  return new UserError(`cannot ${doing}: ${error.message}`, {
    exitCode: EXIT_OF[error.kind] ?? EXIT.partial,
    suggestions,
    cause: error,
  });
}
