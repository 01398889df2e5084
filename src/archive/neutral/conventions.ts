/**
 * What OpenTelemetry's semantic conventions say about where a record belongs (https://opentelemetry.io/docs/specs/semconv/):
 * cloud, account, region, function, request and correlation IDs. Jaeger keeps the same names in its tags.
 */
import type { IdKeys } from "../../model/id-keys.ts";
import { type Id, isPlaceholderId, normaliseId } from "../../model/ids.ts";
import { type JsonObject, numberAt, textAt } from "../../model/json.ts";
import type { Cloud } from "../../model/records.ts";
import type { Mib } from "../../model/units.ts";

/** Where a record belongs, as its resource and attributes say. */
export interface Placement {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  /** Name of the function; null: not a function. */
  fn: string | null;
  service: string | null;
}

const ARN = /^arn:[\w-]+:\w+:([\w-]*):(\d*):(?:function:)?(.*)$/;

/** Reads the placement from attributes (of the record and its resource together). */
export function placementOf(attributes: JsonObject): Placement {
  const resource = textAt(attributes, "cloud.resource_id", "faas.id", "aws.lambda.invoked_arn") ?? "";
  const arn = ARN.exec(resource);
  const cloud = cloudOf(attributes, resource);
  return {
    cloud,
    account: textAt(attributes, "cloud.account.id", "aws.account_id", "gcp.project_id") ?? accountOf(resource, arn),
    region: (textAt(attributes, "cloud.region", "aws.region") ?? (arn?.[1] || partAfter(resource, "locations")))?.toLowerCase() ?? null,
    fn: functionOf(attributes, resource, arn, cloud),
    service: textAt(attributes, "service.name"),
  };
}

function cloudOf(attributes: JsonObject, resource: string): Cloud {
  const provider = textAt(attributes, "cloud.provider", "faas.invoked_provider");
  if (provider === "aws" || provider === "azure" || provider === "gcp") return provider;
  const platform = /^(aws|azure|gcp)[._]/.exec(textAt(attributes, "cloud.platform") ?? "")?.[1];
  if (platform === "aws" || platform === "azure" || platform === "gcp") return platform;
  if (resource.startsWith("arn:aws")) return "aws";
  if (/^\/subscriptions\//i.test(resource)) return "azure";
  return /^\/\/[\w.]+\.googleapis\.com\//.test(resource) ? "gcp" : "other";
}

function accountOf(resource: string, arn: RegExpExecArray | null): string | null {
  if (arn) return arn[2] || null;
  return /^\/subscriptions\/([^/]+)/i.exec(resource)?.[1]?.toLowerCase() ?? partAfter(resource, "projects");
}

/** Function name without ARN, alias and Azure app name; a service of Cloud Run is a function too. */
function functionOf(attributes: JsonObject, resource: string, arn: RegExpExecArray | null, cloud: Cloud): string | null {
  const named = textAt(attributes, "faas.name");
  if (named !== null) return (named.startsWith("arn:") ? (ARN.exec(named)?.[3] ?? named) : named.split("/").at(-1)!).split(":")[0] || null;
  if (cloud === "aws" && arn && resource.includes(":function:")) return arn[3]!.split(":")[0] || null;
  const azure = /\/sites\/[^/]+\/functions\/([^/]+)$/i.exec(resource)?.[1];
  return azure ?? (resource.includes("run.googleapis.com") ? partAfter(resource, "services") : null);
}

function partAfter(path: string, collection: string): string | null {
  return new RegExp(`(?:^|/)${collection}/([^/]+)`).exec(path)?.[1] ?? null;
}

/** ID of the invocation that a record belongs to. `outgoing`: the record is a call, whose AWS request ID is that of the service called. */
export function requestIdOf(attributes: JsonObject, outgoing: boolean): string | null {
  const own = textAt(attributes, "faas.invocation_id", "faas.execution", "faas.executionId");
  return own ?? (outgoing ? null : textAt(attributes, "aws.request.id", "aws.request_id", "aws.requestId"));
}

/** Configured memory: bytes today (`134217728`), MiB in early versions of the convention (`128`). */
export function memoryMibOf(attributes: JsonObject): Mib | null {
  const memory = numberAt(attributes, "faas.max_memory");
  if (memory === null || memory <= 0) return null;
  return memory >= 1024 * 1024 ? memory / 1024 ** 2 : memory;
}

/** Correlation IDs in attributes: a key counts with or without its prefixes (`app.order.id`, `order.id`). */
export function correlationIds(attributes: JsonObject, keys: IdKeys): Id[] {
  const ids: Id[] = [];
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value !== "string" && typeof value !== "number") continue;
    if (!isCorrelation(key, keys)) continue;
    addId(ids, { kind: "correlation", value: normaliseId(String(value)) });
  }
  return ids;
}

function isCorrelation(key: string, keys: IdKeys): boolean {
  for (let from = 0; from >= 0;) {
    if (keys.isCorrelationKey(key.slice(from))) return true;
    const dot = key.indexOf(".", from);
    if (dot < 0) return false;
    from = dot + 1;
  }
  return false;
}

/** Adds an ID once; placeholders join nothing and are left out. */
export function addId(ids: Id[], id: Id): void {
  if (isPlaceholderId(id.value) || ids.some((other) => other.kind === id.kind && other.value === id.value)) return;
  ids.push(id);
}

/** Names of small facts that a span keeps; statements, queries and bodies stay out. */
const KEPT =
  /^(service\.name|http\.(route|request\.method|(request|response)(\.body\.size|_content_length))|url\.scheme|server\.address|peer\.service|db\.(system|system\.name|name|namespace|operation|operation\.name|collection\.name|sql\.table)|rpc\.(system|service|method)|messaging\.(system|operation|operation\.type|operation\.name|batch\.message_count|destination\.name|destination_kind)|faas\.(trigger|coldstart|version|instance|invoked_name|cron)|aws\.(dynamodb\.table_names|s3\.bucket|queue_url|sqs\.queue\.url|sns\.topic\.arn|step_functions\.(activity|state_machine)\.arn)|error\.type|exception\.type|otel\.library\.name|span\.kind)$/;

/** The facts that analyzers read, from a span's and its resource's attributes. */
export function keptAttributes(attributes: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(attributes)) if (KEPT.test(key)) kept[key] = value;
  const status = numberAt(attributes, "http.response.status_code", "http.status_code");
  if (status !== null) kept["http.status"] = status;
  const method = textAt(attributes, "http.request.method", "http.method");
  if (method !== null) kept["http.method"] = method;
  const path = textAt(attributes, "url.path", "http.target");
  if (path !== null) kept["http.path"] = path.split("?")[0] ?? "";
  return kept;
}
