/** The main job on Google Cloud: collect, trace, cost, rightsize, apply, verify, undo, doctor; what happened is read by Google's own clients. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKOUT, REGION } from "../support/gcp/orders.ts";
import { hasPubsub } from "../support/gcp/pubsub.ts";
import { type Shop, startShop } from "../support/gcp/shop.ts";
import { vendorClients } from "../support/gcp/vendor.ts";

const NO_FLOOR = ["--min-saving", "0", "--function", "checkout"];

describe.skipIf(!hasPubsub())("an order system on Google Cloud", () => {
  let shop: Shop;
  let clients: ReturnType<typeof vendorClients>;
  const path = (name: string): string => `projects/${shop.world.project}/locations/${REGION}/services/${name}`;
  const live = async (name: string): Promise<any> => (await clients.services.getService({ name: path(name) }))[0];
  const memoryOf = async (name: string): Promise<string> => (await live(name)).template.containers[0].resources.limits.memory;

  beforeAll(async () => {
    shop = await startShop({ pubsub: true });
    clients = vendorClients(shop.gcp);
  }, 180_000);
  afterAll(async () => {
    expect(shop?.gcp.violations).toEqual([]);
    await clients?.close();
    await shop?.stop();
  });

  it("collects configuration and telemetry, once, and writes nothing", async () => {
    const first = await shop.json("collect");
    expect(first.exitCode, JSON.stringify(first.gaps)).toBe(0);
    const info = await shop.json("dataset", "info");
    const requests = shop.world.entries.filter((one) => one["httpRequest"]).length;
    const gen1 = shop.world.entries.filter((one) => one["textPayload"]?.startsWith("Function execution took")).length;
    expect(info.dataset.rows.invocation).toBe(requests + gen1);
    expect(info.dataset.functions).toBe(3);
    await shop.cli("collect");
    expect((await shop.json("dataset", "info")).dataset.rows.invocation).toBe(requests + gen1);
    expect(shop.gcp.writes()).toEqual([]);
  });

  it.each(["--offline", "--live"])("rebuilds the chain of an order over push and event, %s", async (how) => {
    const order = shop.world.clear[5]!;
    const { chain, exitCode, stderr } = await shop.json("trace", order, how);
    expect(exitCode, stderr).toBe(0);
    const name = new Map<string, string>(chain.hops.map((hop: { id: string; name: string }) => [hop.id, hop.name]));
    expect([...name.values()].sort()).toEqual(["audit-log", "checkout", "mailer"]);
    const edges = chain.edges.map((edge: { from: string; to: string }) => `${name.get(edge.from)}>${name.get(edge.to)}`);
    expect(edges.sort()).toEqual(["checkout>mailer", "mailer>audit-log"]);
  });

  it("finds the whole chain live, with nothing in the dataset, by each of its IDs", async () => {
    const order = shop.world.clear[7]!;
    const run = shop.world.checkouts.find((one) => one.orderId === order)!;
    for (const id of [order, run.messageId, run.traceId, `projects/${shop.world.project}/traces/${run.traceId}`]) {
      const env = { EVSCOPE_DATA: join(shop.home, `fresh-${id.replaceAll("/", "-")}`) };
      const ran = await shop.cliWith(env, "trace", id, "--live", "--format", "json");
      expect(ran.code, ran.stderr).toBe(0);
      const names = JSON.parse(ran.stdout).chain.hops.map((hop: { name: string }) => hop.name);
      expect([id, names.sort()]).toEqual([id, ["audit-log", "checkout", "mailer"]]);
    }
  });

  it("knows what it cost, as the simulator's own arithmetic says", async () => {
    const { rows } = await shop.json("cost", "--offline");
    const usd = (name: string): number => rows.find((row: { function: string }) => row.function === name).usd;
    const { chains, noise } = shop.world.truth;
    const truth = (name: string): number => {
      const runs = new Map(
        [...chains.flatMap((one) => one.hops), ...noise].filter((one) => one.function === name).map((one) => [one.id, one.usd]),
      );
      return [...runs.values()].reduce((sum, one) => sum + one, 0);
    };
    expect(usd("mailer") / truth("mailer")).toBeCloseTo(1, 2);
    expect(usd("audit-log") / truth("audit-log")).toBeCloseTo(1, 2);
  });

  it("advises, applies, verifies and takes back", async () => {
    const before = await live("checkout");
    const advised = await shop.json("rightsize", "--offline", ...NO_FLOOR);
    const [checkout] = advised.functions;
    expect(checkout).toMatchObject({ function: "checkout", currentMib: CHECKOUT.memoryMib });
    // at most 15 % of 2 GiB were in use, the top of the metric's bucket: 308 MiB; with head-room no more than twice that
    expect(checkout.proposedMib).toBeGreaterThanOrEqual(308);
    expect(checkout.proposedMib).toBeLessThanOrEqual(1024);

    const dry = await shop.cli("rightsize", "--offline", ...NO_FLOOR, "--apply", "--dry-run");
    expect(dry.code, dry.stderr).toBe(0);
    expect(shop.gcp.writes()).toEqual([]);

    const applied = await shop.cli("rightsize", "--offline", ...NO_FLOOR, "--apply", "--yes");
    expect(applied.code, applied.stderr + applied.stdout).toBe(0);
    const after = await live("checkout");
    expect(after.template.containers[0].resources.limits.memory).toBe(`${checkout.proposedMib}Mi`);
    expect(after.latestReadyRevision).not.toBe(before.latestReadyRevision);
    const rest = ({ template, ...service }: any): object => ({
      ...service.labels,
      traffic: service.traffic,
      client: service.client,
      env: template.containers[0].env,
      scaling: template.scaling,
    });
    expect(rest(after)).toEqual(rest(before));
    expect(after.template.containers[0].resources.cpuIdle).toBe(true);
    expect(await memoryOf("mailer")).toBe("512Mi");

    const from = Date.now();
    shop.world.moreCheckouts(from, 40);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const verified = await shop.json("verify", "--live");
    expect(verified.exitCode, verified.stderr).toBe(0);
    expect(verified.changes[0]).toMatchObject({ name: "checkout", verdict: "ok" });

    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr).toBe(0);
    expect(await memoryOf("checkout")).toMatch(/^(2Gi|2048Mi)$/);
    const { runs } = await shop.json("journal");
    expect(runs.map((one: { undoes: string | null }) => one.undoes !== null)).toEqual([true, false]);
  });

  it("doctor finds everything in order, and prints a role with no more than is needed", async () => {
    const ran = await shop.cli("doctor");
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect(ran.stdout).toMatch(/\d+ permissions granted, 0 denied, 0 not known/);
    const policy = await shop.cli("doctor", "--policy", "--cloud", "gcp", "--feature", "trace");
    expect(policy.code, policy.stderr).toBe(0);
    const role = JSON.parse(policy.stdout);
    expect(role.includedPermissions).toContain("logging.logEntries.list");
    // reading needs no permission to write
    expect(role.includedPermissions.filter((one: string) => /\.(update|create|delete|set\w+)$/.test(one))).toEqual([]);
  });
});
