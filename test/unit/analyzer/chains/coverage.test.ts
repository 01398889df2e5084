import { describe, expect, it } from "vitest";
import { correlate, coverage } from "../../../../src/analyzer/chains/index.ts";
import type { ChainRecords } from "../../../../src/model/chains.ts";
import type { Coverage, HopCoverage } from "../../../../src/model/coverage.ts";
import type { Config } from "../../../../src/model/records.ts";
import { correlation, delivery, line, message, run, together } from "./records.ts";

/** Expected figures follow from how the records are made, not from the code under test. */
const of = (records: ChainRecords, lines: Parameters<typeof coverage>[2] = null): Omit<Coverage, "from" | "to"> =>
  coverage(records, correlate(records), lines);
const way = ({ hops }: Pick<Coverage, "hops">, from: string | null, to: string | null): HopCoverage | undefined =>
  hops.find((hop) => (hop.from?.fn ?? null) === from && (hop.to?.fn ?? null) === to);

/** An order: front (logs the ID) -> queue `a` -> back (logs it if told) -> queue `b` -> end (logs what it is told). */
function order(i: number, back: string | null, end: string | null): Partial<ChainRecords>[] {
  const at = i * 60_000;
  const [f, b, e] = [`front-${i}`, `back-${i}`, `end-${i}`];
  return [
    { invocations: [run("front", f, at, at + 50), run("back", b, at + 100, at + 150), run("end", e, at + 200, at + 250)] },
    {
      messages: [
        ...delivery(`a-${i}-0123456789`, ["front", f, at + 40], [["back", b, at + 100]], { channel: "a" }),
        ...delivery(`b-${i}-0123456789`, ["back", b, at + 140], [["end", e, at + 200]], { channel: "b" }),
      ],
    },
    { logs: [line("front", f, at + 1, [correlation(`order-${i}`)])] },
    { logs: back === null ? [] : [line("back", b, at + 101, [correlation(back)])] },
    { logs: end === null ? [] : [line("end", e, at + 201, [correlation(end)])] },
  ];
}

describe("coverage of ways", () => {
  // of four orders back logs the ID of the first alone; end that of the first, another one for the second, none for the others
  const found = of(
    together(...order(1, "order-1", "order-1"), ...order(2, null, "order-2"), ...order(3, null, null), ...order(4, null, null)),
  );

  it("counts on each way what is kept, lost and never sent", () => {
    expect(way(found, "front", "back")).toMatchObject({ channel: "a", channelKind: "queue", passes: 4, kept: 1, lost: 3, changed: 0 });
    expect(way(found, "back", "end")).toMatchObject({ channel: "b", passes: 4, kept: 1, lost: 0, changed: 0, without: 3, unseen: 0 });
    expect(found.hops).toHaveLength(2);
  });

  it("puts the way that loses the ID first, joined by what is left", () => {
    expect(found.hops[0]!.to!.fn).toBe("back");
    expect(found.hops[0]).toMatchObject({ weakest: "message", confidence: 0.9, evidence: { message: 4 } });
  });

  it("counts runs that carry an ID, worst function first", () => {
    expect(found.functions.map((one) => [one.fn, one.withCorrelation, one.runs])).toEqual([
      ["back", 1, 4],
      ["end", 2, 4],
      ["front", 4, 4],
    ]);
    expect([found.withCorrelation, found.withTrace, found.withAny, found.runs]).toEqual([7, 0, 7, 12]);
  });

  it("tells a receiver that begins anew from one that has none", () => {
    expect(way(of(together(...order(1, "7c9e6679-7425-40de-944b-e07fc1f90ae7", null))), "front", "back")).toMatchObject({
      passes: 1,
      kept: 0,
      lost: 0,
      changed: 1,
    });
  });

  it("counts a batch once for each sender, though it lies in the chain of each", () => {
    const sent = [0, 1, 2].map((i): Partial<ChainRecords> => ({
      invocations: [run("front", `f-${i}`, i * 10, i * 10 + 5)],
      logs: [line("front", `f-${i}`, i * 10 + 1, [correlation(`order-${i}`)])],
      messages: delivery(`m-${i}-0123456789`, ["front", `f-${i}`, i * 10 + 4], [["back", "batch", 100]]),
    }));
    const batch = { invocations: [run("back", "batch", 100, 150)], logs: [line("back", "batch", 101, [correlation("order-1")])] };
    expect(way(of(together(...sent, batch)), "front", "back")).toMatchObject({ passes: 3, kept: 1, changed: 2, lost: 0 });
  });

  it("names a receiver whose sender was not seen", () => {
    const records = together(...order(1, "order-1", "order-1"), {
      invocations: [run("stray", "stray-1", 60_500, 60_550)],
      logs: [line("stray", "stray-1", 60_501, [correlation("order-1")])],
      messages: [message("received", "stray", "stray-1", 60_500, { messageId: "unsent-0123456789", channel: "c" })],
    });
    expect(way(of(records), null, "stray")).toMatchObject({ channel: "c", channelKind: "queue", passes: 0, unseen: 1, weakest: null });
  });
});

describe("coverage of functions", () => {
  it("takes no constant for a correlation ID", () => {
    const runs = Array.from({ length: 30 }, (_, i): Partial<ChainRecords> => ({
      invocations: [run("api", `r-${i}`, i * 1000, i * 1000 + 10)],
      logs: [line("api", `r-${i}`, i * 1000 + 1, [correlation("tenant-4711"), ...(i < 25 ? [correlation(`order-${i}`)] : [])])],
    }));
    expect(of(together(...runs)).functions[0]).toMatchObject({ fn: "api", runs: 30, withCorrelation: 25 });
  });

  it("keeps traces apart, and says which lines can be read", () => {
    const records = together({
      invocations: [run("traced", "t", 0, 10, { traceId: "a".repeat(32) }), run("silent", "s", 0, 10), run("platform", "p", 0, 10)],
      logs: [line("traced", "t", 1, [correlation("order-1")])],
    });
    const place = { cloud: "aws", account: "111122223333", region: "us-east-1" };
    const found = of(records, [
      { ...place, fn: "traced", lines: 4 },
      { ...place, fn: "platform", lines: 3 },
    ]);
    const facts = found.functions.map((one) => [one.fn, one.withCorrelation, one.withTrace, one.lines, one.readable]);
    expect(facts.sort()).toEqual([
      ["platform", 0, 0, 3, null],
      ["silent", 0, 0, 0, false],
      ["traced", 1, 1, 4, true],
    ]);
    expect(of(records).functions.every((one) => one.lines === null && one.readable !== false)).toBe(true);
  });

  it("knows the runtime by the function's description, or by its app's", () => {
    const config = (name: string, settings: Config["settings"], cloud: Config["cloud"] = "aws"): Config => ({
      type: "config",
      cloud,
      account: "111122223333",
      region: "us-east-1",
      kind: "function",
      resource: name,
      name,
      revision: null,
      observedAt: null,
      from: null,
      to: null,
      settings,
    });
    const records = together({
      invocations: [
        run("js", "1", 0, 10),
        run("go", "2", 0, 10),
        run("unknown-runtime", "3", 0, 10),
        run("quote", "4", 0, 10, { cloud: "azure" }),
        run("net", "5", 0, 10),
      ],
      configs: [
        config("js", { runtime: "nodejs22.x" }),
        config("go", { runtime: "provided.al2023" }),
        config("net", { runtime: "dotnet8" }),
        config("quote", { app: "shop-app" }, "azure"),
        config("shop-app", { runtime: "java" }, "azure"),
      ],
    });
    expect(Object.fromEntries(of(records).functions.map((one) => [one.fn, [one.runtime, one.language]]))).toEqual({
      js: ["nodejs22.x", "node"],
      go: ["provided.al2023", null],
      "unknown-runtime": [null, null],
      quote: ["java", "java"],
      net: ["dotnet8", "dotnet"],
    });
  });
});
