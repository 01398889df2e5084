/**
 * The index rows of a batch: every ID of a record leads to the request, and to the trace, that the record belongs to, else to the message it is,
 * else (a log line) to itself.
 * Times are those of all the owner's records in the batch.
 */
import type { Id, IdKind } from "../model/ids.ts";
import type { Cloud, LogEvent, Rec } from "../model/records.ts";
import type { EpochMs } from "../model/units.ts";
import { type AppendColumn, ChunkAppender } from "./chunk-appender.ts";
import type { Engine } from "./duckdb.ts";
import { LINK_COLUMNS, sqlName } from "./tables.ts";
import type { OwnerKind } from "./types.ts";

const KINDS: readonly IdKind[] = ["correlation", "trace", "request", "message", "execution", "object", "item"];
const BIT = Object.fromEntries(KINDS.map((kind, i) => [kind, 1 << i])) as { [kind in IdKind]: number };

interface Owner {
  ownerKind: OwnerKind;
  owner: string;
  cloud: Cloud;
  fn: string | null;
  firstAt: EpochMs;
  lastAt: EpochMs;
  /** An invocation: its request ID is found in the table of invocations, and needs no row here. */
  run: boolean;
  /** IDs, and the kinds of each as bits; most owners have one or two. */
  ids: string[];
  kinds: number[];
  /** Where each ID lies, once there are many. */
  places: Map<string, number> | null;
}

/** More IDs of one owner than this are found by a map. */
const MAX_SEARCHED = 16;

/** Something that always leads to the same owner, which is then looked up once. */
export interface Owned {
  owner: Owner | null;
}

interface Mention {
  cloud: Cloud;
  fn: string | null;
  from: EpochMs;
  to: EpochMs;
  ids: readonly Id[];
}

interface Row {
  owner: Owner;
  id: string;
  kind: IdKind;
}

/** SQL of the table that `flush` fills. */
export function createStagedLinks(): string {
  return `CREATE TABLE staged_links (${LINK_COLUMNS.map((name) => `${sqlName(name)} ${name.endsWith("At") ? "DOUBLE" : "VARCHAR"}`).join(", ")})`;
}

const COLUMNS: readonly AppendColumn<Row>[] = [
  { type: "VARCHAR", get: (row) => row.id },
  { type: "VARCHAR", get: (row) => row.kind },
  { type: "VARCHAR", get: ({ owner }) => owner.ownerKind },
  { type: "VARCHAR", get: ({ owner }) => owner.owner },
  { type: "VARCHAR", get: ({ owner }) => owner.cloud },
  { type: "VARCHAR", get: ({ owner }) => owner.fn },
  { type: "DOUBLE", get: ({ owner }) => owner.firstAt },
  { type: "DOUBLE", get: ({ owner }) => owner.lastAt },
];

export class LinkIndex {
  readonly #appender: ChunkAppender<Row>;
  /** By owner, within kind and cloud. */
  readonly #owners: { readonly [kind in OwnerKind]: Map<Cloud, Map<string, Owner>> } = {
    request: new Map(),
    trace: new Map(),
    message: new Map(),
    lines: new Map(),
  };

  /** Whether two runs of one cloud share their request ID. */
  mayRepeatRuns = false;

  constructor(engine: Engine) {
    this.#appender = new ChunkAppender(engine, "staged_links", COLUMNS);
  }

  /** A log line, and what it shares with all lines about the same thing: the same request, trace and IDs. */
  addLine(line: LogEvent, about: Owned): void {
    const known = about.owner;
    if (known !== null && known.cloud === line.cloud) {
      if (known.ownerKind === "request") known.fn ??= line.fn;
      if (line.at < known.firstAt) known.firstAt = line.at;
      if (line.at > known.lastAt) known.lastAt = line.at;
      return;
    }
    const seen = mention(line, line.at, line.at);
    if (line.requestId !== null) about.owner = this.#request(line.requestId, seen, line.traceId);
    else if (line.traceId !== null) about.owner = this.#trace(line.traceId, seen);
    else this.#lines(seen);
  }

  add(record: Exclude<Rec, LogEvent>): void {
    switch (record.type) {
      case "invocation": {
        const owner = this.#request(record.requestId, mention(record, record.startedAt, record.endedAt), record.traceId);
        if (owner.run) this.mayRepeatRuns = true;
        owner.run = true;
        return;
      }
      case "span": {
        const seen = mention(record, record.startedAt, record.endedAt);
        if (record.requestId !== null) this.#request(record.requestId, seen, record.traceId);
        const own = this.#trace(record.traceId ?? executionOf(record.spanId), seen);
        // a consumer's span names the traces of the messages it took: from there it must be found as well
        for (const link of record.links) addId(own, link.traceId, "trace");
        return;
      }
      case "message": {
        const seen = mention(record, record.at, record.at);
        if (record.requestId !== null) {
          const owner = this.#request(record.requestId, seen, record.traceId);
          if (record.messageId !== null) addId(owner, record.messageId, "message");
        }
        if (record.messageId !== null) addId(this.#owner("message", record.messageId, seen), record.messageId, "message");
        else if (record.requestId === null && record.traceId !== null) this.#trace(record.traceId, seen);
        return;
      }
    }
  }

  /** Fills `staged_links`; no more can be added. */
  flush(): void {
    for (const clouds of Object.values(this.#owners)) {
      for (const owners of clouds.values()) for (const owner of owners.values()) this.#append(owner);
      clouds.clear();
    }
    this.#appender.flush();
  }

  close(): void {
    this.#appender.close();
  }

  #request(requestId: string, seen: Mention, traceId: string | null): Owner {
    const owner = this.#owner("request", requestId, seen);
    if (traceId !== null) addId(owner, traceId, "trace");
    return owner;
  }

  #trace(traceId: string, seen: Mention): Owner {
    const owner = this.#owner("trace", traceId, { ...seen, fn: null });
    addId(owner, traceId, "trace");
    return owner;
  }

  /** Lines of services that log a correlation ID and nothing else: the ID is all there is to find them by. */
  #lines(seen: Mention): void {
    for (const id of seen.ids) addId(this.#owner("lines", id.value, { ...seen, fn: null, ids: [] }), id.value, id.kind);
  }

  #owner(ownerKind: OwnerKind, owner: string, { cloud, fn, from, to, ids }: Mention): Owner {
    const clouds = this.#owners[ownerKind];
    let owners = clouds.get(cloud);
    if (!owners) clouds.set(cloud, (owners = new Map()));
    let known = owners.get(owner);
    if (known) {
      known.fn ??= fn;
      if (from < known.firstAt) known.firstAt = from;
      if (to > known.lastAt) known.lastAt = to;
    } else {
      known = { ownerKind, owner, cloud, fn, firstAt: from, lastAt: to, run: false, ids: [], kinds: [], places: null };
      owners.set(owner, known);
    }
    for (const id of ids) addId(known, id.value, id.kind);
    return known;
  }

  #append(owner: Owner): void {
    const { ids, kinds, run } = owner;
    if (owner.ownerKind === "request" && !run) addId(owner, owner.owner, "request");
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      for (const kind of KINDS) {
        if ((kinds[i]! & BIT[kind]) === 0 || (run && kind === "request" && id === owner.owner)) continue;
        this.#appender.push({ owner, id, kind });
      }
    }
  }
}

/** Workflow histories have no trace ID: a state's span is `<execution>#<event>`. */
function executionOf(spanId: string): string {
  const hash = spanId.indexOf("#");
  return hash < 0 ? spanId : spanId.slice(0, hash);
}

function mention(record: { cloud: Cloud; fn: string | null; ids: readonly Id[] }, from: EpochMs, to: EpochMs | null): Mention {
  return { cloud: record.cloud, fn: record.fn, ids: record.ids, from, to: to ?? from };
}

function addId(owner: Owner, value: string, kind: IdKind): void {
  const { ids, kinds, places } = owner;
  const at = places === null ? ids.indexOf(value) : (places.get(value) ?? -1);
  if (at >= 0) {
    kinds[at]! |= BIT[kind];
    return;
  }
  places?.set(value, ids.length);
  ids.push(value);
  kinds.push(BIT[kind]);
  if (places === null && ids.length > MAX_SEARCHED) owner.places = new Map(ids.map((id, i) => [id, i]));
}
