/** Events that are one request: API Gateway (REST, HTTP, WebSocket), load balancer, function URL; and the context of a Step Functions execution. */
import { type Id, normaliseId } from "../../model/ids.ts";
import type { Json } from "../../model/records.ts";
import { bytesOf, type Carried, carried } from "./carried.ts";
import { moment, obj, type Obj, parsed, text } from "./schema.ts";
import { contextOfHeader, contextOfHeaders, firstContext } from "./trace-carriers.ts";

/** An HTTP request handed to a function; null: not one. */
export function httpRequest(event: Obj): Carried | null {
  const context = obj(event["requestContext"]);
  if (context === null) return null;
  const http = obj(context["http"]);
  const method = text(event["httpMethod"]) ?? text(http?.["method"]) ?? text(context["eventType"]);
  if (method === null && text(context["connectionId"]) === null && obj(context["elb"]) === null) return null;
  const headers = obj(event["headers"]) ?? firstValues(obj(event["multiValueHeaders"]));
  const path =
    text(event["resource"]) ?? text(event["rawPath"]) ?? text(event["path"]) ?? text(context["routeKey"]) ?? text(http?.["path"]);
  const body = bodyOf(event);
  const requestId = text(context["requestId"]);
  const ids: Id[] = requestId === null ? [] : [{ kind: "request", value: normaliseId(requestId) }];
  return carried({
    direction: "received",
    channelKind: "http",
    channel: text(obj(context["elb"])?.["targetGroupArn"]) ?? text(context["domainName"]) ?? text(context["apiId"]),
    messageId: requestId,
    sentAt:
      moment(context["requestTimeEpoch"]) ?? moment(context["timeEpoch"]) ?? (method === "CONNECT" ? moment(context["connectedAt"]) : null),
    payload: parsed(body) ?? body,
    sizeBytes: bytesOf(body),
    eventName: [method, path].filter((part) => part !== null).join(" ") || null,
    trace: firstContext(contextOfHeaders(headers), contextOfHeaders(obj(context["authorizer"]))),
    ids,
    alsoIn: [withoutSecrets(headers), event["queryStringParameters"] ?? null, event["pathParameters"] ?? null],
    account: /^\d{12}$/.test(text(context["accountId"]) ?? "") ? text(context["accountId"]) : null,
    region: /\.execute-api\.([a-z0-9-]+)\./.exec(text(context["domainName"]) ?? "")?.[1] ?? null,
    trigger: "http",
  });
}

function bodyOf(event: Obj): Json {
  const body = text(event["body"]);
  return body !== null && event["isBase64Encoded"] === true ? Buffer.from(body, "base64").toString("utf8") : body;
}

function firstValues(headers: Obj | null): Obj | null {
  if (headers === null) return null;
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? (value[0] ?? null) : value]));
}

const SECRET = /^(?:authorization|cookie|set-cookie|x-api-key|x-amz-security-token)$/i;

function withoutSecrets(headers: Obj | null): Json {
  if (headers === null) return null;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET.test(name)));
}

/** The context object (`$$`) of an execution that a task passed on, plain or in Datadog's wrappers; null: not there. */
export function executionContext(event: Obj): Carried | null {
  const payload = obj(event["Payload"]);
  for (const o of [event, obj(event["_datadog"]), payload, obj(payload?.["_datadog"])]) {
    const execution = obj(o?.["Execution"]);
    const arn = text(execution?.["Id"]);
    if (o === null || execution === null || arn === null || !arn.startsWith("arn:")) continue;
    const state = obj(o["State"]);
    const root = text(o["RootExecutionId"]);
    const ids: Id[] = [{ kind: "execution", value: arn }];
    if (root !== null && root !== arn) ids.push({ kind: "execution", value: root });
    return carried({
      direction: "received",
      channelKind: "workflow",
      channel: text(obj(o["StateMachine"])?.["Id"]) ?? text(obj(o["StateMachine"])?.["Name"]),
      messageId: arn,
      sentAt: moment(state?.["EnteredTime"]) ?? moment(execution["StartTime"]),
      attempt: typeof state?.["RetryCount"] === "number" ? state["RetryCount"] + 1 : null,
      payload: execution["Input"] ?? null,
      eventName: text(state?.["Name"]),
      trace: firstContext(contextOfHeader(o["traceparent"]), contextOfHeaders(o)),
      ids,
      alsoIn: [],
      trigger: "step-functions",
    });
  }
  return null;
}
