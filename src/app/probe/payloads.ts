/** The events that a probe sends: a file with one JSON document, or one per line. */
import { UserError } from "../../model/errors.ts";
import { readText } from "../text-file.ts";

/** Synchronous invocations take 6 MB, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_BYTES = 6 * 1024 * 1024;

/** Payloads in the file's order, as written. Throws UserError with file and line where one is no JSON or too large. */
export function readPayloads(path: string): string[] {
  const text = readText(path);
  if (text === null) throw new UserError(`no payload file at ${path}`);
  const whole = text.trim();
  if (whole === "") throw new UserError(`${path} is empty`, { suggestions: ["it holds the event to send as JSON, or one event per line"] });
  if (isJson(whole)) return [checkedSize(whole, path, 1)];
  const payloads: string[] = [];
  text.split("\n").forEach((line, i) => {
    const payload = line.trim();
    if (payload === "") return;
    if (!isJson(payload))
      throw new UserError(`${path}:${i + 1}: not JSON`, {
        suggestions: ["the file holds one JSON document, or one JSON document per line"],
      });
    payloads.push(checkedSize(payload, path, i + 1));
  });
  return payloads;
}

function checkedSize(payload: string, path: string, line: number): string {
  const bytes = Buffer.byteLength(payload);
  if (bytes > MAX_BYTES) throw new UserError(`${path}:${line}: ${bytes} bytes; a synchronous invocation takes ${MAX_BYTES}`);
  return payload;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
