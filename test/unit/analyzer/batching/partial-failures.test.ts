import { describe, expect, it } from "vitest";
import { mayGrow, partialFailures } from "../../../../src/analyzer/batching/partial-failures.ts";
import { statsOf } from "../../../support/function-stats.ts";

const NO = { refusal: null, switchOn: false };

/** `errors` of 10,000 runs. */
const verdict = (reports: boolean, lines: number, errors: number) =>
  mayGrow("sqs-standard", partialFailures("sqs-standard", reports, lines, [statsOf({ errors })]));

// without the report all messages of a failed batch come back: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
describe("whether batches may grow", () => {
  it.each([
    // reported, lines that show it, errors of 10,000 runs, may grow, switch on first
    [true, 3, 0, true, false],
    [true, 3, 500, true, false],
    [true, 0, 0, true, false],
    [true, 0, 10, true, false],
    [true, 0, 500, false, false],
    [false, 3, 0, false, true],
    [false, 3, 500, false, true],
    [false, 0, 0, true, false],
    [false, 0, 10, true, false],
    [false, 0, 11, false, false],
    [false, 0, 500, false, false],
  ])("reported %s, answered in %i lines, %i errors", (reports, lines, errors, may, switchOn) => {
    const found = verdict(reports, lines, errors);
    expect([found.refusal === null, found.switchOn]).toEqual([may, switchOn]);
  });

  it("says why not, with what was counted", () => {
    expect(verdict(false, 0, 500).refusal).toBe(
      "5.0 % of 10000 runs failed and it does not report failed messages: one bad message would bring back a larger batch",
    );
    expect(verdict(true, 0, 500).refusal).toContain("no line shows that its code reports failed messages");
  });

  it("none in few runs is not rare: with none in 299 the share may be 1 %", () => {
    const few = (invocations: number) => mayGrow("kinesis", partialFailures("kinesis", false, 0, [statsOf({ invocations })]));
    expect(few(299).refusal).toContain("299 runs are too few");
    expect(few(300)).toEqual(NO);
  });

  it("timeouts and lack of memory are failures; without a run nothing is known", () => {
    const failed = partialFailures("sqs-fifo", false, 0, [statsOf({ errors: 100, timeouts: 50, ooms: 50 })]);
    expect(failed).toEqual({ reported: false, answered: null, errorShare: 0.02, runs: 10_000 });
    const none = partialFailures("sqs-fifo", false, 0, []);
    expect(none.errorShare).toBeNull();
    expect(mayGrow("sqs-fifo", none).refusal).toContain("not known");
  });

  it("Service Bus and Event Hubs have no such setting", () => {
    for (const kind of ["service-bus", "event-hubs"] as const) {
      const failing = partialFailures(kind, false, 0, [statsOf({ errors: 500 })]);
      expect(failing.reported).toBeNull();
      expect(mayGrow(kind, failing).refusal).toContain("5.0 % of 10000 runs failed");
      expect(mayGrow(kind, partialFailures(kind, false, 0, [statsOf()]))).toEqual(NO);
    }
  });
});
