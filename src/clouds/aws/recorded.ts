/** Wrappers that recording tools put around an AWS response. */
import type { Json } from "../../model/records.ts";
import { num, obj } from "./schema.ts";

/** The response itself: placebo's `{"status_code", "data"}` taken off; anything else as it is. */
export function recorded(document: Json): Json {
  const o = obj(document);
  if (o === null || num(o["status_code"]) === null) return document;
  return obj(o["data"]) ?? document;
}
