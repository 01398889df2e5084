/** What the played pollers share: one clock, one source of chance, the function they invoke. */
import type { Arrival, PollerSettings } from "../../src/model/batching.ts";
import type { Calendar } from "./calendar.ts";

export interface World {
  calendar: Calendar;
  settings: PollerSettings;
  uniform: () => number;
  /** Starts a run of these messages now; `ended` is called when it is over. `handled`: those that are done then, all unless some fail. */
  invoke: (messages: readonly Arrival[], ended: () => void, handled?: readonly Arrival[]) => void;
  /** Streams: whether a message makes every run fail that it is in. */
  fails: (message: Arrival) => boolean;
  /** Streams: retries after the first run, and whether the function names what failed. */
  retries: number;
  answers: boolean;
  /** These are not run any more. */
  giveUp: (messages: readonly Arrival[]) => void;
  /** A poller looks at its window only between receives. */
  slowReceives: boolean;
}

export type Source = (world: World) => (message: Arrival) => void;

export const SIX_MB = 6 * 1024 ** 2;
export const bytesOf = (messages: readonly Arrival[]): number => messages.reduce((sum, { bytes }) => sum + bytes, 0);

/** Azure: waits where a minimum is set. */
export const minimum = (settings: PollerSettings): { wait: number; enough: number; payload: number } => {
  const enough = settings.minimumBatchSize ?? 1;
  return { wait: enough > 1 ? settings.windowMs : 0, enough, payload: Number.POSITIVE_INFINITY };
};
