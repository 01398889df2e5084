/** What breaks on purpose in the test servers: the first rule that matches a call. As `test/support/fault-proxy.ts` for AWS. */
import type { Obj } from "./protos.ts";
import { type Code, Refused, retryIn } from "./refused.ts";

export type Fault =
  | Code // this status instead of an answer
  | { says: [Code, string] } // this status in these words
  | { retryIn: number } // RESOURCE_EXHAUSTED with RetryInfo of so many seconds
  | "hang" // no answer at all
  | "reset" // the connection is torn down before anything is done
  | "reset-after" // the call is carried out, the answer is lost
  | "repeated-token" // the same page token on every page
  | "endless-token" // a new page token on every page
  | "garbage" // bytes that are no message, JSON that is none
  | "503-html" // REST: a proxy's page
  | { redirect: string } // REST: to there
  | { latencyMs: number }
  | { edit: (answer: Obj) => unknown } // another answer: gRPC in the JSON form, REST anything
  | { before: () => unknown }; // something else happens first

export interface Rule {
  /** Matched against the call's name, `run:Services.ListServices`, `eventarc:triggers.list`, and `?validateOnly` behind those of a write that is only tried; missing: every call. */
  match?: RegExp;
  fault: Fault;
  /** Apply to this many matching calls, then no more; missing: for ever. */
  times?: number;
  /** Let so many matching calls pass first. */
  after?: number;
}

export class Faults {
  readonly rules: Rule[] = [];
  readonly #hits = new Map<Rule, number>();

  /** The faults of this call, which counts as one hit of each rule that it matches. */
  of(name: string): Fault[] {
    return this.rules.filter((rule) => this.#applies(rule, name)).map((rule) => rule.fault);
  }

  clear(): void {
    this.rules.length = 0;
    this.#hits.clear();
  }

  #applies(rule: Rule, name: string): boolean {
    if (rule.match !== undefined && !rule.match.test(name)) return false;
    const hit = (this.#hits.get(rule) ?? 0) + 1;
    this.#hits.set(rule, hit);
    return hit > (rule.after ?? 0) && hit <= (rule.after ?? 0) + (rule.times ?? Number.POSITIVE_INFINITY);
  }
}

/** The error of a fault that is one; null: it is another. */
export function errorOf(fault: Fault): Refused | null {
  if (typeof fault === "object") {
    if ("says" in fault) return new Refused(...fault.says);
    if (!("retryIn" in fault)) return null;
    return new Refused("RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Read requests'.", [retryIn(fault.retryIn)]);
  }
  if (!/^[A-Z_]+$/.test(fault)) return null;
  return new Refused(fault as Code, MESSAGES[fault as Code] ?? `injected ${fault}`);
}

const MESSAGES: { [code in Code]?: string } = {
  RESOURCE_EXHAUSTED:
    "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'logging.googleapis.com' for consumer 'project_number:418027719931'.",
  UNAVAILABLE: "The service is currently unavailable.",
  INTERNAL: "Internal error encountered.",
  DEADLINE_EXCEEDED: "Deadline exceeded",
  UNAUTHENTICATED:
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
  PERMISSION_DENIED: "The caller does not have permission",
};

/** The answer with the page token of a fault. */
export function withToken(fault: Fault, answer: Obj, calls: number): Obj {
  if (fault === "repeated-token") return { ...answer, nextPageToken: "again" };
  if (fault === "endless-token") return { ...answer, nextPageToken: `page-${calls}` };
  return answer;
}

/** A token of a fault leads to the first page again. */
export function dropFaultyToken(request: Obj): Obj {
  if (/^(again|page-\d+)$/.test(request["pageToken"] ?? "")) delete request["pageToken"];
  return request;
}
