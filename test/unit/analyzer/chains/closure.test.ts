import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chainOf, correlate, nextIds, observedRoutes } from "../../../../src/analyzer/chains/index.ts";
import type { Chain, ChainRecords } from "../../../../src/model/chains.ts";
import { indexOf } from "./record-index.ts";
import { correlation, delivery, line, run, together } from "./records.ts";

/** A chain without what depends on the order of records alone. */
function facts(chain: Chain | null): unknown {
  if (chain === null) return null;
  return {
    hops: chain.hops.map((h) => `${h.id} ${h.share} ${h.outcome} ${h.waitMs}`).sort(),
    edges: chain.edges.map((e) => `${e.from} ${e.kind} ${e.confidence} ${e.to}`).sort(),
    problems: chain.problems.map((p) => `${p.code} ${p.message}`).sort(),
    complete: chain.complete,
    endToEndMs: chain.endToEndMs,
    route: chain.route,
  };
}

/** What a world of runs wrote: run i sends to those in `sends[i]`; each run is told its orders by some of its lines. */
const worlds = fc
  .record({
    runs: fc.array(fc.record({ fn: fc.integer({ min: 0, max: 4 }), orders: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }) }), {
      minLength: 1,
      maxLength: 9,
    }),
    sends: fc.array(
      fc.record({
        from: fc.nat(8),
        to: fc.nat(8),
        order: fc.option(fc.integer({ min: 0, max: 3 })),
        keepSent: fc.boolean(),
        keepGot: fc.boolean(),
      }),
      { maxLength: 12 },
    ),
    traced: fc.array(fc.nat(2), { minLength: 9, maxLength: 9 }),
  })
  .map(({ runs, sends, traced }): ChainRecords => {
    const count = runs.length;
    const all = together({
      invocations: runs.map((r, i) =>
        run(`fn${r.fn}`, `request-${i}`, i * 100, i * 100 + 50, traced[i] === 0 ? {} : { traceId: String(traced[i]).repeat(32) }),
      ),
      logs: runs.flatMap((r, i) => r.orders.map((o) => line(`fn${r.fn}`, `request-${i}`, i * 100 + 10, [correlation(`order-${o}`)]))),
    });
    sends.forEach((s, n) => {
      const from = s.from % count;
      const to = s.to % count;
      if (to <= from) return;
      const ids = s.order === null ? [] : [correlation(`order-${s.order}`)];
      const [sent, got] = delivery(
        `message-${n}`,
        [`fn${runs[from]!.fn}`, `request-${from}`, from * 100 + 20],
        [[`fn${runs[to]!.fn}`, `request-${to}`, to * 100]],
        { ids },
      );
      if (s.keepSent) all.messages.push(sent!);
      if (s.keepGot) all.messages.push(got!);
    });
    all.configs = observedRoutes(all);
    return all;
  });

describe("a trace from the index", () => {
  it("is the chain that all records give, for every chain of random worlds with batches, lost messages and shared traces", () => {
    fc.assert(
      fc.property(worlds, (all) => {
        const index = indexOf(all);
        for (const chain of correlate(all)) expect(facts(chainOf(index.close(chain.id), [chain.id])), chain.id).toEqual(facts(chain));
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  it("asks for what the members carry, and for nothing of a batch that is surely another chain's", () => {
    const A = correlation("order-A1");
    const B = correlation("order-B2");
    const records = together({
      invocations: [run("pub", "pa", 0, 10), run("batch", "b1", 50, 80)],
      logs: [line("pub", "pa", 1, [A])],
      messages: [
        ...delivery("msg-1", ["pub", "pa", 5], [["batch", "b1", 50]], { ids: [A] }),
        delivery("msg-2", ["other", "x", 6], [["batch", "b1", 50]], { ids: [B] })[1]!,
      ],
    });
    expect(nextIds(records, ["order-A1"], new Set(["order-A1"]))).toEqual(["b1", "msg-1", "pa"]);
    expect(nextIds(records, ["order-A1"], new Set(["order-A1", "b1", "msg-1", "pa"]))).toEqual([]);
  });
});
