import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attribute } from "../../../../src/analyzer/cost/attribution.ts";
import { ledger } from "../../../../src/analyzer/cost/ledger.ts";
import { runsOf, transitionsOf, usageOf } from "../../../../src/analyzer/cost/runs.ts";
import type { Hop } from "../../../../src/model/chains.ts";
import type { Invocation, Span } from "../../../../src/model/records.ts";
import { chain, GB_S, hop, rates, REQUEST, run } from "./rates.ts";

const SECOND = GB_S + REQUEST; // one run of 1000 ms billed at 1024 MiB

const batch = (id: string) => chain(id, [hop({ id: "aws:batch", share: 1 / 3 })]);
const retry = (from: string, to: string) =>
  ({ from, to, kind: "retry", confidence: 1, invocation: "async", channel: null, sentAt: null, receivedAt: null }) as const;
const spanOf = (over: Partial<Span>): Span => ({
  type: "span",
  cloud: "aws",
  account: null,
  region: "us-east-1",
  traceId: null,
  spanId: "",
  parentSpanId: null,
  name: "",
  fn: null,
  requestId: null,
  kind: "state",
  isInvocation: false,
  startedAt: 0,
  endedAt: 1,
  inProgress: false,
  error: false,
  fault: false,
  throttle: false,
  inferred: false,
  origin: null,
  namespace: null,
  links: [],
  attributes: {},
  ids: [],
  ...over,
});

describe("attribution", () => {
  it("fills hops and chains, and leaves the rest unattributed", () => {
    const chains = [
      chain("order-1", [hop({ id: "aws:a" }), hop({ id: "aws:b", requestId: "b" }), hop({ id: "q", kind: "service", requestId: null })]),
    ];
    const found = attribute(
      { chains, invocations: [run({ requestId: "a" }), run({ requestId: "b", billedMs: 2000 }), run({ requestId: "noise" })] },
      { ...rates, by: "chain" },
    );
    const [priced] = found.chains;
    expect(priced!.hops.map((h) => h.usd)).toEqual(
      [SECOND, 2 * GB_S + REQUEST, null].map((usd) => (usd === null ? null : expect.closeTo(usd, 15))),
    );
    expect(priced!.usd).toBeCloseTo(3 * GB_S + 2 * REQUEST, 15);
    expect(priced!.usdUnknownHops).toBe(0);
    expect(priced!.hops[0]!.usdBasis).toBe("measured");
    expect(found.ledger.unattributedUsd).toBeCloseTo(SECOND, 15);
    expect(found.ledger.rows[0]).toMatchObject({ key: "order-1", cloud: "aws", invocations: 2, billedMs: 3000, unknown: [] });
    expect(chains[0]!.usd).toBeNull();
  });

  it("shares a batch over its messages; the part of a message in no chain stays unattributed", () => {
    const found = attribute({ chains: [batch("m1"), batch("m2")], invocations: [run({ requestId: "batch" })] }, { ...rates, by: "chain" });
    expect(found.chains.map((c) => c.usd)).toEqual([expect.closeTo(SECOND / 3, 15), expect.closeTo(SECOND / 3, 15)]);
    expect(found.ledger.unattributedUsd).toBeCloseTo(SECOND / 3, 15);
    expect(found.ledger.rows.map((row) => row.invocations)).toEqual([1, 1]);
  });

  it("leaves nothing of a batch whose messages are all in chains (1/n summed n times is not exactly 1)", () => {
    const chains = Array.from({ length: 10 }, (_, i) => chain(`m${i}`, [hop({ id: "aws:batch", share: 1 / 10 })]));
    const { ledger: found } = attribute({ chains, invocations: [run({ requestId: "batch" })] }, { ...rates, by: "route" });
    expect(found.unattributedUsd).toBe(0);
    expect(found.unattributedLines).toEqual([]);
    expect(found.rows).toHaveLength(1);
    expect(found.rows[0]!.usd).toBeCloseTo(SECOND, 15);
    expect(found.rows[0]!.invocations).toBe(1);
  });

  it("never hands out more than the bill where a run is claimed whole by several chains", () => {
    const chains = ["a", "b"].map((id) => chain(id, [hop({ id: "aws:shared" })]));
    const found = attribute({ chains, invocations: [run({ requestId: "shared" })] }, { ...rates, by: "chain" });
    expect(found.chains.map((c) => c.usd)).toEqual([expect.closeTo(SECOND / 2, 15), expect.closeTo(SECOND / 2, 15)]);
    expect(found.ledger.totalUsd).toBeCloseTo(SECOND, 15);
  });

  it("bills every attempt of a request once, and repeats as waste", () => {
    const runs = [
      run({ requestId: "a", startedAt: 0, outcome: "error" }),
      run({ requestId: "a", startedAt: 60_000, outcome: "error" }),
      run({ requestId: "a", startedAt: 180_000 }),
      run({ requestId: "a", startedAt: 180_000, endedAt: 181_000, seenIn: "span", billedMs: null, memoryMib: null }), // the same run, as a tracer saw it
    ];
    const found = attribute({ chains: [chain("o", [hop({ id: "aws:a" })])], invocations: runs }, { ...rates, by: "chain" });
    expect(found.chains[0]!.usd).toBeCloseTo(3 * SECOND, 15);
    expect(found.ledger.rows[0]!.wasteUsd).toEqual({ errors: expect.closeTo(SECOND, 15), retries: expect.closeTo(SECOND, 15) });
    expect(found.ledger.unknown).toEqual([]);
  });

  it("judges redeliveries under new request IDs together", () => {
    const hops = [hop({ id: "aws:a" }), hop({ id: "aws:b" }), hop({ id: "aws:c" })];
    const chains = [chain("o", hops, { edges: [retry("aws:a", "aws:b"), retry("aws:b", "aws:c")] })];
    const invocations = [
      run({ requestId: "a", startedAt: 0, outcome: "timeout" }),
      run({ requestId: "b", startedAt: 60_000, outcome: "error" }),
      run({ requestId: "c", startedAt: 120_000 }),
    ];
    expect(attribute({ chains, invocations }, { ...rates, by: "chain" }).ledger.rows[0]!.wasteUsd).toEqual({
      timeouts: expect.closeTo(SECOND, 15),
      retries: expect.closeTo(SECOND, 15),
    });
  });

  it("counts what is unknown: a run without a billed time, a hop without a record", () => {
    const chains = [chain("o", [hop({ id: "aws:a" }), hop({ id: "aws:lost" }), hop({ id: "aws:b" })])];
    const invocations = [run({ requestId: "a" }), run({ requestId: "b", billedMs: null, seenIn: "span" })];
    const found = attribute({ chains, invocations }, { ...rates, by: "chain" });
    expect(found.chains[0]!.hops.map((h) => h.usd)).toEqual([expect.closeTo(SECOND, 15), null, null]);
    expect(found.chains[0]!.usdUnknownHops).toBe(2);
    expect(found.ledger.rows[0]!.unknown.map(({ count }) => count)).toEqual([1, 1]);
    expect(found.ledger.unknown.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  });

  it("prices workflows by their transitions, and says so where there is no history", () => {
    const arn = "arn:aws:states:us-east-1:111122223333:execution:saga:1";
    const workflow = hop({ id: arn, kind: "workflow", function: null, requestId: null });
    const executions = [{ cloud: "aws" as const, account: null, region: "us-east-1", workflow: "saga", execution: arn, count: 8 }];
    const found = attribute({ chains: [chain("o", [workflow])], invocations: [], executions }, { ...rates, by: "chain" });
    expect(found.chains[0]!.usd).toBeCloseTo(8 * 0.000025, 12);
    expect(found.ledger.rows[0]!.invocations).toBeNull();
    const unseen = attribute(
      { chains: [chain("o", [workflow])], invocations: [], executions: [{ ...executions[0]!, count: null }] },
      { ...rates, by: "chain" },
    );
    expect(unseen.chains[0]).toMatchObject({ usd: null, usdUnknownHops: 1 });
    expect(unseen.ledger.unknown).toEqual([{ count: 1, why: "workflow executions: seen without its history" }]);
    expect(attribute({ chains: [chain("o", [workflow])], invocations: [] }, { ...rates, by: "chain" }).chains[0]).toMatchObject({
      usd: null,
      usdUnknownHops: 1,
    });
  });

  it("lets a chain claim one run of a sampled record", () => {
    const found = attribute(
      { chains: [chain("o", [hop({ id: "aws:a" })])], invocations: [run({ requestId: "a", weight: 5 })] },
      { ...rates, by: "chain" },
    );
    expect(found.chains[0]!.usd).toBeCloseTo(SECOND, 15);
    expect(found.ledger.unattributedUsd).toBeCloseTo(4 * SECOND, 15);
  });

  it("names no cloud where a route spans several", () => {
    const hops = [hop({ id: "aws:a" }), hop({ id: "gcp:b", cloud: "gcp", requestId: "b" })];
    const invocations = [run({ requestId: "a" }), run({ requestId: "b", cloud: "gcp" })];
    expect(attribute({ chains: [chain("o", hops)], invocations }, { ...rates, by: "route" }).ledger.rows[0]!.cloud).toBeNull();
  });
});

describe("conservation", () => {
  const money = fc.record({
    billedMs: fc.option(fc.integer({ min: 1, max: 900_000 }), { freq: 5 }),
    memoryMib: fc.integer({ min: 128, max: 10_240 }),
    outcome: fc.constantFrom("ok", "error", "timeout", "oom", "unknown"),
    region: fc.constantFrom("us-east-1", "af-south-1", "mars-1"),
    weight: fc.constantFrom(1, 1, 1, 5),
    attempts: fc.integer({ min: 1, max: 3 }),
    doubled: fc.boolean(),
    // who claims it: chain numbers, and of how many messages each is one
    messages: fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 10 }),
    lostMessages: fc.integer({ min: 0, max: 3 }),
    whole: fc.boolean(),
  });

  it("sum over chains + unattributed = the bill of every run, to 1e-9 USD", () => {
    fc.assert(
      fc.property(fc.array(money, { maxLength: 40 }), fc.constantFrom("route" as const, "chain" as const), (cases, by) => {
        const hops: Hop[][] = Array.from({ length: 8 }, () => []);
        const invocations: Invocation[] = [];
        let billed = 0;
        for (const [index, one] of cases.entries()) {
          const requestId = `r${index}`;
          for (let attempt = 0; attempt < one.attempts; attempt++) {
            const { billedMs, memoryMib, outcome, region, weight } = one;
            const record = run({
              requestId,
              billedMs,
              memoryMib,
              outcome: outcome as Invocation["outcome"],
              region,
              weight,
              startedAt: attempt * 3_600_000,
            });
            invocations.push(record);
            if (one.doubled) invocations.push({ ...record, seenIn: "span", billedMs: null });
            const factor = region === "af-south-1" ? 2 : 1;
            if (billedMs !== null && region !== "mars-1")
              billed += weight * factor * ((memoryMib / 1024) * (billedMs / 1000) * GB_S + REQUEST);
          }
          const n = one.messages.length + one.lostMessages;
          const perChain = new Map<number, number>();
          for (const message of one.messages) perChain.set(message, (perChain.get(message) ?? 0) + 1);
          for (const [to, count] of perChain) hops[to]!.push(hop({ id: `aws:${requestId}`, share: one.whole ? 1 : count / n }));
        }
        const chains = hops.map((of, index) => chain(`c${index}`, of, { route: `route ${index % 3}` }));
        const found = attribute({ chains, invocations }, { ...rates, by });
        const rows = found.ledger.rows.reduce((sum, row) => sum + (row.usd ?? 0), 0);
        expect(Math.abs(rows + found.ledger.unattributedUsd - billed)).toBeLessThan(1e-9);
        expect(Math.abs((found.ledger.totalUsd ?? 0) - billed)).toBeLessThan(1e-9);
        expect(Math.abs(found.chains.reduce((sum, c) => sum + (c.usd ?? 0), 0) - rows)).toBeLessThan(1e-9);
        expect(found.ledger.unattributedUsd).toBeGreaterThanOrEqual(0);
        for (const row of found.ledger.rows) {
          const waste = Object.values(row.wasteUsd).reduce((sum, part) => sum + part, 0);
          expect(waste).toBeLessThanOrEqual((row.usd ?? 0) + 1e-12);
        }
        // the ledger over functions, from the same runs, has the same total and the same unknowns
        const groups = ledger({ usage: runsOf(invocations).map((one) => usageOf(one)) }, { ...rates, by: "function" });
        expect(Math.abs((groups.totalUsd ?? 0) - billed)).toBeLessThan(1e-9);
        expect(found.ledger.unknown.reduce((sum, u) => sum + u.count, 0)).toBe(groups.unknown.reduce((sum, u) => sum + u.count, 0));
      }),
      { numRuns: 300 },
    );
  });
});

describe("runs", () => {
  it("takes what one source does not say from another", () => {
    const log = run({ requestId: "a", architecture: null, region: null });
    const span = run({ requestId: "a", seenIn: "span", billedMs: null, memoryMib: null, startedAt: 999_990, region: "eu-west-1" });
    expect(runsOf([span, log])).toEqual([
      expect.objectContaining({ seenIn: "platform-log", billedMs: 1000, memoryMib: 1024, region: "eu-west-1" }),
    ]);
  });

  it("counts attempts that follow at once, and a run exported twice only once", () => {
    const first = run({ requestId: "a", startedAt: 0, endedAt: 100, outcome: "error" });
    const second = run({ requestId: "a", startedAt: 100, endedAt: 300 });
    expect(runsOf([first, second, { ...first }, { ...second, startedAt: 101 }])).toEqual([first, second]);
  });

  it("completes each attempt from the trace that started nearest to it", () => {
    const attempts = [0, 60_000, 180_000].map((startedAt) => run({ requestId: "a", startedAt, endedAt: startedAt + 100, region: null }));
    const spans = [179_900, 59_900, -100].map((startedAt) =>
      run({ requestId: "a", startedAt, seenIn: "span", billedMs: null, region: `r${startedAt}` }),
    );
    expect(runsOf([...spans, ...attempts]).map((one) => one.region)).toEqual(["r-100", "r59900", "r179900"]);
  });

  it("believes a whole run of another source before a cut log", () => {
    const cut = run({ requestId: "a", billedMs: null, durationMs: null, endedAt: null });
    const traced = run({ requestId: "a", billedMs: null, durationMs: 7, seenIn: "span", region: null });
    expect(runsOf([cut, traced])).toEqual([expect.objectContaining({ seenIn: "span", durationMs: 7, region: "us-east-1" })]);
  });

  it("keeps requests of two clouds apart", () => {
    expect(runsOf([run({ requestId: "a" }), run({ requestId: "a", cloud: "gcp" })])).toHaveLength(2);
  });

  it("counts a START outside every whole run of its request as an attempt of unknown cost", () => {
    const whole = run({ requestId: "a", startedAt: 60_000, endedAt: 60_100 });
    const cut = { ...whole, endedAt: null, durationMs: null, billedMs: null };
    const runs = runsOf([whole, { ...cut, startedAt: 0 }, { ...cut, startedAt: 0 }, { ...cut, startedAt: 60_001 }]);
    expect(runs.map((one) => [one.startedAt, one.billedMs === null])).toEqual([
      [60_000, false],
      [0, true],
    ]);
  });
});

describe("transitions", () => {
  it("counts every state entered, once", () => {
    const spans = [
      spanOf({ spanId: "arn:x#2", name: "Pay" }),
      spanOf({ spanId: "arn:x", kind: "workflow", name: "saga" }),
      spanOf({ spanId: "arn:x#7", name: "Ship" }),
      spanOf({ spanId: "arn:x#7", name: "Ship" }),
      spanOf({ spanId: "abc", kind: "client" }),
    ];
    // Express workflows pay by requests, duration and memory: https://aws.amazon.com/step-functions/pricing/
    const express = "arn:aws:states:us-east-1:111122223333:express:quick:e1:9f0c";
    expect(transitionsOf([spanOf({ spanId: express, kind: "workflow" }), spanOf({ spanId: `${express}#2`, kind: "state" })])).toEqual([
      expect.objectContaining({ execution: express, count: null, why: expect.stringContaining("Express") }),
    ]);
    expect(transitionsOf([spanOf({ spanId: "arn:y", kind: "workflow" })])).toEqual([
      expect.objectContaining({ execution: "arn:y", count: null }),
    ]);
    expect(transitionsOf(spans)).toEqual([
      { execution: "arn:x", workflow: "saga", count: 2, cloud: "aws", account: null, region: "us-east-1" },
    ]);
  });
});
