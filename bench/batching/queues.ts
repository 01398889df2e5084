/** Queues without an order over all of it: SQS and Service Bus, played message by message. */
import type { Arrival } from "../../src/model/batching.ts";
import { bytesOf, minimum, SIX_MB, type Source } from "./world.ts";

/** Several receivers on one queue; a message goes to any that waits. */
export const sqsStandard: Source = ({ calendar, settings, uniform, invoke, slowReceives }) => {
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
export const sqsFifo: Source = ({ calendar, settings, invoke }) => {
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

/** Each instance of the app takes one batch after the other; a message goes to any instance that is free. */
export const serviceBus: Source = ({ calendar, settings, uniform, invoke }) => {
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
