/**
 * The index rows of a batch: every ID of a record leads to the request, and to the trace, that the record belongs to, else to the message it is,
 * else (a log line) to itself.
 * Times are those of all the owner's records in the batch.
 */
import type { Id, IdKind } from "../model/ids.ts";
import type { Cloud, Rec } from "../model/records.ts";
import type { EpochMs } from "../model/units.ts";
import { type AppendColumn, ChunkAppender } from "./chunk-appender.ts";
import type { Engine } from "./duckdb.ts";
import { LINK_COLUMNS, sqlName } from "./tables.ts";
import type { Link, OwnerKind } from "./types.ts";

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
  /** Kinds, as bits, by value. */
  ids: Map<string, number>;
}

interface Mention {
  cloud: Cloud;
  fn: string | null;
  from: EpochMs;
  to: EpochMs;
  ids: readonly Id[];
}

const textColumn = (name: "id" | "kind" | "ownerKind" | "owner" | "cloud" | "fn"): AppendColumn<Link> => ({
  type: "VARCHAR",
  get: (link) => link[name],
});

/** SQL of the table that `flush` fills. */
export function createStagedLinks(): string {
  return `CREATE TABLE staged_links (${LINK_COLUMNS.map((name) => `${sqlName(name)} ${name.endsWith("At") ? "DOUBLE" : "VARCHAR"}`).join(", ")})`;
}

export class LinkIndex {
  readonly #appender: ChunkAppender<Link>;
  /** By owner, within kind and cloud. */
  readonly #owners = new Map<string, Map<string, Owner>>();

  constructor(engine: Engine) {
    this.#appender = new ChunkAppender(engine, "staged_links", [
      ...(["id", "kind", "ownerKind", "owner", "cloud", "fn"] as const).map(textColumn),
      { type: "DOUBLE", get: (link) => link.firstAt },
      { type: "DOUBLE", get: (link) => link.lastAt },
    ]);
  }

  add(record: Rec): void {
    switch (record.type) {
      case "log":
        if (record.requestId !== null) this.#request(record.requestId, mention(record, record.at, record.at), record.traceId);
        else if (record.traceId !== null) this.#trace(record.traceId, mention(record, record.at, record.at));
        else this.#lines(mention(record, record.at, record.at));
        return;
      case "invocation": {
        const owner = this.#request(record.requestId, mention(record, record.startedAt, record.endedAt), record.traceId);
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
    for (const owners of this.#owners.values()) for (const owner of owners.values()) this.#append(owner);
    this.#appender.flush();
    this.#owners.clear();
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
    const key = `${ownerKind} ${cloud}`;
    let owners = this.#owners.get(key);
    if (!owners) this.#owners.set(key, (owners = new Map()));
    let known = owners.get(owner);
    if (known) {
      known.fn ??= fn;
      if (from < known.firstAt) known.firstAt = from;
      if (to > known.lastAt) known.lastAt = to;
    } else {
      known = { ownerKind, owner, cloud, fn, firstAt: from, lastAt: to, run: false, ids: new Map() };
      owners.set(owner, known);
    }
    for (const id of ids) addId(known, id.value, id.kind);
    return known;
  }

  #append(owner: Owner): void {
    const { ids, run, ...row } = owner;
    if (owner.ownerKind === "request" && !run) addId(owner, owner.owner, "request");
    for (const [id, bits] of ids) {
      for (const kind of KINDS) {
        if ((bits & BIT[kind]) === 0 || (run && kind === "request" && id === owner.owner)) continue;
        this.#appender.push({ ...row, id, kind });
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
  const bits = owner.ids.get(value) ?? 0;
  if ((bits & BIT[kind]) === 0) owner.ids.set(value, bits | BIT[kind]);
}
