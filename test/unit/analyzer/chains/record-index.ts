/** An ID index over records in memory, with the rules of the dataset's: every ID leads to a request, a trace or a message, and that to all its records. */
import type { ChainRecords } from "../../../../src/model/chains.ts";
import type { Invocation, LogEvent, Message, Span } from "../../../../src/model/records.ts";
import { nextIds } from "../../../../src/analyzer/chains/index.ts";
import { emptyRecords } from "./records.ts";

type Indexed = Invocation | Span | Message | LogEvent;

export function indexOf(all: ChainRecords): { close(seed: string): ChainRecords } {
  const ownersOf = new Map<string, Set<string>>();
  const recordsOf = new Map<string, Indexed[]>();
  const put = <V>(map: Map<string, V[]>, key: string, value: V): void => {
    const list = map.get(key);
    if (list) list.push(value);
    else map.set(key, [value]);
  };
  for (const record of [...all.invocations, ...all.spans, ...all.messages, ...all.logs]) {
    const values = record.ids.map((id) => id.value);
    const owners: string[] = [];
    if (record.requestId !== null) owners.push(`request ${record.requestId}`);
    if (record.type === "span") owners.push(`trace ${record.traceId ?? record.spanId.split("#")[0]}`);
    else if (record.requestId === null && record.traceId !== null) owners.push(`trace ${record.traceId}`);
    if (record.type === "message" && record.messageId !== null) owners.push(`message ${record.messageId}`);
    if (record.requestId !== null) values.push(record.requestId);
    if (record.traceId !== null) values.push(record.traceId);
    if (record.type === "message") {
      if (record.messageId !== null) values.push(record.messageId, record.messageId.split("@")[0]!);
      if (record.payloadHash !== null) values.push(record.payloadHash);
    }
    if (record.type === "span") values.push(record.spanId.split("#")[0]!, ...record.links.map((l) => l.traceId));
    for (const owner of owners) {
      put(recordsOf, owner, record);
      for (const value of values) ownersOf.set(value, (ownersOf.get(value) ?? new Set()).add(owner));
    }
  }
  return {
    close(seed) {
      const found = new Set<Indexed>();
      const asked = new Set<string>();
      const records = emptyRecords();
      records.configs = all.configs;
      records.gaps = all.gaps;
      for (let ids = [seed]; ids.length > 0; ids = nextIds(records, [seed], asked)) {
        for (const id of ids) {
          asked.add(id);
          for (const owner of ownersOf.get(id) ?? []) for (const record of recordsOf.get(owner)!) found.add(record);
        }
        records.invocations = all.invocations.filter((r) => found.has(r));
        records.spans = all.spans.filter((r) => found.has(r));
        records.messages = all.messages.filter((r) => found.has(r));
        records.logs = all.logs.filter((r) => found.has(r));
      }
      return records;
    },
  };
}
