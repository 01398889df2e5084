import { describe, expect, it } from "vitest";
import type { Api } from "../../../../src/clouds/gcp/api.ts";
import { openCollector } from "../../../../src/clouds/gcp/collector.ts";
import type { CollectRequest, CollectTask, Signal, Span, Target } from "../../../../src/clouds/room.ts";
import { UserError } from "../../../../src/model/errors.ts";
import * as logs from "../../../support/gcp-logs.ts";
import {
  collected,
  denied,
  failure,
  gcpContext,
  gcpTarget,
  HOUR_MS,
  NOW,
  type Scripted,
  scriptedGcp,
  service,
  typed,
} from "../../../support/scripted-gcp.ts";

const window: Span = { from: NOW - HOUR_MS, to: NOW };
const request = (signals: Signal[], maxQueryUsd = 1): CollectRequest => ({ signals, logs: "platform", window, maxQueryUsd });
const all = (_: string, one: Span): Span[] => [one];
const SERIES = {
  metric: { type: "run.googleapis.com/container/billable_instance_time" },
  resource: { type: "cloud_run_revision", labels: { service_name: "orders" } },
  metricKind: "DELTA",
  points: [{ interval: { startTime: "2026-11-22T23:00:00Z", endTime: "2026-11-22T23:01:00Z" }, value: { doubleValue: 1 } }],
};
const SCRIPT: { [api in Api]?: Scripted } = {
  "logging:ListLogEntries": logs.logPages([logs.request("orders", 1, NOW - 5_000)]),
  "monitoring:ListTimeSeries": { timeSeries: [SERIES] },
  "cloudtrace:traces.list": {},
  "cloudtrace:traces.get": failure("cloudtrace:traces.get", "not-found", "NOT_FOUND", 404),
};
const open = (script: { [api in Api]?: Scripted } = SCRIPT, target: Partial<Target> = {}, context = gcpContext()) =>
  openCollector(scriptedGcp(script), gcpTarget(target), context);
const spentOf = (collector: ReturnType<typeof openCollector>): number => collector.spentUsd!();
const kinds = (tasks: readonly CollectTask[]): string[] => [...new Set(tasks.map((one) => `${one.signal} ${one.via}`))];

describe("a plan", () => {
  it("has the signals that were asked for, and one gap for what the room does not read", async () => {
    const { tasks, gaps } = await open().plan([service("orders")], request(["logs", "metrics", "traces", "histories"]), all);
    expect(kinds(tasks)).toEqual(["logs entries.list", "metrics timeSeries.list", "traces traces.list"]);
    expect(gaps).toMatchObject([{ type: "gap", what: "histories", why: expect.stringContaining("Workflows") }]);
    expect((await open().plan([service("orders")], request(["traces"]), all)).tasks.map((one) => one.signal)).toEqual(["traces"]);
  });

  it("is of the target's own project, functions and regions", async () => {
    const foreign = { ...service("theirs"), account: "another-project" };
    const target = { functions: { names: ["order*"], tags: { team: "shop" } }, regions: ["europe-west1"] };
    const configs = [
      service("orders", { tags: { team: "shop" } }),
      service("orders-2", { tags: { team: "mail" } }),
      service("orders-3", { tags: { team: "shop" } }, "us-central1"),
      { ...service("orders", { tags: { team: "shop" } }), observedAt: NOW + 1 },
      // the function's own name has capital letters, the Run service under it has not
      service("new-order", { tags: { team: "shop" }, functionName: "order_New" }),
      service("mail", { tags: { team: "shop" } }),
      foreign,
    ];
    const { tasks } = await open(SCRIPT, target).plan(configs, request(["logs"]), all);
    expect(tasks.map((one) => [one.source, one.alsoCovers])).toEqual([
      [
        "gcp/shop-418/logs/platform of cloud_run_revision/europe-west1/new-order",
        ["gcp/shop-418/logs/platform of cloud_run_revision/europe-west1/orders"],
      ],
    ]);
  });
});

describe("what may not be read at all", () => {
  const calls = { logs: "logging:ListLogEntries", metrics: "monitoring:ListTimeSeries", traces: "cloudtrace:traces.list" } as const;
  const wide = { from: NOW - 20 * 24 * HOUR_MS, to: NOW };

  it.each(["logs", "metrics", "traces"] as const)("%s: is told once, and not asked for window by window", async (signal) => {
    for (const error of [denied(calls[signal]), failure(calls[signal], "unsupported", "SERVICE_DISABLED", 403)]) {
      // nobody knows how many entries there are: a task a day
      const api = scriptedGcp({ ...SCRIPT, "monitoring:ListTimeSeries": {}, [calls[signal]]: error });
      const collector = openCollector(api, gcpTarget(), gcpContext());
      const { tasks, gaps } = await collector.plan([service("orders")], { ...request(["logs", "metrics", "traces"]), window: wide }, all);
      expect(kinds(tasks).map((one) => one.split(" ")[0])).toEqual(["logs", "metrics", "traces"].filter((one) => one !== signal));
      expect(gaps).toMatchObject([{ type: "gap", what: signal, ...wide }]);
      expect(spentOf(collector)).toBeLessThan(1e-5);
    }
  });

  it("is not assumed where the trial failed otherwise", async () => {
    const collector = open({ ...SCRIPT, "cloudtrace:traces.list": failure("cloudtrace:traces.list", "failed", "INTERNAL", 500) });
    const { tasks, gaps } = await collector.plan([], { ...request(["traces"]), window: wide }, all);
    expect([tasks.length > 1, gaps]).toEqual([true, []]);
    const ended = open({ ...SCRIPT, "cloudtrace:traces.list": failure("cloudtrace:traces.list", "credentials", "UNAUTHENTICATED", 401) });
    await expect(ended.plan([], { ...request(["traces"]), window: wide }, all)).rejects.toMatchObject({ kind: "credentials" });
  });
});

describe("a task", () => {
  it("of each signal gives its records", async () => {
    const collector = open();
    const { tasks } = await collector.plan([service("orders")], request(["logs", "metrics", "traces"]), all);
    const records = (await Promise.all(tasks.map((task) => collected(collector.run(task))))).flat();
    expect(typed(records, "invocation")).toHaveLength(1);
    expect(new Set(typed(records, "metric").map((one) => one.fn))).toEqual(new Set(["orders"]));
  });

  it("that fails for good says why, with the way to look further, and keeps the call's error", async () => {
    for (const error of [denied("logging:ListLogEntries"), failure("logging:ListLogEntries", "throttled", "RESOURCE_EXHAUSTED", 429)]) {
      const collector = open({ ...SCRIPT, "logging:ListLogEntries": error });
      const { tasks } = await collector.plan([], request(["logs"]), all);
      const thrown = await collected(collector.run(tasks[0]!)).catch((one: unknown) => one);
      expect(thrown).toBeInstanceOf(UserError);
      expect(thrown).toMatchObject({ exitCode: 4, cause: error });
    }
  });
});

describe("sessions of one command", () => {
  it("share the price limit: what one has spent the other cannot", async () => {
    const spent = { usd: 0 };
    // a series costs $0.0000005: each fits the limit by itself
    const limit = request(["metrics"], 0.6e-6);
    const [first, second] = [open(SCRIPT, {}, gcpContext({ spent })), open(SCRIPT, {}, gcpContext({ spent }))];
    const plans = await Promise.all([first, second].map((one) => one.plan([service("orders")], limit, all)));
    expect(plans.map((one) => one.tasks.length)).toEqual([1, 1]);
    await collected(first.run(plans[0]!.tasks[0]!));
    spent.usd += 0.1e-6;
    await expect(collected(second.run(plans[1]!.tasks[0]!))).rejects.toMatchObject({ name: "BudgetError", exitCode: 4 });
    expect([first.spentUsd!(), second.spentUsd!()]).toEqual([0.5e-6, 0]);
  });
});

it("a search costs nothing, whatever may be spent", async () => {
  const collector = open();
  expect(await collector.searchEstimate([], window)).toMatchObject({ usd: 0 });
  const records = await collected(collector.search([{ kind: "trace", value: logs.traceId(1) }], [], window, 0));
  expect(typed(records, "invocation")).toHaveLength(1);
});
