/** What answers of Azure's APIs have in common. */
import { isObject } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import { textOf } from "./values.ts";

/** A failed answer of the API: `{error: {code, message}}` and nothing else. null: another body. */
export function errorOf(body: Json): { code: string; message: string } | null {
  if (!isObject(body) || !isObject(body["error"])) return null;
  const error = body["error"];
  return { code: textOf(error["code"]) ?? "error", message: textOf(error["message"]) ?? "" };
}

/**
 * What the service says of a limit that it put on a query by itself (`AddedLimitToQuery`), where the answer has as many rows as that: then
 * there may be more. Fewer rows are all rows.
 */
export function cutByLimit(body: Json, rows: number): string[] {
  const messages = isObject(body) && Array.isArray(body["@ai.messages"]) ? body["@ai.messages"] : [];
  const texts = messages.map((message) => (isObject(message) ? textOf(message["message"]) : null));
  return texts.filter((text) => text !== null).filter((text) => rows >= Number(/limited to (\d+) rows/i.exec(text)?.[1] ?? Number.NaN));
}
