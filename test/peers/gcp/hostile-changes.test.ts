/** Changes of Google Cloud resources that hold more than a memory size, and writes that go wrong half way. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Change, Settings } from "../../../src/model/plan.ts";
import type { Ran } from "../../support/cli.ts";
import type { Fault, Rule } from "../support/gcp/faults.ts";
import { changeOf, planOf } from "../support/gcp/plans.ts";
import type { Obj } from "../support/gcp/protos.ts";
import { type Shop, startShop } from "../support/gcp/shop.ts";

const WRITE = /^run:Services\.UpdateService$/;
const REVISION = "checkout-00003-abc";

describe("hostile changes on Google Cloud", () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await startShop({ pubsub: false, orders: 2 });
    shop.world.unreadyLooks = 0;
    shop.configure({ gcp: "retryFor: 3s, requestTimeout: 2s" });
  }, 60_000);
  afterEach(async () => {
    const { violations } = shop.gcp;
    await shop.stop();
    expect(violations).toEqual([]);
  });

  const checkout = (): Obj => shop.world.service("checkout");
  const container = (): Obj => checkout()["template"].containers[0];
  const change = (before: Settings, after: Settings, more: Partial<Change> = {}): Change => ({
    ...changeOf(shop, "run.service", "checkout", before, after),
    ...more,
  });
  const memory = (more: Partial<Change> = {}): Change => change({ memoryMib: 2048 }, { memoryMib: 1024 }, more);
  async function apply(changes: readonly Change[], ...args: string[]): Promise<Ran & { states: string[]; notes: string }> {
    planOf(shop, changes);
    const ran = await shop.cli("apply", "plan.json", "--yes", "--format", "json", ...args);
    expect(ran.stdout + ran.stderr).not.toMatch(/\n\s+at |TypeError|ya29\./);
    const told = ran.stdout === "" ? [] : JSON.parse(ran.stdout).changes;
    const notes = told.map((one: { note: string | null }) => one.note ?? "").join("\n") + ran.stderr;
    return { ...ran, states: told.map((one: { state: string }) => one.state), notes };
  }
  const breaking = (match: RegExp, fault: Fault, more: Partial<Rule> = {}): void =>
    void shop.gcp.faults.rules.push({ match, fault, ...more });
  const writes = (): string[] => shop.gcp.writes().filter((name) => !name.includes("validateOnly"));

  it("a service with everything: what the plan does not name is the same byte for byte, after the change and after its undo", async () => {
    const service = checkout();
    Object.assign(container(), {
      name: "app",
      command: ["/bin/app"],
      args: ["--fast", ""],
      env: [
        { name: "EMPTY", value: "" },
        { name: "KEY", valueSource: { secretKeyRef: { secret: "orders-key", version: "latest" } } },
      ],
      volumeMounts: [
        { name: "keys", mountPath: "/keys" },
        { name: "scratch", mountPath: "/tmp", subPath: "app" },
      ],
      workingDir: "/srv",
      startupProbe: { initialDelaySeconds: 1, timeoutSeconds: 240, periodSeconds: 240, failureThreshold: 1, tcpSocket: { port: 8080 } },
      livenessProbe: { httpGet: { path: "/alive", httpHeaders: [{ name: "X-Probe", value: "1" }] }, periodSeconds: 30 },
      dependsOn: [],
    });
    Object.assign(service["template"], {
      labels: { team: "orders" },
      annotations: { "example.com/owner": "Zoë" },
      serviceAccount: "orders@shop-mail-418.iam.gserviceaccount.com",
      vpcAccess: { egress: "PRIVATE_RANGES_ONLY", networkInterfaces: [{ network: "default", subnetwork: "default", tags: ["db"] }] },
      volumes: [
        { name: "keys", secret: { secret: "orders-key", items: [{ path: "key", version: "3", mode: 256 }], defaultMode: 292 } },
        { name: "scratch", emptyDir: { medium: "MEMORY", sizeLimit: "64Mi" } },
      ],
      executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
      encryptionKey: "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k",
      sessionAffinity: true,
    });
    Object.assign(service, {
      labels: { stage: "prod" },
      annotations: { "example.com/ticket": "OPS-1" },
      description: "orders",
      ingress: "INGRESS_TRAFFIC_INTERNAL_ONLY",
      scaling: { minInstanceCount: 1 },
      binaryAuthorization: { useDefault: true },
      customAudiences: ["https://orders.example"],
    });
    const was = structuredClone(service);
    const ran = await apply([change({ memoryMib: 2048, vcpu: 1, minInstances: 1 }, { memoryMib: 4096, vcpu: 2, minInstances: 2 })]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    const meant = structuredClone(was);
    meant["template"].containers[0].resources.limits = { memory: "4096Mi", cpu: "2" };
    meant["scaling"].minInstanceCount = 2;
    const SET = "template labels annotations description ingress scaling binaryAuthorization customAudiences traffic".split(" ");
    const set = (one: Obj): Obj => Object.fromEntries(SET.map((field) => [field, one[field]]));
    // a list that is empty is none on the wire
    delete meant["template"].containers[0].dependsOn;
    expect(set(checkout())).toEqual(set(meant));
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    meant["template"].containers[0].resources.limits = { memory: "2048Mi", cpu: "1" };
    meant["scaling"].minInstanceCount = 1;
    expect(set(checkout())).toEqual(set(meant));
  });

  it("a field of a container that is newer than the SDK: refused where the list of containers would be written, not elsewhere", async () => {
    shop.gcp.protos.run.addField("google.cloud.run.v2.Container", "futureProbe", 4242, "string");
    container()["futureProbe"] = "every 5s";
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).not.toBe(0);
    expect(ran.notes).toMatch(/template\.containers\.4242/);
    expect(shop.gcp.writes()).toEqual([]);
    const other = await apply([change({ concurrency: 20 }, { concurrency: 40 })]);
    expect(other.code, other.stderr + other.stdout).toBe(0);
    expect([checkout()["template"].maxInstanceRequestConcurrency, container()["futureProbe"]]).toEqual([40, "every 5s"]);
  });

  it("tags of revisions: all stay where they are when the traffic is moved, and come back", async () => {
    const type = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";
    checkout()["traffic"] = [
      { type, revision: REVISION, percent: 100 },
      { type, revision: REVISION, tag: "stable" },
      { type, revision: REVISION, tag: "blue" },
      { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", tag: "next" },
    ];
    const traffic = (): Obj[] => checkout()["traffic"];
    const tags = (): string[] =>
      traffic()
        .flatMap(({ tag, revision }) => (tag ? [`${tag}=${revision ?? "latest"}`] : []))
        .sort();
    const [was, share] = [tags(), (): Obj[] => traffic().filter((one) => one["percent"])];
    const ran = await apply([memory({ alias: "traffic", aliasVersion: REVISION })]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect([share().length, share()[0]!["percent"]]).toEqual([1, 100]);
    expect(tags()).toEqual(was);
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(tags()).toEqual(was);
    expect(share().map((one) => [one["revision"], one["percent"]])).toEqual([[REVISION, 100]]);
  });

  it("a revision that is not ready, and a server that does not take it back: said as it is", async () => {
    shop.world.writes["checkout"] = "never-ready";
    shop.world.onSettled = () => (shop.world.writes["checkout"] = "ignored");
    const ran = await apply([memory()]);
    expect(ran.notes).toMatch(/could not be set back: memoryMib/);
    expect(container()["resources"].limits.memory).toBe("1024Mi");
  });

  it.each([
    ["an error at its end", { edit: (answer: Obj) => ({ name: answer["name"], done: true, error: { code: 13, message: "internal" } }) }],
    ["no answer about it ever", "UNAVAILABLE"],
    ["that nobody knows any more", "NOT_FOUND"],
  ] as [string, Fault][])("an operation with %s: the journal says what is there", async (_, fault) => {
    breaking(/^operations:GetOperation$/, fault);
    const ran = await apply([memory()]);
    const now = container()["resources"].limits.memory;
    const done = ran.states[0] === "done";
    expect([ran.states, now], ran.notes).toEqual([
      done ? ["done"] : ["failed"],
      done ? expect.stringMatching(/^(1Gi|1024Mi)$/) : expect.stringMatching(/^(2Gi|2048Mi)$/),
    ]);
    shop.gcp.faults.clear();
    const undone = await shop.cli("undo", "--last", "--yes", "--format", "json");
    expect(undone.code, undone.stderr + undone.stdout).toBe(0);
    expect(container()["resources"].limits.memory).toMatch(/^(2Gi|2048Mi)$/);
  });

  it("UNAVAILABLE that speaks like a network that never sent: not written twice", async () => {
    breaking(WRITE, { says: ["UNAVAILABLE", "upstream connect error: ECONNREFUSED, certificate"] });
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(4);
    expect(writes()).toHaveLength(1);
  });

  it("UNAVAILABLE and DEADLINE_EXCEEDED of the write, for ever: sent once", async () => {
    for (const fault of ["UNAVAILABLE", "DEADLINE_EXCEEDED"] as const) {
      shop.gcp.faults.clear();
      shop.gcp.seen.length = 0;
      breaking(WRITE, fault);
      const ran = await apply([memory()]);
      expect(ran.states, ran.notes).toEqual(["failed"]);
      expect(writes()).toHaveLength(1);
    }
  });

  it("a service that is deleted between the check and the write", async () => {
    const remove = (): void => void shop.world.services.splice(shop.world.services.indexOf(checkout()), 1);
    breaking(WRITE, { before: remove }, { times: 1 });
    const ran = await apply([memory()]);
    expect(ran.code, ran.stderr + ran.stdout).not.toBe(0);
    expect(ran.states).toEqual(["failed"]);
    expect(ran.notes).toMatch(/NOT_FOUND|does not exist/);
    expect(writes()).toHaveLength(1);
  });

  it("two changes of one service in one plan", async () => {
    const ran = await apply([memory({ id: "a" }), change({ concurrency: 20 }, { concurrency: 40 }, { id: "b" })]);
    expect(ran.code, ran.notes).toBe(2);
    expect(shop.gcp.writes()).toEqual([]);
  });

  it("least instances to none: null, since answers leave 0 out; and back", async () => {
    checkout()["template"].scaling.minInstanceCount = 2;
    const zero = await apply([change({ minInstances: 2 }, { minInstances: 0 })]);
    expect(zero.code, zero.stderr + zero.stdout).not.toBe(0);
    expect(shop.gcp.writes()).toEqual([]);
    const ran = await apply([change({ minInstances: 2 }, { minInstances: null })]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect(checkout()["template"].scaling.minInstanceCount).toBeUndefined();
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr + undone.stdout).toBe(0);
    expect(checkout()["template"].scaling.minInstanceCount).toBe(2);
  });

  it("undo after somebody else's change: refused, and theirs stays; told to, it takes back only its own", async () => {
    expect((await apply([memory()])).code).toBe(0);
    shop.gcp.run.changeTemplate(checkout()["name"], (template) => {
      template["containers"][0].resources.limits.memory = "4Gi";
      template["timeout"] = "99s";
    });
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr + undone.stdout).toBe(5);
    expect(container()["resources"].limits.memory).toBe("4Gi");
    const forced = await shop.cli("undo", "--last", "--yes", "--force");
    expect(forced.code, forced.stderr + forced.stdout).toBe(0);
    expect([checkout()["template"].timeout, container()["resources"].limits.memory]).toEqual(["99s", "2048Mi"]);
  });

  it("traffic that is split: refused, nothing is written", async () => {
    const type = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";
    checkout()["traffic"] = [
      { type, revision: REVISION, percent: 90 },
      { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 10 },
    ];
    const ran = await apply([memory({ alias: "traffic", aliasVersion: REVISION })]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(5);
    expect(ran.notes).toMatch(/split/);
    expect(shop.gcp.writes()).toEqual([]);
  });

  it("2nd gen function with decimal memory: changed and set back as it was", async () => {
    const [mailer] = shop.world.functions as [Obj];
    mailer["serviceConfig"].availableMemory = "256M";
    const ran = await apply([changeOf(shop, "cloudfunctions.v2", "mailer", { memoryMib: 256e6 / 2 ** 20 }, { memoryMib: 512 })]);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr + undone.stdout).toBe(0);
    expect(mailer["serviceConfig"].availableMemory).toBe("256M");
  });
});
