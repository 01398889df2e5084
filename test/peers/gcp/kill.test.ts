/** The built CLI, killed with SIGKILL while it changes Google Cloud, and started again: the change is made once, and can be taken back. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "../support/gcp/faults.ts";
import { changeOf, planOf } from "../support/gcp/plans.ts";
import type { Obj } from "../support/gcp/protos.ts";
import { type Shop, startShop } from "../support/gcp/shop.ts";

const BIN = fileURLToPath(new URL("../../../bin/run.js", import.meta.url));
const REVISION = "checkout-00003-abc";

describe("apply on Google Cloud, killed", () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await startShop({ pubsub: false, orders: 2 });
  }, 60_000);
  afterEach(async () => {
    const { violations } = shop.gcp;
    await shop.stop();
    expect(violations).toEqual([]);
  });

  const checkout = (): Obj => shop.world.service("checkout");
  const memory = (): string => checkout()["template"].containers[0].resources.limits.memory;
  const revisions = (): number => shop.world.revisions.filter((one) => one["service"] === "checkout").length;

  /** Runs `apply` until the `nth` call of this name, which is the last thing that it does. */
  async function killedAt(match: RegExp, nth: number, when: "before" | "after"): Promise<void> {
    let child: ChildProcess | null = null;
    const kill = (): void => void child!.kill("SIGKILL");
    const fault: Fault = when === "before" ? { before: () => (kill(), new Promise(() => {})) } : { edit: kill };
    shop.gcp.faults.rules.push({ match, fault, times: 1, after: nth - 1 });
    const signal = await new Promise<string | null>((resolve) => {
      const env = { ...process.env, ...shop.env, CI: "true" };
      child = spawn(process.execPath, [BIN, "apply", "plan.json", "--yes"], { cwd: shop.home, env, timeout: 60_000, stdio: "ignore" });
      child.on("close", (_, by) => resolve(by));
    });
    expect(signal).toBe("SIGKILL");
    shop.gcp.faults.clear();
  }

  it.each([
    [/UpdateService\?validateOnly$/, 1, "before"],
    [/UpdateService$/, 1, "before"],
    [/UpdateService$/, 1, "after"],
    [/Services\.GetService$/, 3, "after"],
  ] as const)("at %s, call %i, %s it is carried out", async (match, nth, when) => {
    planOf(shop, [changeOf(shop, "run.service", "checkout", { memoryMib: 2048 }, { memoryMib: 1024 })]);
    const before = revisions();
    await killedAt(match, nth, when);
    const again = await shop.cli("apply", "plan.json", "--yes", "--format", "json");
    expect(again.code, again.stderr + again.stdout).toBe(0);
    expect(memory()).toMatch(/^(1Gi|1024Mi)$/);
    expect(revisions()).toBe(before + 1);
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr + undone.stdout).toBe(0);
    expect(memory()).toMatch(/^(2Gi|2048Mi)$/);
  });

  it.each([1, 2] as const)("with pinned traffic, after write %i: the traffic is on the new revision, and comes back", async (nth) => {
    checkout()["traffic"] = [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: REVISION, percent: 100 }];
    const change = changeOf(shop, "run.service", "checkout", { memoryMib: 2048 }, { memoryMib: 1024 });
    planOf(shop, [{ ...change, alias: "traffic", aliasVersion: REVISION }]);
    await killedAt(/UpdateService$/, nth, "after");
    const again = await shop.cli("apply", "plan.json", "--yes", "--format", "json");
    expect(again.code, again.stderr + again.stdout).toBe(0);
    const serving = (): string => checkout()["traffic"].find((one: Obj) => one["percent"] === 100).revision;
    expect(serving()).toBe(checkout()["latestReadyRevision"].split("/").pop());
    expect(memory()).toMatch(/^(1Gi|1024Mi)$/);
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr + undone.stdout).toBe(0);
    expect([serving(), memory().replace("2048Mi", "2Gi")]).toEqual([REVISION, "2Gi"]);
  });

  it("a function of the 2nd generation, while its image is built", async () => {
    planOf(shop, [changeOf(shop, "cloudfunctions.v2", "mailer", { memoryMib: 512 }, { memoryMib: 256 })]);
    await killedAt(/functions:UpdateFunction$/, 1, "after");
    const again = await shop.cli("apply", "plan.json", "--yes", "--format", "json");
    expect(again.code, again.stderr + again.stdout).toBe(0);
    expect(shop.world.functions[0]!["serviceConfig"].availableMemory).toMatch(/^256Mi?$/);
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr + undone.stdout).toBe(0);
    expect(shop.world.functions[0]!["serviceConfig"].availableMemory).toMatch(/^512Mi?$/);
  });
});
