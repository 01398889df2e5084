import { expect, it } from "vitest";
import { correlate } from "../../../../src/analyzer/chains/index.ts";
import type { Chain, ChainRecords } from "../../../../src/model/chains.ts";
import type { Message } from "../../../../src/model/records.ts";
import { correlation, delivery, execution, message, run, span, T0, together } from "./records.ts";

const ids = [correlation("O-100")];
const chainOfAll = (...parts: Partial<ChainRecords>[]): Chain => {
  const chains = correlate(together(...parts));
  expect(chains).toHaveLength(1);
  return chains[0]!;
};
const edges = (chain: Chain): (string | number)[][] => chain.edges.map((e) => [e.from.slice(4), e.to.slice(4), e.kind, e.confidence]);

it("a destination's record comes from the run whose request it names", () => {
  const chain = chainOfAll({
    invocations: [run("worker", "worker-1", 0, 100, { ids, outcome: "error" }), run("on-failure", "f", 900, 950)],
    messages: [
      message("received", "on-failure", "f", 901, {
        eventName: "RetriesExhausted",
        deadLetter: true,
        sentAt: T0 + 800,
        ids: [{ kind: "request", value: "worker-1" }],
      }),
    ],
  });
  expect(edges(chain)).toEqual([["worker-1", "f", "message", 0.9]]);
  expect(chain).toMatchObject({ complete: true, route: "worker > on-failure" });
});

it("a publisher that was not seen is missed once, not at every further delivery", () => {
  const got = (requestId: string, at: number, attempt: number): Message =>
    message("received", "consumer", requestId, at, { messageId: "m-1", channel: "q", sentAt: T0 - 50, attempt });
  const failed = { ids, outcome: "error" } as const;
  const chain = chainOfAll({
    invocations: [
      run("consumer", "c1", 0, 100, failed),
      run("consumer", "c2", 30_000, 30_100, failed),
      run("consumer", "c3", 60_000, 60_100, { ids }),
    ],
    messages: [got("c1", 0, 1), got("c2", 30_000, 2), got("c3", 60_000, 3)],
  });
  expect(chain).toMatchObject({ complete: true, outcome: "ok" });
  expect(edges(chain)).toEqual([
    ["c1", "c2", "retry", 0.9],
    ["c2", "c3", "retry", 0.9],
  ]);
});

// SQS gives a message a new ID when it is moved back from its dead-letter queue (StartMessageMoveTask)
it("a message put back from its dead-letter queue is a further delivery; a like message after a success is not", () => {
  const again = (outcome: "error" | "ok"): Chain =>
    chainOfAll({
      invocations: [
        run("api", "a", 0, 50, { ids }),
        run("consumer", "c1", 100, 200, { ids, outcome }),
        run("consumer", "c2", 900_000, 900_100, { ids }),
      ],
      messages: [
        ...delivery("m-1", ["api", "a", 20], [["consumer", "c1", 100]], { payloadHash: "h" }),
        message("received", "consumer", "c2", 900_000, { messageId: "m-2", channel: "q", sentAt: T0 + 899_000, payloadHash: "h" }),
      ],
    });
  expect(edges(again("error"))).toContainEqual(["c1", "c2", "retry", 0.7]);
  expect(again("error")).toMatchObject({ complete: true, outcome: "ok" });
  expect(edges(again("ok")).map((e) => e[2])).not.toContain("retry");
});

it("says so where a run of the same cloud began before its cause, and only beyond what clocks may differ", () => {
  const chain = (early: number): Chain =>
    chainOfAll({
      invocations: [run("api", "a", 0, 100, { ids }), run("work", "w", -early, 100 - early, { ids })],
      messages: delivery("m-1", ["api", "a", 20], [["work", "w", -early]]),
    });
  expect(chain(2_000).problems).toMatchObject([{ code: "clock-skew", hopId: "aws:w" }]);
  expect(chain(2_000)).toMatchObject({ complete: true, endToEndMs: 2_100 });
  expect(chain(900).problems).toEqual([]);
});

// AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID in its input: the child begins a few ms after its parent, and names it
it("a nested execution is started by the execution that it names, not the other way round", () => {
  const [parent, child] = ["parent:p1", "kid:k1"].map((name) => `arn:aws:states:us-east-1:111122223333:execution:${name}`);
  const workflow = { traceId: null, kind: "workflow", requestId: null } as const;
  const chain = chainOfAll({
    spans: [span(parent!, 0, 500, workflow), span(child!, 22, 480, { ...workflow, ids: [execution(parent!)] })],
  });
  expect(chain.edges).toMatchObject([{ from: parent, to: child, kind: "execution", confidence: 0.9 }]);
  expect(chain.edges).toHaveLength(1);
});
