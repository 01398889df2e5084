import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Chain } from "../../../../src/model/chains.ts";
import { displayWidth } from "../../../../src/report/formats/text.ts";
import { formatWaterfall } from "../../../../src/report/formats/waterfall.ts";
import { traceDocument } from "../../../../src/report/views/trace.ts";
import { chainOf, edge, hop, order, START } from "../sample.ts";

function drawn(chain: Chain, over: Partial<Parameters<typeof formatWaterfall>[1]> = {}): string {
  return formatWaterfall(traceDocument(chain), { width: 160, color: false, unicode: true, parts: false, ...over });
}

function lineOf(text: string, name: string): string {
  return text.split("\n").find((line) => line.includes(name) && line.includes("│"))!;
}

/** Share of each sign in a bar. */
function scaled(bar: string): Record<string, number> {
  return [...bar].reduce<Record<string, number>>((sum, c) => ({ ...sum, [c]: (sum[c] ?? 0) + 1 / bar.length }), {});
}

describe("waterfall: the picture", () => {
  it("has one line per function, indented by cause, with its figures", () => {
    const lines = drawn(order()).split("\n").slice(4, 10);
    expect(
      lines.map((line) =>
        line
          .replace(/ *│.*/, "")
          .trimEnd()
          .replace(/ {2}0 {9}.*$/, ""),
      ),
    ).toEqual([
      "  hop                                    cloud  start   wait    work   cold outcome tries        cost sure",
      "> order-api                              aws     0 ms      -  120 ms 210 ms ok          1 $0.00000412    -",
      "  ├ inventory                            aws   260 ms  60 ms 96.4 ms      - ok          1  $0.0000021   .9",
      "> └ payment                              aws   900 ms 700 ms  800 ms      - error       2  $0.0000345   .9",
      ">  └ ship-order                          azure 1.90 s 200 ms  450 ms      ? ok          1           ?  .95",
      ">   └ notify-customer-by-electronic-mail gcp   2.50 s 150 ms 84.2 ms      - ok          1 ~$0.0000021   .4",
    ]);
  });

  it("says once what holds for several hops of one name, and how often", () => {
    const alike = (hopId: string): Chain["problems"][number] => ({
      code: "ambiguous",
      message: "a: belongs here by its IDs alone, what caused it is not known",
      hopId,
    });
    const text = drawn(chainOf([hop("a", 0, 10)], [], { problems: [alike("aws:a"), alike("aws:b"), alike("aws:c")] }), { width: 200 });
    expect(text.match(/belongs here by its IDs alone/g)).toHaveLength(1);
    expect(text).toContain("what caused it is not known (3 times)");
  });

  it("draws time to scale: wait, cold start, work and earlier attempts differ without colour", () => {
    // 1000 ms on 40 cells: 25 ms a cell
    const hops = [
      hop("first", 0, 250, { initMs: 250, coldStart: true }),
      hop("second", 750, 250, {
        waitMs: 250,
        attempts: [
          { startedAt: START + 500, durationMs: 100, outcome: "error", requestId: "second" },
          { startedAt: START + 750, durationMs: 250, outcome: "ok", requestId: "second" },
        ],
      }),
    ];
    const text = drawn(chainOf(hops, [edge("aws:first", "aws:second")]), { width: 116 });
    const bars = ["first", "second"].map((name) => /│(.*)│/.exec(lineOf(text, name))![1]!);
    expect(scaled(bars[0]!)).toMatchObject({ "▒": expect.closeTo(0.25, 1), "█": expect.closeTo(0.25, 1), " ": expect.closeTo(0.5, 1) });
    expect(scaled(bars[1]!)).toMatchObject({ "·": expect.closeTo(0.15, 1), "×": expect.closeTo(0.1, 1), "█": expect.closeTo(0.25, 1) });
    expect(bars[1]!.indexOf("█") / bars[1]!.length).toBeCloseTo(0.75, 1);
  });

  it("draws long stretches in which nothing ran short, and says so", () => {
    // 100 ms, nothing for 9.8 s, 100 ms: without a cut the second hop would hide in the last cell
    const hops = [hop("first", 0, 100), hop("second", 9_900, 100, { waitMs: 9_800 })];
    const text = drawn(chainOf(hops, [edge("aws:first", "aws:second")]), { width: 116 });
    const bars = ["first", "second"].map((name) => /│(.*)│/.exec(lineOf(text, name))![1]!);
    expect(bars[0]).toMatch(/^█+ +≈ +$/);
    expect(bars[1]).toMatch(/^ +·+≈·+█+$/);
    expect(scaled(bars[0]!)["█"]).toBeCloseTo(0.46, 1);
    expect(text).toContain("≈ nothing ran for 9.80 s: drawn short");
    expect(drawn(order())).not.toContain("≈");
  });

  it("shows parts and services only when asked", () => {
    expect(drawn(order())).not.toContain("dynamodb.PutItem");
    const text = drawn(order(), { parts: true });
    expect(text).toContain("dynamodb.PutItem");
    expect(lineOf(text, "bus")).toMatch(/^ {2}└ bus .* parent|^ {2}└ bus/);
    expect(lineOf(text, "inventory")).toMatch(/^ {3}├ inventory/);
  });

  it.each([60, 80, 100, 120, 160, 200])("fits %d cells, with every hop and a bar for each", (width) => {
    for (const unicode of [true, false]) {
      const text = drawn(order(), { width, unicode });
      for (const line of text.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      expect(text.match(unicode ? /│.*[█×].*│/g : /\|.*[#x].*\|/g)).toHaveLength(5);
      for (const start of ["order-api", "inventory", "payment", "ship-order"]) expect(text).toContain(start);
    }
  });

  it("is ASCII where the terminal asks for it", () => {
    expect(drawn(order(), { unicode: false })).toMatch(/^[\u0020-\u007e\n]*$/);
  });

  it("colours without adding or taking a character", () => {
    // oxlint-disable-next-line no-control-regex
    expect(drawn(order(), { color: true }).replace(/\u001b\[\d+m/g, "")).toBe(drawn(order()));
    expect(drawn(order(), { color: true })).toContain("\u001b[31m");
  });
});

describe("waterfall: the words", () => {
  const text = drawn(order());

  it("begins with what one asks first", () => {
    expect(text.split("\n").slice(0, 3)).toEqual([
      "Chain order-7f3a",
      "FAILED: error   started 2026-11-20 08:15:30.123 UTC   took 2.58 s   cost $0.0000449 (unknown for 1 hop)   5 hops on aws, azure, gcp   pattern: fan-out",
      "INCOMPLETE: something is missing, see below",
    ]);
  });

  it("says errors, retries, gaps and guesses, each with what to do next", () => {
    expect(text).toContain("! payment (aws) failed after 800 ms in attempt 2 (timeout at +300 ms, error at +900 ms): PaymentDeclined");
    expect(text).toContain("  next: search its logs for request payment");
    expect(text).toContain("! lost-hop: azure sent order.shipped at +2.4 s and nothing is seen to receive it");
    expect(text).toContain("! notify-customer-by-electronic-mail: joined by a guess (confidence below .5)");
    expect(text.match(/PaymentDeclined/g)).toHaveLength(1);
  });

  it("says a failure once, though a problem, a state and its workflow report it", () => {
    const arn = "arn:aws:states:us-east-1:111122223333:execution:saga:1";
    const workflow = hop("saga", 0, 500, {
      id: arn,
      kind: "workflow",
      function: null,
      requestId: null,
      outcome: "error",
      errorType: "Refused",
      attempts: [],
    });
    const state = hop("Ship", 100, 300, { kind: "state", function: null, requestId: null, outcome: "error", attempts: [] });
    const problems = [
      { code: "fault" as const, message: "Ship: fault (Refused)", hopId: state.id },
      { code: "error" as const, message: "saga failed", hopId: arn },
      { code: "throttle" as const, message: "table is throttled", hopId: null },
    ];
    const words = drawn(chainOf([workflow, state], [edge(arn, state.id)], { outcome: "error", problems })).split("What to know\n")[1]!;
    expect(words.split("\n")).toEqual([
      "! saga (aws) failed after 500 ms: Refused",
      "  next: see which of its functions failed; --parts shows its states",
      "! throttle: table is throttled",
      "  next: raise its concurrency limit, or slow down the sender",
    ]);
  });

  it("says where the time went, in shares that are of the whole", () => {
    // of 2584.2 ms: work 40 + 800 + 450 + 84.2 = 1374.2; retry 650; queues 200 + 150; cold 210
    expect(text).toMatch(/work +1\.37 s +53 %/);
    expect(text).toMatch(/waiting to retry +650 ms +25 %/);
    expect(text).toMatch(/waiting in queues +350 ms +14 %/);
    expect(text).toMatch(/cold starts +210 ms +8 %/);
    expect(text).toContain("Longest stretch: payment (aws), work, 800 ms, 31 % of the whole.");
  });

  it("names clocks that are off, and that nothing was shifted", () => {
    expect(text).toContain(
      "Clock of azure (ship-order) seems 310 ms behind: a correction of +310 ms would agree with its causes. Times above are as recorded.",
    );
  });

  it("is calm where all is well, and honest where the end is not known", () => {
    const well = drawn(chainOf([hop("f", 0, 1240)], []));
    expect(well).toMatch(/^Chain order-7f3a\nok {3}started/);
    expect(well).not.toMatch(/What to know|INCOMPLETE|unknown/);
    const open = drawn(chainOf([hop("f", 0, null)], [], { endToEndMs: null, usd: null, outcome: "unknown" }));
    expect(open).toContain("outcome unknown");
    expect(open).toContain("took at least 0 ms (no end seen)");
    expect(open).toContain("cost unknown");
    expect(drawn(chainOf([], []))).toContain("no hops");
  });
});

describe("waterfall: whatever telemetry says", () => {
  it("shows each hop once in a cycle", () => {
    const hops = [hop("a", 0, 1), hop("b", 5, 1), hop("c", 9, 1)];
    const text = drawn(chainOf(hops, [edge("aws:a", "aws:b"), edge("aws:b", "aws:c"), edge("aws:c", "aws:a")]));
    for (const name of ["a", "b", "c"]) expect(text.match(new RegExp(`^[> ] .*\\b${name} +aws.*│`, "gm"))).toHaveLength(1);
    expect(text).toContain("a (aws) has 1 more cause: c");
  });

  it("escapes what would steer the terminal", () => {
    const evil = "\u001b[2J\u202e\n";
    const text = drawn(
      chainOf([hop("f", 0, 1, { name: evil, errorType: evil, outcome: "error" })], [], {
        id: evil,
        problems: [{ code: "cut", message: evil, hopId: null }],
      }),
    );
    // oxlint-disable-next-line no-control-regex
    expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(text).toContain("Chain \\x1b[2J\\u202e\\n");
  });

  it("never fails, never prints NaN and never overflows the width", () => {
    const ms = fc.option(fc.oneof(fc.integer({ min: 0, max: 100_000_000 }), fc.double({ min: 0, max: 1000, noNaN: true })));
    const one = fc.record({
      name: fc.string({ unit: "grapheme", maxLength: 60 }),
      from: fc.integer({ min: -5000, max: 1_000_000 }),
      durationMs: ms,
      waitMs: ms,
      initMs: ms,
      coldStart: fc.option(fc.boolean()),
      outcome: fc.constantFrom("ok", "error", "timeout", "oom", "throttled", "unknown"),
      kind: fc.constantFrom("function", "workflow", "state", "service", "part"),
      usd: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
      cause: fc.nat(9),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      attempts: fc.array(fc.integer({ min: -1000, max: 1_000_000 }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 10 }), fc.integer({ min: 60, max: 200 }), fc.boolean(), (cases, width, parts) => {
        const hops = cases.map(({ from, durationMs, attempts, cause: _cause, confidence: _confidence, ...over }, i) =>
          hop(over.name, from, durationMs, {
            ...over,
            id: `aws:${i}`,
            attempts: attempts.map((at) => ({ startedAt: START + at, durationMs: 5, outcome: "error", requestId: null })),
          } as Parameters<typeof hop>[3]),
        );
        const edges = cases.map(({ cause, confidence }, i) => edge(`aws:${cause}`, `aws:${i}`, "message", confidence));
        const text = drawn(chainOf(hops, edges), { width, parts });
        expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
        for (const line of text.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 300 },
    );
  });
});
