/** Names of AWS resources: ARNs, and the function behind a log group or stream. */

export interface Arn {
  service: string;
  /** null: global service, or redacted. */
  region: string | null;
  account: string | null;
  /** Everything after the account: `function:orders:live`, `rule/bus/name`. */
  resource: string;
}

/** The parts of an ARN, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html. null: not an ARN. */
export function arnOf(text: string | null | undefined): Arn | null {
  if (typeof text !== "string" || !text.startsWith("arn:")) return null;
  const parts = text.split(":");
  if (parts.length < 6) return null;
  const [, , service, region, account] = parts;
  return {
    service: service!,
    region: region !== "" && /^[a-z]{2}(-[a-z]+)+-\d$/.test(region!) ? region! : null,
    account: /^\d{12}$/.test(account!) ? account! : null,
    resource: parts.slice(5).join(":"),
  };
}

/** Function name (and qualifier) of a function ARN, partial ARN or plain name; null: another kind of ARN. */
export function functionOf(text: string | null | undefined): { fn: string; version: string | null } | null {
  if (!text) return null;
  const arn = arnOf(text);
  if (arn === null) {
    if (!/^[\w$:-]{1,170}$/.test(text)) return null;
    const [fn, version] = text.split(":");
    return fn ? { fn, version: version || null } : null;
  }
  if (arn.service !== "lambda" || !arn.resource.startsWith("function:")) return null;
  const [, fn, version] = arn.resource.split(":");
  return fn ? { fn, version: version || null } : null;
}

/** Last part of an ARN or path: queue, topic, bus, table, bucket or stream name. DynamoDB: the table, not the stream label. */
export function resourceName(arnOrName: string | null | undefined): string | null {
  if (!arnOrName) return null;
  const arn = arnOf(arnOrName);
  if (arn === null) return arnOrName.split("/").pop() || null;
  const r = arn.resource;
  if (arn.service === "dynamodb") return /^table\/([^/]+)/.exec(r)?.[1] ?? r;
  if (arn.service === "kinesis") return /^stream\/([^/]+)/.exec(r)?.[1] ?? r;
  if (arn.service === "kafka") return /^cluster\/([^/]+)/.exec(r)?.[1] ?? r;
  if (arn.service === "events") return r.split("/").pop() || null;
  return r.split(/[:/]/).pop() || null;
}

const LAMBDA_GROUP = "/aws/lambda/";

/** `/aws/lambda/NAME` -> NAME (Lambda@Edge groups start with the home region). null: a group that does not name a function. */
export function functionOfGroup(group: string): string | null {
  const name = group.startsWith("arn:") ? (/:log-group:([^:]+)/.exec(group)?.[1] ?? "") : group;
  if (!name.startsWith(LAMBDA_GROUP)) return null;
  return name.slice(LAMBDA_GROUP.length).replace(/^[a-z]{2}-[a-z]+-\d\./, "") || null;
}

const SHARED_STREAM = /^\d{4}\/\d\d\/\d\d\/([\w-]+)\[([\w$-]+)\]/;
const STREAM_VERSION = /^\d{4}\/\d\d\/\d\d\/(?:[\w-]+)?\[([\w$-]+)\]/;

/** Function in a stream name of a log group that several functions share: `2025/05/12/NAME[$LATEST]env`. null: not said. */
export function functionOfStream(stream: string): string | null {
  return SHARED_STREAM.exec(stream)?.[1] ?? null;
}

/** Version in a stream name: `2023/07/05/[56]374c...` -> 56. null: not said. */
export function versionOfStream(stream: string): string | null {
  return STREAM_VERSION.exec(stream)?.[1] ?? null;
}

const LEVELS: { readonly [word: string]: string } = {
  TRACE: "TRACE",
  TRCE: "TRACE",
  DEBUG: "DEBUG",
  DBUG: "DEBUG",
  INFO: "INFO",
  INFORMATION: "INFO",
  NOTICE: "INFO",
  LOG: "INFO",
  WARN: "WARN",
  WARNING: "WARN",
  ERROR: "ERROR",
  ERR: "ERROR",
  FAIL: "ERROR",
  FATAL: "FATAL",
  CRITICAL: "FATAL",
  CRIT: "FATAL",
};

/** The model's level for a logger's word (`warning`, `Critical`) or pino/bunyan number (30 = INFO); null: not a level. */
export function levelOf(word: string | number): string | null {
  if (typeof word === "number") {
    if (word < 10 || word > 69) return null;
    return ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"][Math.floor(word / 10) - 1] ?? null;
  }
  return LEVELS[word] ?? LEVELS[word.toUpperCase()] ?? null;
}

const UUID_AT = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

/** True if the text is a UUID, the form of every Lambda request ID. */
export function isUuid(text: string): boolean {
  return text.length === 36 && UUID_AT.test(text);
}

/** Function in a path that spells its log group out (`.../aws/lambda/NAME/...`), as S3 exports with the group as prefix do. null: not said. */
export function functionOfPath(segments: readonly string[]): string | null {
  const at = segments.findIndex((segment, i) => segment === "aws" && segments[i + 1] === "lambda");
  return (at < 0 ? undefined : segments[at + 2]) ?? null;
}
