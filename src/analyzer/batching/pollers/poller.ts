/** What every model of a poller is: it hands the arrivals to runs, in its vendor's way. */
import type { PollerSettings } from "../../../model/batching.ts";
import type { Bytes, Ms } from "../../../model/units.ts";
import type { Columns } from "../columns.ts";
import type { Tally } from "../tally.ts";
import type { Failing } from "./retries.ts";

/** Where the vendor's page leaves open how long a poller waits. */
export type Waits = "longest" | "shortest";

/** `failures`: events that fail, and the seed they are drawn with; null: none. Streams only, other models take no notice. */
export type PollerModel = (
  arrivals: Columns,
  settings: PollerSettings,
  tally: Tally,
  waits: Waits,
  failures: (Failing & { seed: number }) | null,
) => void;

/** Request of a synchronous invocation: what ends a batch of an event source mapping. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const LAMBDA_PAYLOAD_BYTES: Bytes = 6 * 1024 * 1024;

/**
 * End of a window on a poller that was idle since `idleMs` and got its first event at `firstMs`. Lambda's page says that a window of SQS,
 * Kinesis and DynamoDB begins as soon as the run before has ended; not what becomes of it when it passes without an event. Longest: it
 * begins again with the first event. Shortest: windows go on one after the other.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
 */
export function windowAfterRun(idleMs: Ms, firstMs: Ms, windowMs: Ms, waits: Waits): Ms {
  if (firstMs < idleMs + windowMs) return idleMs + windowMs;
  if (waits === "longest") return firstMs + windowMs;
  return idleMs + windowMs * Math.ceil((firstMs - idleMs) / windowMs);
}
