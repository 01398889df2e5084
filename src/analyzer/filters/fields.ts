/** The fields of an event that a grammar's filters can look at, as typed leaves by the grammar's own paths. */
import type { FilterGrammar } from "../../model/filters.ts";
import type { Json } from "../../model/records.ts";
import type { Path, Scalar } from "./clause.ts";

/** One leaf of an event. A field under an array has one leaf per element. */
export interface Leaf {
  path: Path;
  value: Scalar;
  /** The outermost array above it, as a path; null: under none. Patterns ask that tests below one array hold in one element. */
  array: string | null;
}

/** Leaves beyond this are not looked at: a filter on the two hundredth field of an event is no filter that anybody reads. */
const mostLeaves = 200;
const deepest = 12;

/** JSON in a text; undefined: it is none, or no object. */
function parsed(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The payload of a record as filters see it: JSON as it is or as text, plain or in base64 (Kinesis, Kafka and MQ); else the text. */
function payload(value: Json | undefined, base64: boolean): Json | undefined {
  if (typeof value !== "string") return value;
  const direct = parsed(value);
  if (direct !== undefined || !base64) return direct ?? value;
  try {
    const bytes = Uint8Array.from(atob(value), (letter) => letter.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return parsed(text) ?? text;
  } catch {
    return value;
  }
}

function walk(value: Json | undefined, path: Path, array: string | null, out: Leaf[]): void {
  if (value === undefined || out.length >= mostLeaves || path.length > deepest) return;
  if (Array.isArray(value)) {
    for (const element of value) walk(element, path, array ?? path.join("."), out);
  } else if (value !== null && typeof value === "object") {
    for (const key of Object.keys(value)) walk(value[key], [...path, key], array, out);
  } else {
    out.push({ path, value, array });
  }
}

const objectOf = (value: Json | undefined): { [key: string]: Json } =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};

/** Where the payload lies in a record of each source of Lambda mappings and pipes, and whether it is base64 there. */
const payloads: { [grammar in FilterGrammar]?: { key: string; base64: boolean } } = {
  sqs: { key: "body", base64: false },
  kinesis: { key: "data", base64: true },
  kafka: { key: "value", base64: true },
  mq: { key: "data", base64: true },
};

/** Attributes of an SNS message in any of its forms: `{Type, Value}` as Lambda gets them, or plain. */
function snsAttributes(event: { [key: string]: Json }): Leaf[] {
  const attributes = objectOf(event["MessageAttributes"] ?? event["messageAttributes"] ?? event);
  const leaves: Leaf[] = [];
  for (const [name, given] of Object.entries(attributes)) {
    const fields = objectOf(given);
    const type = fields["Type"] ?? fields["DataType"];
    const raw = fields["Value"] ?? fields["StringValue"] ?? (type === undefined ? given : undefined);
    if (type === "Number" && typeof raw === "string") leaves.push({ path: [name], value: Number(raw), array: null });
    else if (type === "String.Array" && typeof raw === "string") walk(parsed(raw), [name], null, leaves);
    else walk(raw, [name], null, leaves);
  }
  return leaves;
}

/** System properties of Service Bus messages that rules can ask for, by the names records have. */
const systemProperties: { [name: string]: string } = {
  label: "Label",
  subject: "Label",
  correlationid: "CorrelationId",
  to: "To",
  replyto: "ReplyTo",
  contenttype: "ContentType",
};

/** Properties of a Service Bus message: the user's below `user`, the system's below `sys`. */
function serviceBusProperties(event: { [key: string]: Json }): Leaf[] {
  const leaves: Leaf[] = [];
  walk(
    event["applicationProperties"] ?? event["ApplicationProperties"] ?? event["userProperties"] ?? event["properties"],
    ["user"],
    null,
    leaves,
  );
  const system = { ...objectOf(event["systemProperties"]), ...event };
  for (const [name, value] of Object.entries(system)) {
    const known = systemProperties[name.toLowerCase()];
    if (known !== undefined && typeof value === "string") leaves.push({ path: ["sys", known], value, array: null });
  }
  return leaves.filter((leaf) => leaf.path.length === 2);
}

/** Attributes of a Pub/Sub message: plain, inside `message` (push) or `data.message` (CloudEvents). */
function pubsubAttributes(event: { [key: string]: Json }): Leaf[] {
  const leaves: Leaf[] = [];
  const inner = [event, objectOf(event["message"]), objectOf(objectOf(event["data"])["message"])];
  walk(inner.find((one) => one["attributes"] !== undefined)?.["attributes"], ["attributes"], null, leaves);
  return leaves.filter((leaf) => leaf.path.length === 2 && typeof leaf.value === "string");
}

/** Attributes of a CloudEvent: texts beside its data, or those under `attributes`. */
function cloudEventAttributes(event: { [key: string]: Json }): Leaf[] {
  const { data: _, attributes, ...context } = event;
  const leaves: Leaf[] = [];
  walk(attributes ?? context, [], null, leaves);
  return leaves.filter((leaf) => leaf.path.length === 1 && typeof leaf.value === "string");
}

/** The leaves that filters of the grammar can test. Payloads that are no JSON have no fields. */
export function leavesOf(grammar: FilterGrammar, event: Json): Leaf[] {
  const top = objectOf(event);
  const leaves: Leaf[] = [];
  const wrapped = payloads[grammar];
  if (wrapped !== undefined) {
    const inside = payload(top[wrapped.key], wrapped.base64);
    if (typeof inside === "object") walk(inside, [wrapped.key], null, leaves);
  } else if (grammar === "sns-attributes") leaves.push(...snsAttributes(top));
  else if (grammar === "sns-body") walk(payload(top["Message"] ?? event, false), [], null, leaves);
  else if (grammar === "service-bus-sql" || grammar === "service-bus-correlation") leaves.push(...serviceBusProperties(top));
  else if (grammar === "pubsub") leaves.push(...pubsubAttributes(top));
  else if (grammar === "eventarc") leaves.push(...cloudEventAttributes(top));
  else if (grammar === "dynamodb") {
    walk(top["eventName"], ["eventName"], null, leaves);
    walk(top["dynamodb"], ["dynamodb"], null, leaves);
  } else walk(event, [], null, leaves);
  return leaves.filter((leaf) => leaf.path.length > 0);
}
