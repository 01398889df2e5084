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
