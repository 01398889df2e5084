/** Pollers that compete for one unordered queue, each with a batch of its own: why batches are far smaller than rate times window at low traffic. */
import type { Bytes, Ms } from "../../../model/units.ts";
import type { Columns } from "../columns.ts";
import type { Tally } from "../tally.ts";
import type { Waits } from "./poller.ts";

/** How the pollers of a vendor behave. */
export interface CompetingRules {
  /** Pollers at low traffic, and most of them. */
  pollers: number;
  mostPollers: number;
  /** Pollers that are added at each step of a second while events wait and all are busy; 0: none. */
  growth: number;
  /** Back to `pollers` after so long without a waiting event. */
  calmMs: Ms;
  /** Most events that one receive brings. */
  receiveMost: number;
  /** Most events in a batch; and so many end the wait for more. */
  batchSize: number;
  enough: number;
  windowMs: Ms;
  /** End of the window of a batch, from when its poller became idle and its first event. */
  windowEnd: (idleMs: Ms, firstMs: Ms) => Ms;
  /** A receive that finds nothing waits so long. */
  longPollMs: Ms;
  payloadBytes: Bytes | null;
  /** Messages that one call deletes; null: deleting is not billed. */
  deletesPerCall: number | null;
}

interface Poller {
  /** Its run ends; it can receive from then on. */
  freeMs: Ms;
  members: number[];
  count: number;
  bytes: Bytes;
  /** Its open batch goes out then if no event comes before; Infinity: no open batch. */
  closeMs: Ms;
  windowEndMs: Ms;
  /** Its receive under way began then. */
  polledMs: Ms;
}

const STEP_MS: Ms = 1_000;

/**
 * One pass over the arrivals, in order. A receive takes no time; which idle poller gets an event is drawn. Longest waits: a poller looks at its
 * window only between receives, and the one under way waits for its full time; shortest: it ends with the window.
 */
export function compete(arrivals: Columns, rules: CompetingRules, tally: Tally, waits: Waits): void {
  const { atMs, bytes, length } = arrivals;
  if (length === 0) return;
  const startMs = atMs[0]!;
  const pollers = Array.from({ length: rules.pollers }, () => idle(startMs));
  const ready: Poller[] = [];
  let receives = 0;
  let empty = 0;
  let deletes = 0;

  const dispatch = (poller: Poller, at: Ms): void => {
    poller.freeMs = tally.run(at, poller.members, poller.count);
    if (rules.deletesPerCall !== null) deletes += Math.ceil(poller.count / rules.deletesPerCall);
    poller.count = 0;
    poller.bytes = 0;
    poller.closeMs = Number.POSITIVE_INFINITY;
  };
  /** Its last receive found nothing more. */
  const giveUp = (poller: Poller): void => {
    empty += Math.max(1, Math.ceil((poller.closeMs - poller.polledMs) / rules.longPollMs));
    dispatch(poller, poller.closeMs);
  };
  /** When a receive that began now would end the batch, if nothing comes. */
  const closing = (poller: Poller, now: Ms): Ms => {
    const left = poller.windowEndMs - now;
    if (waits === "shortest") return poller.windowEndMs;
    return now + rules.longPollMs * Math.max(1, Math.ceil(left / rules.longPollMs));
  };

  let clockMs = startMs;
  let lastWaitMs = Number.NEGATIVE_INFINITY;
  let nextStepMs = startMs + STEP_MS;
  let i = 0;
  while (i < length) {
    clockMs = Math.max(clockMs, atMs[i]!);
    ready.length = 0;
    for (const poller of pollers) {
      if (poller.closeMs <= clockMs) giveUp(poller);
      if (poller.freeMs <= clockMs) ready.push(poller);
    }
    if (ready.length === 0) {
      // all are busy: the event waits for the first to end, or for more pollers
      lastWaitMs = clockMs;
      const freeMs = pollers.reduce((least, { freeMs: at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
      // growth steps are a second apart, and the first comes when an event has waited for a whole one
      const dueMs = atMs[i]! + STEP_MS;
      const from = Math.max(clockMs, dueMs);
      if (nextStepMs < from) nextStepMs += STEP_MS * Math.ceil((from - nextStepMs) / STEP_MS);
      const more = Math.min(rules.growth, rules.mostPollers - pollers.length);
      if (more > 0 && nextStepMs < freeMs) {
        clockMs = nextStepMs;
        nextStepMs += STEP_MS;
        for (let j = 0; j < more; j++) pollers.push(idle(clockMs));
      } else clockMs = freeMs;
      continue;
    }
    if (pollers.length > rules.pollers && clockMs - lastWaitMs > rules.calmMs) shrink(pollers, rules.pollers, clockMs);
    const poller = ready.length === 1 ? ready[0]! : ready[Math.floor(tally.random() * ready.length)]!;
    if (poller.count === 0) {
      empty += Math.floor((clockMs - poller.freeMs) / rules.longPollMs);
      poller.windowEndMs = rules.windowMs > 0 ? rules.windowEnd(poller.freeMs, clockMs) : clockMs;
    }
    receives += 1;
    let room = Math.min(rules.receiveMost, rules.batchSize - poller.count);
    let full = false;
    while (i < length && room > 0 && atMs[i]! <= clockMs) {
      if (rules.payloadBytes !== null && poller.count > 0 && poller.bytes + bytes[i]! > rules.payloadBytes) {
        full = true;
        break;
      }
      poller.members[poller.count++] = i;
      poller.bytes += bytes[i]!;
      room -= 1;
      i += 1;
    }
    if (full || poller.count >= rules.enough || clockMs >= poller.windowEndMs) dispatch(poller, clockMs);
    else {
      poller.polledMs = clockMs;
      poller.closeMs = closing(poller, clockMs);
    }
  }
  for (const poller of pollers) {
    if (poller.count > 0) giveUp(poller);
    else empty += Math.max(0, Math.floor((clockMs - poller.freeMs) / rules.longPollMs));
  }
  tally.calls({ receives, empty, deletes: rules.deletesPerCall === null ? null : deletes });
}

function idle(at: Ms): Poller {
  return { freeMs: at, members: [], count: 0, bytes: 0, closeMs: Number.POSITIVE_INFINITY, windowEndMs: 0, polledMs: at };
}

/** Lets go of the newest pollers that do nothing. */
function shrink(pollers: Poller[], least: number, now: Ms): void {
  while (pollers.length > least && pollers.at(-1)!.count === 0 && pollers.at(-1)!.freeMs <= now) pollers.pop();
}
