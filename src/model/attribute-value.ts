/** DynamoDB's typed JSON (`{"S": "x"}`, `{"N": "1"}`) as plain JSON. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html */
import { isObject } from "./json.ts";
import type { Json } from "./records.ts";

type Item = { [name: string]: Json };

/** A value as it is written there; undefined: it is no such value. Numbers beyond what a double holds lose their last digits. */
function plainValue(value: Json): Json | undefined {
  const entries = isObject(value) ? Object.entries(value) : [];
  if (entries.length !== 1) return undefined;
  const [type, held] = entries[0]!;
  switch (type) {
    case "S":
    case "B":
      return typeof held === "string" ? held : undefined;
    case "N":
      return typeof held === "string" && Number.isFinite(Number(held)) ? Number(held) : undefined;
    case "BOOL":
      return typeof held === "boolean" ? held : undefined;
    case "NULL":
      return null;
    case "SS":
    case "BS":
      return Array.isArray(held) ? held : undefined;
    case "NS":
      return Array.isArray(held) ? held.map(Number) : undefined;
    case "L":
      return Array.isArray(held) ? held.map((one) => plainValue(one) ?? null) : undefined;
    case "M":
      return isObject(held) ? plainMap(held) : undefined;
    default:
      return undefined;
  }
}

function plainMap(map: Item): Item {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, plainValue(value) ?? null]));
}

/** An item in typed JSON as plain JSON; null: some attribute of it is not typed, so that it is no such item. */
export function plainItem(item: Item): Item | null {
  const entries = Object.entries(item).map(([name, value]) => [name, plainValue(value)] as const);
  return entries.length === 0 || entries.some(([, value]) => value === undefined) ? null : Object.fromEntries(entries as [string, Json][]);
}
