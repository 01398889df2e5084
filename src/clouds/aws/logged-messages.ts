import type { Message } from "../../model/records.ts";
import type { FactReader } from "./line-facts.ts";
import type { Obj } from "./schema.ts";

export interface LoggedMessage {
  direction: "published" | "received";
  trigger: string | null;
  record(
    context: { at: number; fn: string | null; requestId: string | null; account: string | null; region: string | null },
    facts: FactReader,
  ): Message;
}
export function loggedMessages(_line: Obj | string): LoggedMessage[] | null {
  return null;
}
