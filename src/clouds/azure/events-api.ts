/**
 * Application Insights events API: `value[]` of events with nested groups (`operation`, `cloud`, `request`):
 * https://learn.microsoft.com/rest/api/application-insights/events
 */
import type { Format, Sink } from "../../model/formats.ts";
import { type JsonObject, isObject } from "../../model/json.ts";
import type { Gap, Json } from "../../model/records.ts";
import { cutByLimit } from "./answers.ts";
import { telemetry } from "./normalise.ts";
import { type Row, rowOf } from "./schema.ts";
import { textOf } from "./values.ts";

function isEvent(value: Json): value is JsonObject {
  return isObject(value) && typeof value["type"] === "string" && typeof value["timestamp"] === "string" && isObject(value["operation"]);
}

function eventsIn(body: Json): Json[] | null {
  if (isEvent(body)) return [body];
  if (!isObject(body) || !Array.isArray(body["value"])) return null;
  const context = textOf(body["@odata.context"]) ?? "";
  return body["value"].some(isEvent) || /\/events\/.*\$metadata/.test(context) ? body["value"] : null;
}

/** An event with its groups laid flat, as the same row would look in a query result. */
function rowOfEvent(event: JsonObject): Row {
  const type = textOf(event["type"]) ?? "";
  const group = event[type];
  const operation = isObject(event["operation"]) ? event["operation"] : {};
  const cloud = isObject(event["cloud"]) ? event["cloud"] : {};
  const ai = isObject(event["ai"]) ? event["ai"] : {};
  return rowOf([
    ["itemType", type],
    ["timestamp", event["timestamp"]],
    ["itemCount", event["count"]],
    ["customDimensions", event["customDimensions"]],
    ["customMeasurements", event["customMeasurements"]],
    ["operation_Id", operation["id"]],
    ["operation_ParentId", operation["parentId"]],
    ["operation_Name", operation["name"]],
    ["cloud_RoleName", cloud["roleName"]],
    ["cloud_RoleInstance", cloud["roleInstance"]],
    ["sdkVersion", ai["sdkVersion"]],
    ...(isObject(group) ? Object.entries(group) : []),
  ]);
}

function limits(body: JsonObject, events: number, sink: Sink): void {
  for (const why of cutByLimit(body, events)) {
    const gap: Gap = {
      type: "gap",
      cloud: "azure",
      account: null,
      region: null,
      what: "Application Insights events",
      why,
      from: null,
      to: null,
    };
    sink.record(gap);
  }
}

export const eventsApi: Format = {
  id: "azure.events-api",
  title: "Application Insights events API",
  kind: "json",
  lookedFor: '{"value":[{"type":"request","timestamp":…,"operation":{…},"cloud":{…}}]}',
  recognise: (document) => (eventsIn(document) === null ? 0 : 90),
  open(source, sink, keys) {
    const into = telemetry(source, sink, keys);
    return {
      read(document, at) {
        const events = eventsIn(document) ?? [document];
        if (isObject(document)) limits(document, events.length, sink);
        if (events.length === 0) sink.ignored("an events API answer without events");
        for (const event of events) {
          if (isEvent(event)) into.row(rowOfEvent(event), null, at);
          else sink.broken("an event without type, timestamp or operation", at);
        }
      },
      end: () => into.end(),
    };
  },
};
