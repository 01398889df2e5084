/** What can go wrong between a client and Azure, rule by rule. */
import type { ServerResponse } from "node:http";
import { type Answer, armError, type Seen, sendAnswer } from "./http.ts";

export type Fault =
  /** Answered instead. */
  | { answer: Answer | ((seen: Seen) => Answer) }
  /** The true answer, changed. */
  | { change: (body: any, seen: Seen) => unknown }
  | "reset"
  /** The request is carried out, then the connection is reset. */
  | "reset-after"
  | "hang"
  | "cut-body";

export interface Rule {
  /** On `METHOD /path`. Left out: every request. */
  match?: RegExp;
  /** Only after so many matching requests. */
  after?: number;
  /** Only so many times. */
  times?: number;
  fault: Fault;
}

export const throttled = (retryAfter: string): Fault => ({
  answer: armError(429, "TooManyRequests", "The request was throttled.", { "retry-after": retryAfter }),
});
export const failing: Fault = { answer: armError(500, "InternalServerError", "The server encountered an internal error.") };
export const unavailable: Fault = {
  answer: { status: 503, headers: { "content-type": "text/html" }, body: "<html><body>Service Unavailable</body></html>" },
};
export const denied = (action: string): Fault => ({
  answer: armError(
    403,
    "AuthorizationFailed",
    `The client 'c' with object id 'o' does not have authorization to perform action '${action}' over scope '/subscriptions/s' or the scope is invalid.`,
  ),
});

export interface Faults {
  rules: Rule[];
  /** The rule that strikes now. Counts. */
  strike(seen: Seen): Fault | null;
}

export function faults(): Faults {
  const rules: Rule[] = [];
  const hits = new Map<Rule, number>();
  return {
    rules,
    strike(seen) {
      for (const rule of rules) {
        if (rule.match && !rule.match.test(`${seen.method} ${seen.path}`)) continue;
        const hit = (hits.get(rule) ?? 0) + 1;
        hits.set(rule, hit);
        const after = rule.after ?? 0;
        if (hit > after && hit <= after + (rule.times ?? Number.POSITIVE_INFINITY)) return rule.fault;
      }
      return null;
    },
  };
}

/** Sends the answer as the fault has it. `full` carries the request out, `reset` resets the connection. */
export async function sendFaulty(
  fault: Fault,
  seen: Seen,
  response: ServerResponse,
  full: () => Promise<Answer>,
  reset: () => void,
): Promise<void> {
  if (typeof fault === "object" && "answer" in fault) {
    const answer = typeof fault.answer === "function" ? fault.answer(seen) : fault.answer;
    seen.status = answer.status;
    return sendAnswer(response, answer);
  }
  if (fault === "hang") return;
  if (fault === "reset") return reset();
  const answer = await full();
  if (fault === "reset-after") return reset();
  const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  if (fault === "cut-body") return sendAnswer(response, { ...answer, body: text.slice(0, Math.floor(text.length / 2)) });
  return sendAnswer(response, { ...answer, body: fault.change(JSON.parse(text), seen) });
}
