/** Reads any one line of a Lambda log group, in every form it is exported in. */
import { functionLine } from "./function-line.ts";
import { line, type PlatformLine } from "./platform-fields.ts";
import { platformRecord } from "./platform-record.ts";
import { isOutOfMemory, platformText } from "./platform-text.ts";
import { obj, type Obj, parsed } from "./schema.ts";
import { unwrap } from "./text-line.ts";

/** Reads any line of a Lambda log group. Lines of the function itself are kind `function` with what they say of level and request. */
export function parsePlatformLine(message: string): PlatformLine {
  const found = platformText(message);
  if (found !== null) return found;
  const first = message[0];
  if (first === "{") {
    const record = obj(parsed(message));
    if (record !== null) return platformRecord(record) ?? loggedRecord(record) ?? line("function", functionLine(message, record));
  }
  const bare = unwrap(message);
  if (bare !== null && bare.message !== message) return parsePlatformLine(bare.message);
  return line(isOutOfMemory(message) ? "oom" : "function", functionLine(message, null));
}

/** What a function or extension wrote, as the Telemetry API hands it over; null: not that. */
function loggedRecord(o: Obj): PlatformLine | null {
  if (o["type"] !== "function" && o["type"] !== "extension") return null;
  const record = o["record"];
  if (typeof record === "string") return line("function", functionLine(record, null));
  const inner = obj(record);
  return inner === null ? null : line("function", functionLine("", inner));
}
