/**
 * Lambda's pollers of a FIFO queue: ten messages at most, no window, one batch of a message group under way; a batch may hold several groups,
 * and a receive takes as many messages of one group as it can. As many concurrent runs as there are active groups, or the maximum concurrency.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html,
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
 * Assumed: there is always a poller for a group that is free (up to the limit); a message whose group is not known is a group of its own.
 */
import type { Ms } from "../../../model/units.ts";
import type { PollerModel } from "./poller.ts";

const BATCH_MOST = 10;
const CONCURRENT_MOST = 1_250;

interface Run {
  endMs: Ms;
  groups: number[];
}

export const sqsFifo: PollerModel = (arrivals, settings, tally) => {
  const { atMs, key, length } = arrivals;
  const size = Math.min(settings.batchSize, BATCH_MOST);
  const most = settings.maximumConcurrency ?? CONCURRENT_MOST;
  /** Messages of each group that wait, and from where on. */
  const waiting = new Map<number, { events: number[]; from: number; locked: boolean; ready: boolean }>();
  /** Groups with messages and no run, in the order they became so. */
  let ready: number[] = [];
  let readyFrom = 0;
  const running: Run[] = [];
  let receives = 0;
  let deletes = 0;

  const offer = (group: number): void => {
    const state = waiting.get(group)!;
    if (state.locked || state.ready) return;
    if (state.from >= state.events.length) {
      waiting.delete(group);
      return;
    }
    state.ready = true;
    ready.push(group);
  };
  const receive = (now: Ms): void => {
    while (readyFrom < ready.length && running.length < most) {
      const members: number[] = [];
      const groups: number[] = [];
      while (members.length < size && readyFrom < ready.length) {
        const group = ready[readyFrom++]!;
        const state = waiting.get(group)!;
        while (members.length < size && state.from < state.events.length) members.push(state.events[state.from++]!);
        state.ready = false;
        state.locked = true;
        groups.push(group);
      }
      push(running, { endMs: tally.run(now, members, members.length), groups });
      receives += 1;
      deletes += 1;
    }
    if (readyFrom > 1_000 && readyFrom * 2 > ready.length) {
      ready = ready.slice(readyFrom);
      readyFrom = 0;
    }
  };
  const finish = (): void => {
    const { endMs, groups } = pop(running);
    for (const group of groups) {
      waiting.get(group)!.locked = false;
      offer(group);
    }
    receive(endMs);
  };

  for (let i = 0; i < length;) {
    const now = atMs[i]!;
    while (running.length > 0 && running[0]!.endMs <= now) finish();
    // all of one instant before a poller looks
    for (; i < length && atMs[i] === now; i++) {
      const group = key[i]! < 0 ? -1 - i : key[i]!;
      const state = waiting.get(group);
      if (state) state.events.push(i);
      else waiting.set(group, { events: [i], from: 0, locked: false, ready: false });
      offer(group);
    }
    receive(now);
  }
  while (running.length > 0) finish();
  tally.calls({ receives, empty: 0, deletes });
};

/** Binary heap by end of run. */
function push(heap: Run[], run: Run): void {
  let at = heap.length;
  heap.push(run);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]!.endMs <= run.endMs) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = run;
}

function pop(heap: Run[]): Run {
  const top = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.endMs < heap[child]!.endMs) child += 1;
    if (heap[child]!.endMs >= last.endMs) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return top;
}
