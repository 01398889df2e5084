/** Fetches the code package of a function from the address that GetFunction gives for ten minutes. */
import { createHash } from "node:crypto";
import type { Bytes, Ms } from "../../model/units.ts";

/**
 * The bytes, checked against the SHA-256 (base64) that Lambda names; null: not checked.
 * Throws Error when there is no whole answer in time, when it is larger than `maxBytes`, or not what the hash says.
 */
export async function download(
  url: string,
  sha256: string | null,
  limits: { maxBytes: Bytes; timeoutMs: Ms; signal: AbortSignal },
): Promise<Uint8Array> {
  const answer = await fetch(url, { signal: AbortSignal.any([limits.signal, AbortSignal.timeout(limits.timeoutMs)]), redirect: "error" });
  // the address holds a signature: it is in no message
  if (!answer.ok || answer.body === null) throw new Error(`the code could not be fetched: HTTP ${answer.status}`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body) {
    size += part.byteLength;
    if (size > limits.maxBytes) throw new Error(`the code is larger than ${limits.maxBytes / 1024 / 1024} MiB`);
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  const found = createHash("sha256").update(bytes).digest("base64");
  if (sha256 !== null && found !== sha256) throw new Error("the code that was fetched is not what Lambda names by its hash");
  return bytes;
}
