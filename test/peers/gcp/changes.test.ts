/** Plans applied to Google Cloud servers: what is written and nothing else, taken back exactly, and what happens when a write goes wrong. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Change, Settings } from "../../../src/model/plan.ts";
import type { Ran } from "../../support/cli.ts";
import type { Fault, Rule } from "../support/gcp/faults.ts";
import { changeOf, planOf } from "../support/gcp/plans.ts";
import type { Obj } from "../support/gcp/protos.ts";
import { type Shop, startShop } from "../support/gcp/shop.ts";

const WRITE = /^run:Services\.UpdateService$/;

describe("changes on Google Cloud", () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await startShop({ pubsub: false, orders: 2 });
    // each look at an unready service is a second; kill.test.ts waits for them
    shop.world.unreadyLooks = 0;
    shop.configure({ gcp: "retryFor: 4s, requestTimeout: 2s" });
  }, 60_000);
  afterEach(async () => {
    const { violations } = shop.gcp;
    await shop.stop();
    expect(violations).toEqual([]);
  });

  const change = (kind: string, name: string, before: Settings, after: Settings): Change => changeOf(shop, kind, name, before, after);
  async function apply(changes: readonly Change[], ...args: string[]): Promise<Ran & { states: string[]; notes: string }> {
    planOf(shop, changes);
    return again(...args);
  }
  async function again(...args: string[]): Promise<Ran & { states: string[]; notes: string }> {
    const ran = await shop.cli("apply", "plan.json", "--yes", "--format", "json", ...args);
    expect(ran.stdout + ran.stderr).not.toMatch(/\n\s+at |TypeError|ya29\./);
    const told = ran.stdout === "" ? [] : JSON.parse(ran.stdout).changes;
    const notes = told.map((one: { note: string | null }) => one.note ?? "").join("\n") + ran.stderr;
    return { ...ran, states: told.map((one: { state: string }) => one.state), notes };
  }
  const breaking = (match: RegExp, fault: Fault, more: Partial<Rule> = {}): void =>
    void shop.gcp.faults.rules.push({ match, fault, ...more });
  const checkout = (): Obj => shop.world.service("checkout");
  const limits = (): Obj => checkout()["template"].containers[0].resources.limits;
  const memory = (name = "checkout", after = 1024): Change => change("run.service", name, { memoryMib: 2048 }, { memoryMib: after });
  /** All that a person may set, by the server's own state. */
  const settable = (service: Obj): Obj => {
    const { template, traffic, labels, annotations, ingress, scaling, client } = structuredClone(service);
    const { limits: own, ...resources } = template.containers[0].resources;
    const mib = { memory: { "2Gi": "2048Mi", "1Gi": "1024Mi" }[own.memory as string] ?? own.memory, cpu: own.cpu };
    template.containers[0].resources = { ...resources, limits: mib };
    return { template, traffic, labels, annotations, ingress, scaling, client };
  };

  const settings: [string, Settings, Settings, (template: Obj) => unknown][] = [
    ["memory", { memoryMib: 2048 }, { memoryMib: 1024 }, (template) => template["containers"][0].resources.limits.memory],
    ["CPU", { vcpu: 1 }, { vcpu: 2 }, (template) => template["containers"][0].resources.limits.cpu],
    ["concurrency", { concurrency: 20 }, { concurrency: 40 }, (template) => template["maxInstanceRequestConcurrency"]],
    ["most instances", { maxInstances: 20 }, { maxInstances: 5 }, (template) => template["scaling"].maxInstanceCount],
  ];
  it.each(settings)("a Run service's %s: that alone, in a new revision, and taken back exactly", async (_, before, after, read) => {
    const was = structuredClone(checkout());
    const ran = await apply([change("run.service", "checkout", before, after)]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    const now = checkout();
    expect(now["latestReadyRevision"]).not.toBe(was["latestReadyRevision"]);
    expect(String(read(now["template"])).replace(/^1Gi$/, "1024Mi")).toBe(String(Object.values(after)[0]) + (_ === "memory" ? "Mi" : ""));
    expect(shop.gcp.seen.map((one) => one.name).filter((name) => name.includes("UpdateService"))).toEqual([
      "run:Services.UpdateService?validateOnly",
      "run:Services.UpdateService",
    ]);
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(settable(checkout())).toEqual(settable(was));
  });

  it("a 2nd gen function: by the Functions API and its mask, and its Run service is refused", async () => {
    const [mailer] = shop.world.functions as [Obj];
    const service = change("run.service", "mailer", { memoryMib: 512 }, { memoryMib: 256 });
    const refused = await apply([service]);
    expect(refused.code, refused.stderr).not.toBe(0);
    expect(refused.notes).toContain("mailer");
    expect(shop.gcp.writes()).toEqual([]);
    const ran = await apply([change("cloudfunctions.v2", "mailer", { memoryMib: 512 }, { memoryMib: 256 })]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    const write = shop.gcp.seen.find((one) => one.name === "functions:UpdateFunction")!;
    expect(write.request["updateMask"]).toEqual(["service_config.available_memory"]);
    expect(mailer["serviceConfig"]).toMatchObject({
      availableMemory: expect.stringMatching(/^256Mi?$/),
      availableCpu: "1",
      maxInstanceCount: 40,
    });
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(mailer["serviceConfig"].availableMemory).toMatch(/^512Mi?$/);
  });

  it("amounts that come back in another spelling are the same", async () => {
    shop.world.canonicalAmounts = true;
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect(limits()["memory"]).toBe("1Gi");
  });

  it("a service of several containers: the one with the port alone, the others stay", async () => {
    const sidecar = {
      name: "collector",
      image: "us-docker.pkg.dev/shop/app/otel@sha256:33",
      resources: { limits: { cpu: "1", memory: "512Mi" } },
    };
    const [own] = checkout()["template"].containers;
    checkout()["template"].containers = [sidecar, { ...own, name: "app" }];
    const ran = await apply([memory()]);
    const [first, second] = checkout()["template"].containers as [Obj, Obj];
    expect(first).toEqual(sidecar);
    // either refused, or changed where the requests come in
    expect([ran.code === 0, second["resources"].limits.memory !== "2Gi"]).toEqual(ran.code === 0 ? [true, true] : [false, false]);
  });

  it("a 1st gen function: memory and time limit, and back", async () => {
    const [audit] = shop.world.functions1 as [Obj];
    const ran = await apply([
      change("cloudfunctions.gen1", "audit-log", { memoryMib: 256, timeoutS: 60 }, { memoryMib: 128, timeoutS: 30 }),
    ]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect(audit).toMatchObject({ availableMemoryMb: 128, timeout: "30s", status: "ACTIVE" });
    expect((await shop.cli("undo", "--last", "--yes")).code).toBe(0);
    expect(audit).toMatchObject({ availableMemoryMb: 256, timeout: "60s", runtime: "nodejs20" });
  });

  it.each([
    ["4 CPU with 1 GiB", { vcpu: 1, memoryMib: 2048 }, { vcpu: 4, memoryMib: 1024 }],
    ["half a CPU for twenty at once", { vcpu: 1, memoryMib: 2048 }, { vcpu: 0.5, memoryMib: 512 }],
    ["more instances at least than at most", { minInstances: 0 }, { minInstances: 30 }],
  ])("%s: refused, and nothing is written", async (_, before, after) => {
    const ran = await apply([change("run.service", "checkout", before, after)]);
    expect(ran.code, ran.stderr + ran.stdout).not.toBe(0);
    expect(ran.states).not.toContain("done");
    expect(shop.gcp.writes()).toEqual([]);
  });

  it("traffic that is pinned to a revision: refused unless told; then moved to the new one, and back", async () => {
    const revision = "checkout-00003-abc";
    checkout()["traffic"] = [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision, percent: 100 }];
    const plain = await apply([memory()]);
    expect(plain.code, plain.stderr + plain.stdout).toBe(5);
    expect(shop.gcp.writes()).toEqual([]);
    const moved = await apply([{ ...memory(), alias: "traffic", aliasVersion: revision }]);
    expect(moved.code, moved.stderr + moved.stdout).toBe(0);
    const target = checkout()["traffic"].find((one: Obj) => one["percent"] === 100);
    expect(target.revision).toBe(checkout()["latestReadyRevision"].split("/").pop());
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(checkout()["traffic"].find((one: Obj) => one["percent"] === 100).revision).toBe(revision);
  });

  it("somebody else wrote since the plan, or just before the write: exit 5, and theirs stays", async () => {
    const stale = await apply([{ ...memory(), revision: '"another"' }]);
    expect(stale.code, stale.stderr).toBe(5);
    expect(shop.gcp.writes()).toEqual([]);
    const theirs = (): void => shop.gcp.run.changeTemplate(checkout()["name"], (template) => (template["timeout"] = "99s"));
    breaking(WRITE, { before: theirs }, { times: 1 });
    const met = await apply([memory()]);
    expect(met.code, met.stderr + met.stdout).toBe(5);
    expect([limits()["memory"], checkout()["template"].timeout]).toEqual(["2Gi", "99s"]);
  });

  it("a write that Google acknowledges and does not do is no success", async () => {
    shop.world.writes["checkout"] = "ignored";
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).not.toBe(0);
    expect(ran.states).toEqual(["failed"]);
    expect(limits()["memory"]).toBe("2Gi");
  });

  it("a revision that never gets ready: the traffic stays, the template is as it was, and both are said", async () => {
    shop.world.writes["checkout"] = "never-ready";
    shop.world.onSettled = () => (shop.world.writes["checkout"] = undefined);
    const was = structuredClone(checkout());
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).not.toBe(0);
    expect(ran.states).toEqual(["failed"]);
    expect(ran.notes).toMatch(/not ready|failed to start/);
    expect(settable(checkout())).toEqual(settable(was));
  });

  it("somebody writes after the change, before it is read back: said, and theirs stays", async () => {
    shop.world.onSettled = () => {
      shop.world.onSettled = null;
      shop.gcp.run.changeTemplate(checkout()["name"], (template) => (template["containers"][0].resources.limits.memory = "4Gi"));
    };
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(5);
    expect(limits()["memory"]).toBe("4Gi");
  });

  it.each([
    ["RESOURCE_EXHAUSTED", 2],
    ["reset-after", 1],
  ] as const)("%s, %i times: done, and changed once", async (fault, times) => {
    breaking(WRITE, fault, { times });
    const generation = Number(checkout()["generation"]);
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect(ran.states).toEqual(["done"]);
    expect(Number(checkout()["generation"])).toBe(generation + 1);
  });

  it.each([
    ["INTERNAL", 4],
    ["hang", 4],
    ["reset", 4],
    ["PERMISSION_DENIED", 3],
    ["UNAVAILABLE", 4],
  ] as const)("%s of the write: what is there is told (exit %i), and the same command does it", async (fault, code) => {
    breaking(WRITE, fault, { times: 1 });
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(code);
    expect(ran.states).toEqual(["failed"]);
    expect(limits()["memory"]).toBe("2Gi");
    const later = await again();
    expect(later.code, later.stderr + later.stdout).toBe(0);
    expect(limits()["memory"]).toMatch(/^(1Gi|1024Mi)$/);
  });

  it("what Terraform made is refused unless told", async () => {
    checkout()["labels"] = { "goog-terraform-provisioned": "true" };
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(5);
    expect(ran.notes).toMatch(/terraform/i);
    expect(shop.gcp.writes()).toEqual([]);
    const told = await apply([memory()], "--allow-drift");
    expect(told.code, told.stderr + told.stdout).toBe(0);
    expect(limits()["memory"]).toMatch(/^(1Gi|1024Mi)$/);
  });

  it("without the permission to write: exit 3, with its name", async () => {
    shop.world.denied.add("run.services.update");
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(3);
    expect(ran.notes).toContain("run.services.update");
  });
});
