/**
 * Properties of a Service Bus message as filters see them, in the shapes that messages are printed in: the SDKs' received message
 * (`messageId`, `subject`, `applicationProperties`), the host's binding data (`MessageId`, `Label`, `ApplicationProperties` or
 * `UserProperties`), the older SDKs' (`Label`, `Properties`), each also with the system's part under `systemProperties`. No filter sees a body.
 * https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messages-payloads
 */
import { isObject, type JsonObject } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";

/** System properties that filters may name, lower case; several names of one property stand together. */
const SYSTEM: readonly (readonly string[])[] = [
  ["label", "subject"],
  ["contenttype"],
  ["correlationid"],
  ["deadlettererrordescription"],
  ["deadletterreason"],
  ["deadlettersource"],
  ["deliverycount"],
  ["enqueuedsequencenumber"],
  ["enqueuedtimeutc", "enqueuedtime"],
  ["expiresatutc", "expiresat"],
  ["forcepersistence"],
  ["lockeduntilutc", "lockeduntil"],
  ["locktoken"],
  ["messageid"],
  ["partitionkey"],
  ["replyto"],
  ["replytosessionid"],
  ["scheduledenqueuetimeutc", "scheduledenqueuetime"],
  ["sequencenumber"],
  ["sessionid", "groupid"],
  ["size"],
  ["state"],
  ["timetolive"],
  ["to"],
  ["transactionpartitionkey"],
  ["viapartitionkey"],
];
const NAMES = new Map(SYSTEM.flatMap((names) => names.map((name) => [name, names] as const)));
const USER = ["applicationproperties", "userproperties", "properties"];

/** Whether a message has such a property at all: naming another is an error at the broker. */
export function isSystemProperty(name: string): boolean {
  return NAMES.has(name.toLowerCase());
}

/** undefined: the message does not have it. */
export function systemProperty(message: Json, name: string): Json | undefined {
  if (!isObject(message)) return undefined;
  const names = NAMES.get(name.toLowerCase()) ?? [name.toLowerCase()];
  const inner = folded(message, ["systemproperties"]);
  return (isObject(inner) ? folded(inner, names) : undefined) ?? folded(message, names);
}

/** undefined: the message does not have it. Names ignore case in SQL filters; `exact`: they do not in correlation filters. */
export function userProperty(message: Json, name: string, exact: boolean): Json | undefined {
  if (!isObject(message)) return undefined;
  const bag = folded(message, USER);
  if (!isObject(bag)) return undefined;
  if (Object.hasOwn(bag, name)) return bag[name];
  return exact ? undefined : folded(bag, [name.toLowerCase()]);
}

function folded(object: JsonObject, names: readonly string[]): Json | undefined {
  for (const name of names) for (const key of Object.keys(object)) if (key.toLowerCase() === name) return object[key];
  return undefined;
}
