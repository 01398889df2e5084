/** Lines by which a runtime says that the handler failed, and trace context in free text. */
import { parentSpanIdOf, traceIdOf } from "../../model/ids.ts";

/** Python `[ERROR] KeyError: ...\nTraceback`, Node.js `ERROR\tInvoke Error`, `Uncaught Exception`, `Unhandled Promise Rejection`. */
const PYTHON = /^\[ERROR\] ([A-Za-z_][\w.]*)(?::|\n|$)/;
const NODE = /^\S+[\t ]\S+[\t ]ERROR[\t ](?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)[\t ]/;

/** True if the runtime wrote the line because the invocation failed, not the function because it logs an error. */
export function isUnhandled(message: string): boolean {
  const first = message.charCodeAt(0);
  if (first === 91) return PYTHON.test(message) && (message.includes("Traceback") || message.includes("Runtime."));
  return first === 50 && NODE.test(message);
}

/** Type of the error in such a line; null: not named. */
export function errorTypeOf(message: string): string | null {
  return PYTHON.exec(message)?.[1] ?? /"errorType": ?"([^"]{1,200})"/.exec(message)?.[1] ?? null;
}

const ROOT = /Root=1-[0-9a-f]{8}-[0-9a-f]{24}/i;
const BARE_XRAY = /\b1-[0-9a-f]{8}-[0-9a-f]{24}\b/i;
const TRACEPARENT = /\b00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b/i;

/** The trace that a text names (`Root=1-...`, an X-Ray ID, a traceparent value); null: none. */
export function traceInText(message: string): string | null {
  if (!message.includes("1-") && !message.includes("00-")) return null;
  const found = ROOT.exec(message) ?? BARE_XRAY.exec(message) ?? TRACEPARENT.exec(message);
  return found === null ? null : traceIdOf(found[0]);
}

/** The span in a traceparent value of a text: the call that carries it; null: none. */
export function spanInText(message: string): string | null {
  if (!message.includes("00-")) return null;
  const found = TRACEPARENT.exec(message);
  return found === null ? null : parentSpanIdOf(found[0]);
}
