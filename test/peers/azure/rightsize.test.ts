/** Advice, change, verification and undo of a Flex app by the built CLI; what happened is read from the server. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schemaErrors } from "../../support/json-schema.ts";
import { type AzureOrders, startAzureOrders } from "../support/azure/azure-orders.ts";
import { componentOf, WORKSPACE_GUID } from "../support/azure/orders.ts";
import { UNJUDGED, UNJUDGED_OF_CHANGES } from "../support/azure/unjudged.ts";
import type { Resource } from "../support/azure/world.ts";
import { touch } from "../support/azure/world.ts";

const APP = "quote-fn";
/** The last one is what it runs with; its work waits only, so that every size is as fast. */
const SIZES_MIB = [512, 2048, 4096] as const;
const RUNS_PER_SIZE = 40;
/** Longer than a run: no two share an instance. */
const APART_MS = 30;
const ASKED = ["rightsize", "--offline", "--min-saving", "0", "--max-slowdown", "30%", "--function", APP];

describe("right-sizing a Flex Consumption app", () => {
  let orders: AzureOrders;

  const memory = (): number => orders.site(APP).properties["functionAppConfig"].scaleAndConcurrency.instanceMemoryMB;
  /** All of it but when it was last written. */
  const whole = (): Resource => {
    const { etag: _e, ...site } = structuredClone(orders.site(APP));
    delete site.properties["lastModifiedTimeUtc"];
    return site;
  };

  /** Runs from now on, one after the other, as long at each size; waits until they are over. */
  async function run(count: number): Promise<void> {
    const rows = orders.world.rows.get(WORKSPACE_GUID)!;
    const template = rows["AppRequests"]!.find((row) => row["Name"] === "shipping-quote")!;
    const begun = Date.now();
    for (let i = 0; i < count; i++) {
      const id = crypto.randomUUID();
      const durationMs = 18 + (i % 7);
      rows["AppRequests"]!.push({
        ...template,
        TimeGenerated: new Date(begun + i * APART_MS).toISOString(),
        Id: id.replaceAll("-", "").slice(0, 16),
        OperationId: id.replaceAll("-", ""),
        ParentId: id.replaceAll("-", ""),
        DurationMs: durationMs,
        Properties: { ...(template["Properties"] as object), InvocationId: id, FunctionExecutionTimeMs: String(durationMs) },
        _ResourceId: componentOf(orders.world, APP).toLowerCase(),
      });
    }
    await new Promise((resolve) => setTimeout(resolve, count * APART_MS + 50));
  }
  const collect = async (): Promise<void> => {
    const ran = await orders.cli("collect");
    expect([0, 4], ran.stderr).toContain(ran.code);
  };

  /** The last look is at what it runs with now. */
  async function lookAgain(): Promise<void> {
    touch(orders.site(APP), Date.now());
    await collect();
  }

  beforeAll(async () => {
    orders = await startAzureOrders({ orders: 2 });
    orders.world.metrics.set(orders.site(APP).id.toLowerCase(), {
      AverageMemoryWorkingSet: {
        unit: "Bytes",
        points: Array.from({ length: 120 }, (_, i) => ({ at: Date.now() - i * 60_000, value: 150 * 1024 * 1024 })),
      },
      InstanceCount: { unit: "Count", points: Array.from({ length: 120 }, (_, i) => ({ at: Date.now() - i * 60_000, value: 1 })) },
    });
    // each size is seen before and after its runs: between two looks that differ nobody knows when it changed
    for (const mib of SIZES_MIB) {
      const site = orders.site(APP);
      site.properties["functionAppConfig"].scaleAndConcurrency.instanceMemoryMB = mib;
      touch(site, Date.now());
      await collect();
      await run(RUNS_PER_SIZE);
      // deployed anew: a description that says the same again is not kept
      touch(site, Date.now());
      await collect();
    }
  }, 240_000);
  afterAll(() => orders?.stop());

  it("proposes a smaller size, since the work only waits", async () => {
    const { functions } = await orders.json(...ASKED);
    expect(functions).toHaveLength(1);
    expect(functions[0]).toMatchObject({ function: APP, kind: "azure.function-app", currentMib: 4096 });
    expect([512, 2048]).toContain(functions[0].proposedMib);
  });

  it("a dry run changes nothing", async () => {
    const before = whole();
    const ran = await orders.watched(...ASKED, "--apply", "--dry-run");
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.writes).toEqual([]);
    expect(whole()).toEqual(before);
  });

  it("applies, with nothing else of the app changed, verifies, and takes back", async () => {
    const before = whole();
    const applied = await orders.json(...ASKED, "--apply", "--yes");
    expect(applied.exitCode, applied.stderr).toBe(0);
    expect(schemaErrors("rightsize", withoutOwn(applied))).toEqual([]);
    const proposed = applied.functions[0].proposedMib as number;
    expect(memory()).toBe(proposed);
    expect(applied.stderr).toContain("restarts");
    const expected = structuredClone(before);
    expected.properties["functionAppConfig"].scaleAndConcurrency.instanceMemoryMB = proposed;
    expect(whole()).toEqual(expected);

    await run(RUNS_PER_SIZE);
    const verified = await orders.json("verify");
    expect(verified.changes[0]).toMatchObject({ name: APP, verdict: "ok" });

    const undone = await orders.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(whole()).toEqual(before);
    const { runs } = await orders.json("journal");
    expect(runs.map((one: { undoes: string | null }) => one.undoes !== null)).toEqual([true, false]);
  });

  it("what somebody changed since the plan is refused", async () => {
    await lookAgain();
    const planned = await orders.cli("plan", "--min-saving", "0", "--max-slowdown", "30%", "--function", APP, "--out", "plan.json");
    expect([0, 4], planned.stderr).toContain(planned.code);
    orders.site(APP).tags = { ...orders.site(APP).tags, owner: "somebody else" };
    touch(orders.site(APP), Date.now());
    const ran = await orders.watched("apply", "plan.json", "--yes");
    expect(ran.code, ran.stderr).toBe(5);
    expect(ran.stdout + ran.stderr).toContain("changed since");
    expect(ran.writes).toEqual([]);
    expect(memory()).toBe(4096);
  });

  it.each([
    ["ignored", /did not make it|not made/],
    ["fails", /fail/i],
  ] as const)("a write that is %s is said, and ends with a code", async (writes, why) => {
    await lookAgain();
    orders.world.writes = writes;
    const ran = await orders.cli(...ASKED, "--apply", "--yes");
    orders.world.writes = "applied";
    expect([4, 5], ran.stdout).toContain(ran.code);
    expect(ran.stdout + ran.stderr).toMatch(why);
    expect(memory()).toBe(4096);
  });

  it("a write beside that of somebody else takes effect, and says so", async () => {
    await lookAgain();
    orders.world.writes = "disturbed";
    const ran = await orders.cli(...ASKED, "--apply", "--yes");
    orders.world.writes = "applied";
    expect(ran.stdout + ran.stderr).toMatch(/tags changed while memoryMib was written: somebody else writes to it/);
    expect(memory()).toBe(512);
    const undone = await orders.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stdout + undone.stderr).toBe(0);
    expect(memory()).toBe(4096);
    // what the other one wrote stays
    expect(orders.site(APP).tags).toHaveProperty("someone-else");
  });

  it("an app that a lock protects is not written", async () => {
    await lookAgain();
    const site = orders.site(APP);
    const id = `${site.id}/providers/Microsoft.Authorization/locks/keep`;
    orders.world.resources.set(id.toLowerCase(), {
      id,
      name: "keep",
      type: "Microsoft.Authorization/locks",
      properties: { level: "ReadOnly" },
    });
    const ran = await orders.cli(...ASKED, "--apply", "--yes");
    orders.world.resources.delete(id.toLowerCase());
    expect([3, 4, 5], ran.stdout).toContain(ran.code);
    expect(ran.stdout + ran.stderr).toMatch(/lock/i);
    expect(memory()).toBe(4096);
  });

  it("what Terraform owns is refused unless told", async () => {
    const site = orders.site(APP);
    site.tags = { ...site.tags, "managed-by": "terraform" };
    touch(site, Date.now());
    const ran = await orders.watched(...ASKED, "--apply", "--yes");
    expect(ran.code, ran.stderr).toBe(5);
    expect(ran.stdout).toMatch(/terraform/i);
    expect(ran.writes).toEqual([]);
  });

  it("no secret is anywhere, and the specification objected to nothing", () => {
    expect(orders.leaks()).toEqual([]);
    expect(orders.azure.violations).toEqual([]);
    if (orders.azure.judged)
      expect([...orders.azure.unjudged].filter((one) => !UNJUDGED.includes(one)).sort()).toEqual(UNJUDGED_OF_CHANGES);
  });
});

/** Without what the test added to the document. */
function withoutOwn({ exitCode: _c, stderr: _s, ...document }: Record<string, unknown>): object {
  return document;
}
