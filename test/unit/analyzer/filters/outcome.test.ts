import { describe, expect, it } from "vitest";
import { readRun } from "../../../../src/analyzer/filters/evidence.ts";
import { labelled } from "../../../../src/analyzer/filters/outcome.ts";
import { loggedEvents } from "../../../../src/clouds/aws/logged-events.ts";
import type { LoggedRun, OutcomeWords } from "../../../../src/model/filters.ts";

const NONE: OutcomeWords = { discarded: [], wanted: [], discardedResults: [], wantedResults: [] };
const QUEUE = "arn:aws:sqs:eu-west-1:1:q";

type Facts = Partial<NonNullable<LoggedRun["run"]>> &
  Pick<Partial<LoggedRun>, "traced" | "calls" | "published"> & { ids?: string[]; level?: string };

/** A run with one message of these IDs each, that says these lines. */
function run(
  n: number,
  says: readonly string[],
  { ids = [`m-${n}`], level = "INFO", traced = false, calls = 0, published = 0, ...facts }: Facts = {},
): LoggedRun {
  const event = {
    Records: ids.map((messageId) => ({ messageId, receiptHandle: "r", body: "{}", eventSource: "aws:sqs", eventSourceARN: QUEUE })),
  };
  const ran = {
    durationMs: 50,
    billedMs: 50,
    memoryMib: 128,
    vcpu: null,
    architecture: null,
    plan: null,
    coldStart: false,
    outcome: "ok",
    emulator: false,
    attempts: 1,
  } as const;
  return {
    cloud: "aws",
    account: "1",
    region: "eu-west-1",
    fn: "f",
    requestId: `r-${n}`,
    at: n * 1000,
    lines: [JSON.stringify(event), ...says].map((message, i) => ({ at: n * 1000 + i, level: i === 0 ? "INFO" : level, message })),
    logBytes: 100,
    run: { ...ran, ...facts },
    traced,
    calls,
    published,
  };
}

const labels = (runs: readonly LoggedRun[], words = NONE): (string | null)[][] =>
  labelled(runs.flatMap((one) => readRun(one, (_cloud, message) => loggedEvents(message), words) ?? [])).map(({ outcome, evidence }) => [
    outcome,
    evidence,
  ]);

/** Enough runs that say it for silence to mean that the others worked. */
const marked = Array.from({ length: 5 }, (_, i) => run(i, ["event ignored"]));
const last = (runs: readonly LoggedRun[]): (string | null)[] => labels([...marked, ...runs]).at(-1)!;

describe("outcome of a run's event", () => {
  it("is discarded where a line says so, and wanted where the others of the function say nothing", () => {
    expect(labels([...marked, run(9, ["sent mail"])])).toEqual([...marked.map(() => ["discarded", "marker"]), ["wanted", "marker"]]);
  });

  it("stays unknown where hardly any run ever says so", () => {
    expect(labels([run(1, ["event ignored"]), run(2, ["sent mail"])])).toEqual([
      ["discarded", "marker"],
      ["unknown", null],
    ]);
  });

  it.each([
    ["failed", run(9, ["event ignored"], { outcome: "error" })],
    ["was cut by the timeout", run(9, ["event ignored"], { outcome: "timeout" })],
    ["was tried again", run(9, ["event ignored"], { attempts: 2 })],
    ["met a duplicate", run(9, ["ignoring duplicate event"])],
    ["has no record but its lines", { ...run(9, ["event ignored"]), run: null }],
  ])("is unknown where the run %s", (_name, one) => expect(last([one])).toEqual(["unknown", null]));

  it("is not discarded where only an error line says so", () => {
    expect(last([run(9, ["event ignored"], { level: "ERROR" })])).toEqual(["wanted", "marker"]);
  });

  it("is wanted where the run that ignores it publishes something", () => {
    expect(last([run(9, ["event ignored"], { published: 1 })])).toEqual(["wanted", "marker"]);
  });

  it("of a batch is told by the ID that a line names, or by a line for each", () => {
    const named = labels([...marked, run(9, ["event a-77 ignored"], { ids: ["a-77", "b-77"] })]).slice(-2);
    expect(named).toEqual([
      ["discarded", "marker"],
      ["wanted", "marker"],
    ]);
    const both = labels([...marked, run(9, ["event ignored", "event ignored"], { ids: ["a-77", "b-77"] })]).slice(-2);
    expect(both.map(([outcome]) => outcome)).toEqual(["discarded", "discarded"]);
    // two lines of two places in the code may be about one of the two
    const one = labels([...marked, run(9, ["event ignored", "nothing to do"], { ids: ["a-77", "b-77"] })]).slice(-2);
    expect(one.map(([outcome]) => outcome)).toEqual(["unknown", "unknown"]);
    const some = labels([...marked, run(9, ["event ignored"], { ids: ["a-77", "b-77"] })]).slice(-2);
    expect(some.map(([outcome]) => outcome)).toEqual(["unknown", "unknown"]);
  });

  it("comes from a result where no words are there", () => {
    const results = Array.from({ length: 5 }, (_, i) => run(i, ['returning {"result":"ignored"}']));
    expect(labels([...results, run(9, ['returning {"result":"stored"}'])]).slice(4)).toEqual([
      ["discarded", "result"],
      ["wanted", "result"],
    ]);
  });

  it("comes from missing calls only where runs are traced and call something", () => {
    const active = Array.from({ length: 5 }, (_, i) => run(i, [], { traced: true, calls: 1 }));
    expect(labels([...active, run(9, [], { traced: true, durationMs: 10 })]).at(-1)).toEqual(["discarded", "no-effect"]);
    // it takes as long as those that call: what it does may not be traced
    expect(labels([...active, run(9, [], { traced: true })]).at(-1)).toEqual(["unknown", null]);
    // untraced: left out, not taken for idle
    expect(labels([...active, run(9, [])])).toHaveLength(5);
    const idle = Array.from({ length: 6 }, (_, i) => run(i, [], { traced: true }));
    expect(labels(idle)).toEqual(idle.map(() => ["unknown", null]));
  });

  it("is not discarded because nothing is published: a write to a table is logged by nobody", () => {
    const active = Array.from({ length: 5 }, (_, i) => run(i, [], { published: 1 }));
    expect(labels([...active, run(9, [], { durationMs: 10 })])).toEqual([...active.map(() => ["wanted", "no-effect"]), ["unknown", null]]);
  });

  it("comes from an early return where run times fall in two, and from nothing else weaker", () => {
    const long = Array.from({ length: 10 }, (_, i) => run(i, [], { durationMs: 200 + i }));
    const short = Array.from({ length: 10 }, (_, i) => run(20 + i, [], { durationMs: 3 + i / 10 }));
    expect(labels([...long, ...short])).toEqual([
      ...long.map(() => ["wanted", "early-return"]),
      ...short.map(() => ["discarded", "early-return"]),
    ]);
    const spread = Array.from({ length: 20 }, (_, i) => run(i, [], { durationMs: 3 * 1.3 ** i }));
    expect(labels(spread)).toEqual(spread.map(() => ["unknown", null]));
  });

  it("counts a message that came twice once; the delivery that wanted it decides", () => {
    const twice = [run(8, ["event ignored"], { ids: ["same"] }), run(9, ["sent mail"], { ids: ["same"] })];
    expect(labels([...marked, ...twice])).toHaveLength(6);
    expect(labels([...marked, ...twice]).filter(([outcome]) => outcome === "wanted")).toHaveLength(1);
  });

  it("leaves out what quotes the event", () => {
    const event = {
      Records: [
        {
          messageId: "m-9",
          receiptHandle: "r",
          body: JSON.stringify({ note: "this event was ignored" }),
          eventSource: "aws:sqs",
          eventSourceARN: QUEUE,
        },
      ],
    };
    const quoting = {
      ...run(9, []),
      lines: [JSON.stringify(event), "note: this event was ignored"].map((message, i) => ({ at: i, level: "INFO", message })),
    };
    expect(last([quoting])).toEqual(["wanted", "marker"]);
  });
});
