/** Logs that are read in order: streams with shards, Kafka and Event Hubs with partitions, played record by record. */
import { createHash } from "node:crypto";
import type { Arrival, PollerSettings } from "../../src/model/batching.ts";
import { bytesOf, SIX_MB, type Source, type World } from "./world.ts";

/** A lane of a stream: a buffer, one run at a time, a timer for the window. */
function lane(
  world: World,
  rules: { wait: number; enough: number; size: number; payload: number; restarts: boolean },
): (message: Arrival) => void {
  const { calendar } = world;
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
    workOff(world, batch, () => {
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

/**
 * A batch piece by piece, until each is done or given up; the piece on top of the pile runs next. Splitting takes nothing from the retries.
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html, .../services-kinesis-batchfailurereporting.html
 */
function workOff({ settings, invoke, fails, retries, answers, giveUp }: World, batch: Arrival[], free: () => void): void {
  const pile = [{ records: batch, tries: retries }];
  const named = answers && settings.reportsBatchItemFailures;
  const next = (): void => {
    const piece = pile.pop();
    if (piece === undefined) {
      free();
      return;
    }
    const { records, tries } = piece;
    const bad = records.findIndex(fails);
    const handled = bad < 0 ? records : named ? records.slice(0, bad) : [];
    const over = (): void => {
      const rest = records.slice(handled.length);
      const middle = Math.floor(rest.length / 2);
      if (rest.length > 0) {
        if (settings.bisectOnError && named && handled.length > 0) pile.push({ records: rest, tries: retries });
        else if (settings.bisectOnError && !named && middle > 0)
          pile.push({ records: rest.slice(middle), tries: retries }, { records: rest.slice(0, middle), tries: retries });
        else if (tries > 0) pile.push({ records: rest, tries: tries - 1 });
        else giveUp(rest);
      }
      next();
    };
    invoke(records, over, handled);
  };
  next();
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
export function stream(everyMs: number): Source {
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
export function partitions(rules: (settings: PollerSettings) => { wait: number; enough: number; payload: number }): Source {
  return (world) => {
    const { settings } = world;
    const lanes = Array.from({ length: settings.shards ?? 1 }, () =>
      lane(world, { ...rules(settings), size: settings.batchSize, restarts: true }),
    );
    return (message) => lanes[placeOf(message.key, lanes.length, world, "")]!(message);
  };
}
