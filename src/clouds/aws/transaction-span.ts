/**
 * A line of the log group `aws/spans`, where Transaction Search keeps every span in OpenTelemetry's form: flat attributes, times in
 * nanoseconds. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search-ingesting-span-log-groups.html
 */
import type { Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { type Id, isPlaceholderId, normaliseId, traceIdOf } from "../../model/ids.ts";
import type { Span } from "../../model/records.ts";
import { epochMsOfNanos } from "../../model/times.ts";
import { arnOf, functionOf, isUuid } from "./names.ts";
import { firstText, num, obj, type Obj, objects, parsed, text } from "./schema.ts";

const KINDS: readonly Span["kind"][] = ["internal", "server", "client", "producer", "consumer"];

/** Small facts that analyzers read; statements, bodies and URLs stay out. */
const KEPT = [
  "service.name",
  "aws.local.service",
  "aws.local.operation",
  "aws.remote.service",
  "aws.remote.operation",
  "aws.remote.resource.identifier",
  "rpc.system",
  "rpc.service",
  "rpc.method",
  "http.request.body.size",
  "http.response.body.size",
  "http.request_content_length",
  "http.response_content_length",
  "messaging.system",
  "messaging.destination.name",
  "faas.trigger",
  "faas.coldstart",
  "error.type",
  "exception.type",
];

/** The span of a line; null: a line of something else. */
export function transactionSpan(message: string, source: Pick<Source, "account" | "region">, keys: IdKeys): Span | null {
  const line = obj(parsed(message));
  const traceId = traceIdOf(text(line?.["traceId"]) ?? "");
  const spanId = text(line?.["spanId"])?.toLowerCase() ?? null;
  const startedAt = epochMsOfNanos(line?.["startTimeUnixNano"]);
  if (line === null || traceId === null || spanId === null || startedAt === null) return null;
  const own = obj(line["attributes"]) ?? {};
  const all: Obj = { ...obj(obj(line["resource"])?.["attributes"]), ...own };
  const resource = firstText(all, "cloud.resource_id", "faas.id", "aws.lambda.invoked_arn", "aws.lambda.function_arn");
  const arn = arnOf(resource);
  const fn = functionOf(resource)?.fn ?? functionOf(text(all["faas.name"]))?.fn ?? null;
  const kind = KINDS.find((one) => one === text(line["kind"])?.replace("SPAN_KIND_", "").toLowerCase()) ?? "unknown";
  const incoming = kind === "server" || kind === "consumer";
  const request =
    firstText(own, "faas.invocation_id", "faas.execution") ?? (incoming ? firstText(own, "aws.request.id", "aws.request_id") : null);
  const requestId = fn !== null && request !== null && isUuid(request) ? request.toLowerCase() : null;
  const durationNs = num(line["durationNano"]);
  const endedAt = epochMsOfNanos(line["endTimeUnixNano"]) ?? (durationNs === null ? null : startedAt + durationNs / 1e6);
  const status = num(own["http.response.status_code"] ?? own["http.status_code"]);
  const callerFault = status !== null && status >= 400 && status < 500;
  return {
    type: "span",
    cloud: "aws",
    account: arn?.account ?? source.account,
    region: arn?.region ?? source.region,
    traceId,
    spanId,
    parentSpanId: text(line["parentSpanId"])?.toLowerCase() ?? null,
    name: text(line["name"]) ?? spanId,
    fn,
    requestId,
    kind,
    isInvocation: incoming && requestId !== null,
    startedAt,
    endedAt,
    inProgress: endedAt === null,
    error: callerFault,
    fault: (status !== null && status >= 500) || (text(obj(line["status"])?.["code"]) === "ERROR" && !callerFault),
    throttle: status === 429,
    inferred: false,
    origin: firstText(all, "aws.xray.origin", "messaging.system", "rpc.system"),
    namespace: text(own["rpc.system"]) === "aws-api" ? "aws" : kind === "client" || kind === "producer" ? "remote" : null,
    links: linksOf(line),
    attributes: attributesOf(all, status),
    ids: idsOf(all, keys),
  };
}

function linksOf(line: Obj): Span["links"] {
  return objects(line["links"]).flatMap((link) => {
    const [traceId, spanId] = [traceIdOf(text(link["traceId"]) ?? ""), text(link["spanId"])?.toLowerCase()];
    return traceId === null || spanId === undefined ? [] : [{ traceId, spanId }];
  });
}

function attributesOf(all: Obj, status: number | null): Obj {
  const kept: Obj = {};
  for (const key of KEPT) if (all[key] !== undefined && all[key] !== null) kept[key] = all[key];
  if (status !== null) kept["http.status"] = status;
  return kept;
}

/** Attributes that a correlation key names (also behind a prefix, `app.order.id`), messages and executions. */
function idsOf(all: Obj, keys: IdKeys): Id[] {
  const found: Id[] = [];
  const add = (kind: Id["kind"], raw: string): void => {
    const value = kind === "execution" ? raw : normaliseId(raw);
    if (!isPlaceholderId(value) && !found.some((one) => one.kind === kind && one.value === value)) found.push({ kind, value });
  };
  for (const [key, value] of Object.entries(all)) {
    if (typeof value !== "string" && typeof value !== "number") continue;
    const parts = key.split(".");
    if (parts.some((_, i) => keys.isCorrelationKey(parts.slice(i).join(".")))) add("correlation", String(value));
  }
  const message = firstText(all, "messaging.message.id", "messaging.message_id");
  if (message !== null) add("message", message);
  const execution = firstText(all, "aws.step_functions.execution.arn", "aws.stepfunctions.execution_arn");
  if (execution !== null) add("execution", execution);
  return found;
}
