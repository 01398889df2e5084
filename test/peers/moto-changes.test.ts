/**
 * The order system on moto, changed by the built CLI: sizes applied, verified and taken back, refused where somebody else answers for the
 * function or changed it. What was done is read from the server by the vendor's SDK.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GetAliasCommand, UpdateFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ran } from "../support/cli.ts";
import { jsonOf, type MotoOrders, NAMES, startOrders } from "./support/moto-orders.ts";
import { durationMsAt, putRuns, type Run } from "./support/order-runs.ts";
import { has } from "./support/servers.ts";

const NO_FLOOR = ["--min-saving", "0"];

describe.skipIf(!has("moto"))("the order system on moto, changed", () => {
  let orders: MotoOrders;

  /** A command that must not write: what it asked of the server was reads. */
  const reading = async (...args: string[]): Promise<Ran> => {
    const { writes, ...ran } = await orders.watched(...args);
    expect(writes, args.join(" ")).toEqual([]);
    return ran;
  };
  const rightsize = (...args: string[]): Promise<Ran> => orders.cli("rightsize", "--offline", ...NO_FLOOR, "--format", "json", ...args);
  const versionOf = async (Name: string): Promise<string | undefined> =>
    (await orders.lambda.send(new GetAliasCommand({ FunctionName: "notify", Name }))).FunctionVersion;

  beforeAll(async () => {
    orders = await startOrders();
    const collected = await reading("collect");
    expect(collected.code, collected.stderr).toBe(0);
  });
  afterAll(() => orders?.stop());

  it("--apply makes what nobody else answers for, the server has it; verify holds it against new runs; undo restores it exactly", async () => {
    const before = await Promise.all(NAMES.map((fn) => orders.configuration(fn)));
    const dry = await reading("rightsize", "--offline", ...NO_FLOOR, "--apply", "--dry-run");
    expect(dry.stdout).toContain("CloudFormation stack billing");
    const ran = await rightsize("--apply", "--yes");
    expect(ran.code, ran.stderr).toBe(5);
    const { functions, apply } = jsonOf(ran);
    const proposed = (fn: string): number => functions.find((one: { function: string }) => one.function === fn).proposedMib;
    const states = Object.fromEntries(apply.changes.map((one: { name: string; state: string }) => [one.name, one.state]));
    expect(states).toEqual({ charge: "done", checkout: "done", invoice: "refused", notify: "refused" });
    const note = (fn: string): string => apply.changes.find((one: { name: string }) => one.name === fn).note;
    expect(note("invoice")).toContain("CloudFormation stack billing (Invoice)");
    expect(note("notify")).toContain("alias live (version 1)");
    expect(await Promise.all(NAMES.map(orders.memoryOf))).toEqual([proposed("charge"), proposed("checkout"), 1024, 1024]);
    const after = await Promise.all(NAMES.map((fn) => orders.configuration(fn)));
    expect(after.map((one, i) => ({ ...one, MemorySize: (before[i] as { MemorySize: number }).MemorySize }))).toEqual(before);

    const fresh = since(Date.now(), { charge: proposed("charge"), checkout: proposed("checkout") });
    await putRuns(orders.peer.url, fresh, orders.system.queueArn);
    // a line of the future is not collected
    const ended = Math.max(...fresh.map((run) => run.startedAt + run.durationMs));
    await new Promise((resolve) => setTimeout(resolve, ended + 100 - Date.now()));
    const verified = await reading("verify", "--live", "--format", "json");
    expect(verified.code, verified.stderr + verified.stdout).toBe(0);
    const verdicts = jsonOf(verified).changes.map((one: { name: string; verdict: string }) => `${one.name} ${one.verdict}`);
    expect(verdicts.sort()).toEqual(["charge ok", "checkout ok"]);

    const undone = await orders.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(await Promise.all(NAMES.map((fn) => orders.configuration(fn)))).toEqual(before);
    const journal = jsonOf(await reading("journal", "--format", "json"));
    expect(journal.runs.map((one: { kind: string }) => one.kind)).toEqual(["undo", "apply"]);
    // the dataset knows the sizes of its last collection
    expect((await reading("collect")).code).toBe(0);
  });

  it("with --alias: a version is published and the alias moved to it, undo moves it back", async () => {
    const before = await orders.configuration("notify");
    const ran = await rightsize("--function", "notify", "--apply", "--yes", "--alias", "live");
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    const proposed = jsonOf(ran).functions[0].proposedMib as number;
    const version = await versionOf("live");
    expect(version).toBe("2");
    expect(await orders.configuration("notify", "2")).toMatchObject({ MemorySize: proposed, Version: "2" });
    expect(await orders.configuration("notify", "1")).toMatchObject({ MemorySize: 1024 });
    const undone = await orders.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(await versionOf("live")).toBe("1");
    expect(await orders.configuration("notify")).toEqual(before);
  });

  it.each([
    ["template.yaml", "Resources:\n  Charge:\n    Type: AWS::Serverless::Function\n    Properties:\n      FunctionName: charge\n"],
    ["main.tf", 'resource "aws_lambda_function" "charge" {\n  function_name = "charge"\n}\n'],
    ["serverless.yml", "service: shop\nprovider: { name: aws }\nfunctions:\n  charge:\n    name: charge\n    handler: index.handler\n"],
  ])("a function that %s here owns is refused, unless told", async (file, text) => {
    writeFileSync(join(orders.home, file), text);
    try {
      const before = orders.proxy.writes().length;
      const ran = await rightsize("--function", "charge", "--apply", "--yes");
      expect(ran.code, ran.stderr).toBe(5);
      const [change] = jsonOf(ran).apply.changes;
      expect(change).toMatchObject({ name: "charge", state: "refused", note: expect.stringContaining(file) });
      expect(change.note).toContain("--allow-drift");
      expect(orders.proxy.writes().slice(before)).toEqual([]);
      expect(await orders.memoryOf("charge")).toBe(1024);
    } finally {
      rmSync(join(orders.home, file));
    }
  });

  it("what a stack owns is changed when told, and taken back", async () => {
    const ran = await rightsize("--function", "invoice", "--apply", "--yes", "--allow-drift");
    expect(ran.code, ran.stderr).toBe(0);
    expect(await orders.memoryOf("invoice")).toBe(jsonOf(ran).functions[0].proposedMib);
    expect((await orders.cli("undo", "--last", "--yes")).code).toBe(0);
    expect(await orders.memoryOf("invoice")).toBe(1024);
  });

  it("a function that changed between plan and apply: exit 5, and no write left evscope, for any of the plan", async () => {
    const plan = await reading("plan", ...NO_FLOOR, "--function", "ch*", "--out", "plan.json");
    expect(plan.code, plan.stderr).toBe(0);
    await orders.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "charge", Timeout: 11 }));
    const stale = await reading("apply", "plan.json", "--yes", "--format", "json");
    expect(stale.code, stale.stderr).toBe(5);
    expect(jsonOf(stale)).toMatchObject({ state: "refused" });
    const states = jsonOf(stale).changes.map((one: { name: string; state: string }) => `${one.name} ${one.state}`);
    expect(states.sort()).toEqual(["charge refused", "checkout not-tried"]);
    expect([await orders.memoryOf("charge"), await orders.memoryOf("checkout")]).toEqual([1024, 3008]);

    await orders.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "charge", Timeout: 10 }));
    const applied = await orders.cli("apply", "plan.json", "--yes", "--format", "json");
    expect(applied.code, applied.stderr + applied.stdout).toBe(0);
    expect(await orders.memoryOf("charge")).toBeLessThan(1024);
    expect(await orders.memoryOf("checkout")).toBeLessThan(3008);
    expect((await orders.cli("undo", "--last", "--yes")).code).toBe(0);
    expect([await orders.memoryOf("charge"), await orders.memoryOf("checkout")]).toEqual([1024, 3008]);
  });

  /** Runs from `now` on, at these sizes; each order in full, as far as its functions are named. */
  function since(now: number, memoryMib: Partial<Record<Run["fn"], number>>): Run[] {
    const last = orders.runs.filter((run) => run.order.startsWith("order-2-"));
    return last.flatMap((run, i) => {
      const size = memoryMib[run.fn];
      if (size === undefined) return [];
      const ratio = durationMsAt(run.fn, size) / durationMsAt(run.fn, run.memoryMib);
      const durationMs = Math.round(run.durationMs * ratio * 100) / 100;
      const fresh = { requestId: run.requestId.replace(/^..../, "9999"), order: `after-${run.order}`, traceId: null };
      return [{ ...run, ...fresh, memoryMib: size, durationMs, startedAt: now + i }];
    });
  }
});
