/** Answers of Google's APIs that hold nothing evscope reads: known, so that they are refused with their name and not as "unknown format". */
import { isObject, objectAt, textAt } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import { isEmptyList } from "./configs/read.ts";

/** Why the answer is not read; null: it is no answer of Google's that is known here. `wrapped`: it was recorded with its headers. */
export function refusalOf(body: Json, wrapped: boolean): string | null {
  if (!isObject(body)) return wrapped ? "recorded API answer without a JSON body" : null;
  const error = objectAt(body, "error");
  if (error !== null && (textAt(error, "status") !== null || wrapped))
    return `API error: ${textAt(error, "status", "code") ?? "no status"}`;
  const operation = textAt(objectAt(body, "metadata") ?? {}, "@type");
  if ((textAt(body, "name") ?? "").startsWith("operations/") && (operation !== null || wrapped))
    return "long-running operation: what was asked for, not what is";
  if (isEmptyList(body)) return "empty list";
  const known = knownShape(body);
  if (known !== null) return known;
  if (!wrapped) return null;
  if (Object.keys(body).length === 0) return "empty answer";
  return `recorded API answer of another kind (${Object.keys(body).slice(0, 4).join(", ")})`;
}

function knownShape(body: { [key: string]: Json }): string | null {
  const kind = textAt(body, "kind") ?? "";
  if (/^(compute|bigquery)#/.test(kind)) return `${kind}: not a resource that evscope reads`;
  if (Array.isArray(body["bindings"]) && "etag" in body) return "IAM policy";
  if (Object.keys(body).every((key) => key === "etag" || key === "version") && "etag" in body) return "IAM policy without bindings";
  const name = textAt(body, "name") ?? "";
  if (/^projects\/[^/]+\/snapshots\//.test(name) || Array.isArray(body["snapshots"])) return "Pub/Sub snapshots: not read";
  if ("metricDescriptor" in body && "filter" in body) return "log-based metric: not read";
  if ("buildTriggerId" in body && "projectId" in body) return "Cloud Build event data without its envelope: no ID and no time";
  if (Object.keys(body).length === 1 && typeof body["customData"] === "string")
    return "Cloud Scheduler event data without its envelope: no ID and no time";
  return null;
}
