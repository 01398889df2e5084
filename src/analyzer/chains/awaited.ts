/** Whether a span waited for the one that it caused. Pure. */
import type { Span } from "../../model/records.ts";
import { CLOCK_GRAIN_MS } from "./evidence.ts";

/** By the OpenTelemetry span kinds: a producer does not wait for its consumer. X-Ray has no kinds. */
export function isHandedOver(parent: Span, child: Span): boolean {
  return child.attributes["xray.type"] === undefined && (child.kind === "consumer" || parent.kind === "producer");
}

/**
 * A child that ends after its parent was not waited for. The Lambda service always waits for the function's own segment,
 * whatever their clocks say. Source: ServiBench `aws_trace_analyzer.is_async_call`, after FIRM (OSDI 2020).
 */
export function isAsync(parent: Span, child: Span): boolean {
  if (child.origin === "AWS::Lambda::Function") return false;
  if (parent.endedAt === null || child.endedAt === null || isAnswered(parent, child)) return false;
  return parent.endedAt - child.endedAt + CLOCK_GRAIN_MS < 0;
}

/**
 * A call over HTTP from one cloud to another that holds a status and lasted at least as long as the callee: it was waited for, whatever
 * the two clouds' clocks say.
 */
function isAnswered(parent: Span, child: Span): boolean {
  if (parent.cloud === child.cloud || parent.attributes["http.status"] === undefined) return false;
  return parent.endedAt! - parent.startedAt + CLOCK_GRAIN_MS >= child.endedAt! - child.startedAt;
}
