/** Compressed payloads of CloudWatch Logs subscriptions. */
import { gunzipSync } from "node:zlib";
import type { Json } from "../../model/records.ts";

/** Largest decompressed subscription payload that is accepted; CloudWatch sends at most 256 KB compressed. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** The JSON in a base64 + gzip text (subscription payloads, also inside Kinesis records); null: it is not that. */
export function unpack(data: string): Json | null {
  if (!data.startsWith("H4sI")) return null;
  try {
    return JSON.parse(gunzipSync(Buffer.from(data, "base64"), { maxOutputLength: MAX_PAYLOAD_BYTES }).toString("utf8")) as Json;
  } catch {
    return null;
  }
}
