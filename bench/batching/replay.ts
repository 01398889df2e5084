/**
 * The second method: pollers, queues and functions played event by event on one clock, written from the vendors' pages (the same that the
 * models in src/analyzer/batching/pollers name) and sharing no code with them. Plain and slow. What the pages leave open is played as they
 * word it at its longest: a poller with a window looks at it only when a receive comes back, which may take 20 s.
 */
import { createHash } from "node:crypto";
import type { Arrival, PollerSettings, ServiceTime } from "../../src/model/batching.ts";
import { Calendar } from "./calendar.ts";

export interface Replayed {
  invocations: number;
  p95Ms: number;
  p99Ms: number;
}

interface World {
  calendar: Calendar;
  settings: PollerSettings;
  uniform: () => number;
  /** Starts a run of these messages now; `ended` is called when it is over. */
  invoke: (messages: readonly Arrival[], ended: () => void) => void;
  /** A poller looks at its window only between receives. */
  slowReceives: boolean;
}

type Source = (world: World) => (message: Arrival) => void;

const SIX_MB = 6 * 1024 ** 2;
const bytesOf = (messages: readonly Arrival[]): number => messages.reduce((sum, { bytes }) => sum + bytes, 0);

/** Messages in order, an end of the run for each; `slowReceives: false`: windows are kept to the letter. */
export function replay(
  arrivals: readonly Arrival[],
  settings: PollerSettings,
  service: ServiceTime,
  { seed, slowReceives }: { seed: number; slowReceives: boolean },
): Replayed {
  const calendar = new Calendar();
  const uniform = lehmer(seed);
  const latencies: number[] = [];
  let invocations = 0;
  const invoke = (messages: readonly Arrival[], ended: () => void): void => {
    invocations += 1;
    const sigma = service.spread;
    // Irwin-Hall: the sum of twelve uniform numbers, less six, is close to a standard normal
    const z = Array.from({ length: 12 }, uniform).reduce((sum, one) => sum + one, -6);
    const took = (service.fixedMs + service.perEventMs * messages.length) * Math.exp(sigma * z - sigma ** 2 / 2);
    calendar.in(took, () => {
      for (const { atMs } of messages) latencies.push(calendar.now - atMs);
      ended();
    });
  };
  calendar.now = arrivals[0]?.atMs ?? 0;
  const deliver = SOURCES[settings.kind]({ calendar, settings, uniform, invoke, slowReceives });
  for (const message of arrivals) calendar.at(message.atMs, () => deliver(message));
  calendar.run(() => latencies.length === arrivals.length);
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

/** Several receivers on one queue; a message goes to any that waits. */
const sqsStandard: Source = ({ calendar, settings, uniform, invoke, slowReceives }) => {
  const queue: Arrival[] = [];
  const waiting: { take: (messages: Arrival[]) => void; stop: () => boolean }[] = [];
  const most = settings.maximumConcurrency ?? 1_250;
  const usual = Math.min(5, most);
  let pollers = 0;

  const receive = (max: number, waitMs: number, take: (messages: Arrival[]) => void, removable: boolean): void => {
    if (queue.length > 0) {
      take(queue.splice(0, Math.min(10, max)));
      return;
    }
    const receiver = {
      take,
      stop: () => {
        if (!removable) return false;
        waiting.splice(waiting.indexOf(receiver), 1);
        return true;
      },
    };
    waiting.push(receiver);
    calendar.in(waitMs, () => {
      const place = waiting.indexOf(receiver);
      if (place < 0) return;
      waiting.splice(place, 1);
      take([]);
    });
  };
  const poller = (): void => {
    pollers += 1;
    let idleSince = calendar.now;
    let batch: Arrival[] = [];
    let windowEnd = 0;
    const size = settings.windowMs === 0 ? Math.min(10, settings.batchSize) : settings.batchSize;
    const go = (): void => {
      const messages = batch;
      batch = [];
      invoke(messages, () => {
        idleSince = calendar.now;
        poll();
      });
    };
    const poll = (): void => {
      const left = batch.length > 0 && !slowReceives ? Math.min(20_000, windowEnd - calendar.now) : 20_000;
      receive(size - batch.length, left, take, batch.length === 0);
    };
    const take = (messages: Arrival[]): void => {
      const { now } = calendar;
      if (batch.length === 0 && messages.length > 0)
        windowEnd = (now < idleSince + settings.windowMs ? idleSince : now) + settings.windowMs;
      while (messages.length > 0 && (batch.length === 0 || bytesOf(batch) + messages[0]!.bytes <= SIX_MB)) batch.push(messages.shift()!);
      const full = messages.length > 0;
      for (const message of messages.reverse()) giveBack(message);
      if (batch.length > 0 && (full || batch.length >= size || now >= windowEnd)) go();
      else poll();
    };
    poll();
  };
  for (let i = 0; i < usual; i++) poller();

  let calmSince = calendar.now;
  calendar.every(1_000, () => {
    if (queue.length > 0) calmSince = calendar.now;
    // more pollers for what has waited for a second
    if (queue.length > 0 && calendar.now - queue[0]!.atMs > 1_000) {
      const more = Math.min(5, most - pollers);
      for (let i = 0; i < more; i++) poller();
    } else if (calendar.now - calmSince > 60_000) {
      while (pollers > usual && waiting.some((receiver) => receiver.stop())) pollers -= 1;
    }
  });
  const offer = (message: Arrival): boolean => {
    if (waiting.length === 0) return false;
    waiting.splice(Math.floor(uniform() * waiting.length), 1)[0]!.take([message]);
    return true;
  };
  const giveBack = (message: Arrival): void => {
    if (!offer(message)) queue.unshift(message);
  };
  return (message) => {
    if (!offer(message)) queue.push(message);
  };
};

/** Messages of a group one after the other; every free group finds a poller, as long as there may be another run. */
const sqsFifo: Source = ({ calendar, settings, invoke }) => {
  const queue: Arrival[] = [];
  const locked = new Set<string | null>();
  const most = settings.maximumConcurrency ?? 1_250;
  let running = 0;
  const look = (): void => {
    while (running < most) {
      const batch: Arrival[] = [];
      const groups = new Set<string | null>();
      for (let first = available(); first && batch.length < Math.min(10, settings.batchSize); first = available()) {
        const { key } = first;
        for (const message of queue.filter((one) => one.key === key))
          if (batch.length < Math.min(10, settings.batchSize)) batch.push(message);
        for (const message of batch) if (message.key === key) queue.splice(queue.indexOf(message), 1);
        groups.add(key);
        locked.add(key);
      }
      if (batch.length === 0) return;
      running += 1;
      invoke(batch, () => {
        running -= 1;
        for (const key of groups) locked.delete(key);
        look();
      });
    }
  };
  const available = (): Arrival | undefined => queue.find(({ key }) => !locked.has(key));
  return (message) => {
    queue.push(message);
    calendar.in(0, look);
  };
};

/** A lane of a stream: a buffer, one run at a time, a timer for the window. */
function lane(
  world: World,
  rules: { wait: number; enough: number; size: number; payload: number; restarts: boolean },
): (message: Arrival) => void {
  const { calendar, invoke } = world;
  const buffer: Arrival[] = [];
  let running = false;
  let idleSince = calendar.now;
  let since = 0;
  let round = 0;
  const enough = (): boolean => buffer.length >= rules.enough || bytesOf(buffer.slice(0, rules.enough)) > rules.payload;
  const go = (): void => {
    round += 1;
    const batch = [buffer.shift()!];
    while (buffer.length > 0 && batch.length < rules.size && bytesOf(batch) + buffer[0]!.bytes <= rules.payload)
      batch.push(buffer.shift()!);
    running = true;
    invoke(batch, () => {
      running = false;
      idleSince = calendar.now;
      look();
    });
  };
  const look = (): void => {
    if (running || buffer.length === 0) return;
    if (rules.wait === 0 || enough()) {
      go();
      return;
    }
    const mine = round;
    // a window of a stream runs from the end of the run before; Kafka's begins with a record that can be taken
    const from = rules.restarts ? Math.max(since, idleSince) : since < idleSince + rules.wait ? idleSince : since;
    const timer = from + rules.wait;
    if (timer <= calendar.now) go();
    else calendar.at(timer, () => (round === mine && !running && buffer.length > 0 ? go() : undefined));
  };
  return (message) => {
    if (buffer.length === 0) since = calendar.now;
    buffer.push(message);
    calendar.in(0, look);
  };
}

/** Which of n a key falls to: by its MD5, as Kinesis does; any for none. */
function placeOf(key: string | null, n: number, { uniform }: World, salt: string): number {
  if (key === null) return Math.floor(uniform() * n);
  return (
    createHash("md5")
      .update(salt + key)
      .digest()
      .readUInt32BE() % n
  );
}

/** Shards that are read at a fixed pace, each with lanes of its own. */
function stream(everyMs: number): Source {
  return (world) => {
    const { calendar, settings, uniform } = world;
    const shards = Array.from({ length: settings.shards ?? 1 }, () => {
      const records: Arrival[] = [];
      const lanes = Array.from({ length: settings.parallelizationFactor ?? 1 }, () =>
        lane(world, { wait: settings.windowMs, enough: settings.batchSize, size: settings.batchSize, payload: SIX_MB, restarts: false }),
      );
      calendar.in(uniform() * everyMs, () =>
        calendar.every(everyMs, () => {
          for (const record of records.splice(0)) lanes[placeOf(record.key, lanes.length, world, "lane")]!(record);
        }),
      );
      return records;
    });
    return (message) => shards[placeOf(message.key, shards.length, world, "")]!.push(message);
  };
}

/** Partitions without a pace of reading. */
function partitions(rules: (settings: PollerSettings) => { wait: number; enough: number; payload: number }): Source {
  return (world) => {
    const { settings } = world;
    const lanes = Array.from({ length: settings.shards ?? 1 }, () =>
      lane(world, { ...rules(settings), size: settings.batchSize, restarts: true }),
    );
    return (message) => lanes[placeOf(message.key, lanes.length, world, "")]!(message);
  };
}

const minimum = (settings: PollerSettings): { wait: number; enough: number; payload: number } => {
  const enough = settings.minimumBatchSize ?? 1;
  return { wait: enough > 1 ? settings.windowMs : 0, enough, payload: Number.POSITIVE_INFINITY };
};

/** Each instance of the app takes one batch after the other; a message goes to any instance that is free. */
const serviceBus: Source = ({ calendar, settings, uniform, invoke }) => {
  const queue: Arrival[] = [];
  const { wait, enough } = minimum(settings);
  const instances = Array.from({ length: settings.maximumConcurrency ?? 1 }, () => ({ batch: [] as Arrival[], running: false, round: 0 }));
  type Instance = (typeof instances)[number];
  const go = (instance: Instance): void => {
    const { batch } = instance;
    instance.batch = [];
    instance.running = true;
    instance.round += 1;
    invoke(batch, () => {
      instance.running = false;
      take(instance);
    });
  };
  const take = (instance: Instance): void => {
    if (queue.length === 0 || instance.running) return;
    const first = instance.batch.length === 0;
    instance.batch.push(...queue.splice(0, settings.batchSize - instance.batch.length));
    if (wait === 0 || instance.batch.length >= enough) go(instance);
    else if (first) {
      const mine = instance.round;
      calendar.in(wait, () => (instance.round === mine && !instance.running ? go(instance) : undefined));
    }
  };
  return (message) => {
    queue.push(message);
    calendar.in(0, () => {
      const free = instances.filter(({ running }) => !running);
      if (free.length > 0) take(free[Math.floor(uniform() * free.length)]!);
    });
  };
};

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
