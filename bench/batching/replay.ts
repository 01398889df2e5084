/**
 * The second method: pollers, queues and functions played event by event on one clock, written from the vendors' pages (the same that the
 * models in src/analyzer/batching/pollers name) and sharing no code with them. Plain and slow. What the pages leave open is played as they
 * word it at its longest: a poller with a window looks at it only when a receive comes back, which may take 20 s.
 */
import type { Arrival, PollerSettings, ServiceTime } from "../../src/model/batching.ts";
import { Calendar } from "./calendar.ts";
import { partitions, stream } from "./logs.ts";
import { serviceBus, sqsFifo, sqsStandard } from "./queues.ts";
import { minimum, SIX_MB, type Source } from "./world.ts";

export interface Replayed {
  invocations: number;
  p95Ms: number;
  p99Ms: number;
}

/** Messages in order, an end of the run for each; `slowReceives: false`: windows are kept to the letter. `failing`: see World (streams). */
export function replay(
  arrivals: readonly Arrival[],
  settings: PollerSettings,
  service: ServiceTime,
  { seed, slowReceives, failing }: { seed: number; slowReceives: boolean; failing?: { share: number; attempts: number; answers: boolean } },
): Replayed {
  const calendar = new Calendar();
  const uniform = lehmer(seed);
  const latencies: number[] = [];
  let invocations = 0;
  let lost = 0;
  const invoke = (messages: readonly Arrival[], ended: () => void, handled = messages): void => {
    invocations += 1;
    const sigma = service.spread;
    // Irwin-Hall: the sum of twelve uniform numbers, less six, is close to a standard normal
    const z = Array.from({ length: 12 }, uniform).reduce((sum, one) => sum + one, -6);
    const took = (service.fixedMs + service.perEventMs * messages.length) * Math.exp(sigma * z - sigma ** 2 / 2);
    calendar.in(took, () => {
      for (const { atMs } of handled) latencies.push(calendar.now - atMs);
      ended();
    });
  };
  calendar.now = arrivals[0]?.atMs ?? 0;
  const chance = lehmer(seed + 104_729);
  const bad = new Set(failing ? arrivals.filter(() => chance() < failing.share) : []);
  const deliver = SOURCES[settings.kind]({
    calendar,
    settings,
    uniform,
    invoke,
    slowReceives,
    fails: (message) => bad.has(message),
    retries: failing?.attempts ?? 0,
    answers: failing?.answers ?? false,
    giveUp: ({ length }) => (lost += length),
  });
  for (const message of arrivals) calendar.at(message.atMs, () => deliver(message));
  calendar.run(() => latencies.length + lost === arrivals.length);
  latencies.sort((a, b) => a - b);
  const rank = (share: number): number => latencies[Math.max(0, Math.ceil(share * latencies.length) - 1)] ?? 0;
  return { invocations, p95Ms: rank(0.95), p99Ms: rank(0.99) };
}

/** Lehmer's generator with the multiplier of Park and Miller. */
export function lehmer(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** A batch is what is there at the instant. */
const push =
  (mostOf: (settings: PollerSettings) => number): Source =>
  ({ calendar, settings, invoke }) => {
    const there: Arrival[] = [];
    return (message) => {
      there.push(message);
      calendar.in(0, () => {
        while (there.length > 0) invoke(there.splice(0, mostOf(settings)), () => undefined);
      });
    };
  };

const SOURCES: Record<PollerSettings["kind"], Source> = {
  "sqs-standard": sqsStandard,
  "sqs-fifo": sqsFifo,
  kinesis: stream(1_000),
  "dynamodb-stream": stream(250),
  kafka: partitions(({ windowMs, batchSize }) => ({ wait: windowMs, enough: batchSize, payload: SIX_MB })),
  "event-hubs": partitions(minimum),
  "service-bus": serviceBus,
  "event-grid": push(({ batchSize }) => batchSize),
  "pubsub-push": push(() => 1),
};
