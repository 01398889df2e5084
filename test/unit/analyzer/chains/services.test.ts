import { describe, expect, it } from "vitest";
import { chainOf } from "../../../../src/analyzer/chains/index.ts";
import type { ChainRecords } from "../../../../src/model/chains.ts";
import type { LogEvent } from "../../../../src/model/records.ts";

function line(fn: string | null, at: number, id: string): LogEvent {
  const scope = { cloud: "other", account: null, region: null } as const;
  const rest = { stream: null, kind: "function", level: null, requestId: null, traceId: null, spanId: null, sizeBytes: 10 } as const;
  return { type: "log", ...scope, ...rest, fn, at, message: id, ids: [{ kind: "correlation", value: id }] };
}

const records = (logs: LogEvent[]): ChainRecords => ({ invocations: [], spans: [], messages: [], logs, configs: [], gaps: [] });

describe("services that log a correlation ID and no request", () => {
  //       0    10    25    40
  //  api  |-----|
  //  work            |-----|      one ID, two services; another ID stays out
  const logs = [
    line("api", 0, "req-1"),
    line("api", 10, "req-1"),
    line("work", 25, "req-1"),
    line("work", 40, "req-1"),
    line("api", 12, "req-2"),
  ];

  it("have a hop each, from their first line to their last", () => {
    const chain = chainOf(records(logs), ["req-1"])!;
    expect(chain.hops.map((hop) => [hop.name, hop.kind, hop.startedAt, hop.durationMs])).toEqual([
      ["api", "service", 0, 10],
      ["work", "service", 25, 15],
    ]);
    expect(chain.endToEndMs).toBe(40);
    expect(chain.criticalPath.reduce((sum, s) => sum + s.toMs - s.fromMs, 0)).toBe(40);
  });

  it("of which one line is known, nobody knows how long they ran", () => {
    const chain = chainOf(records(logs), ["req-2"])!;
    expect(chain.hops.map((hop) => [hop.name, hop.durationMs])).toEqual([["api", null]]);
  });

  it("without a name make no hop", () => {
    expect(chainOf(records([line(null, 0, "req-9")]), ["req-9"])?.hops ?? []).toEqual([]);
  });
});
