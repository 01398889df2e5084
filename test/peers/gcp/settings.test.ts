/** Filters and retention applied to Google Cloud servers, among them Google's own Pub/Sub emulator: gated, written, read by another client, taken back. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Change, Settings } from "../../../src/model/plan.ts";
import type { Obj } from "../support/gcp/protos.ts";
import { planOf } from "../support/gcp/plans.ts";
import { hasPubsub } from "../support/gcp/pubsub.ts";
import { type Shop, startShop } from "../support/gcp/shop.ts";

describe.skipIf(!hasPubsub())("filters and retention on Google Cloud", () => {
  let shop: Shop;
  const FILTER = 'attributes.kind = "order"';
  const type = { attribute: "type", value: "google.cloud.audit.log.v1.written" };
  const service = { attribute: "serviceName", value: "bigquery.googleapis.com" };
  const TRIGGER = "locations/us-central1/triggers/audit";
  const FIELD = "databases/(default)/collectionGroups/sessions/fields/expiresAt";
  const BUCKET = "locations/global/buckets/_Default";
  let push = "";

  beforeAll(async () => {
    shop = await startShop({ pubsub: true, orders: 2 });
    shop.configure({ gcp: "retryFor: 4s, requestTimeout: 5s" });
    const pushed = shop.world.subscriptions.find((one) => one["pushConfig"]?.pushEndpoint)!;
    push = pushed["name"].split("/").at(-1);
    shop.world.triggers.push({
      name: `projects/${shop.world.project}/${TRIGGER}`,
      eventFilters: [type],
      destination: { cloudRun: { service: "audit", region: "us-central1" } },
    });
    Object.assign(shop.world.logBuckets[0]!, { retentionDays: 90 });
    // Monitoring, as a minute later: all is acknowledged
    const points = (): Obj => ({
      timeSeries: [
        {
          metric: { type: "pubsub.googleapis.com/subscription/oldest_unacked_message_age" },
          resource: { type: "pubsub_subscription", labels: { subscription_id: push } },
          metricKind: "GAUGE",
          valueType: "INT64",
          points: [{ interval: { endTime: new Date(Date.now() + 60_000).toISOString() }, value: { int64Value: "0" } }],
        },
      ],
    });
    shop.gcp.faults.rules.push({ match: /monitoring:ListTimeSeries/, fault: { edit: points } });
  }, 90_000);
  afterAll(async () => {
    const { violations } = shop.gcp;
    await shop.stop();
    expect(violations).toEqual([]);
  });

  /** Subscriptions as the emulator's REST says, not through our client. */
  const subscriptions = async (): Promise<{ [name: string]: Obj }> => {
    const answer = (await (await fetch(`${shop.pubsub!.url}/v1/projects/${shop.world.project}/subscriptions`)).json()) as Obj;
    return Object.fromEntries(answer["subscriptions"].map((one: Obj) => [one["name"].split("/").at(-1), one]));
  };
  const trigger = (): Obj => shop.world.triggers.at(-1)!;
  const field = (): Obj | undefined => shop.world.ttlFields.find((one) => one["name"].endsWith(FIELD));
  const change = (kind: string, path: string, before: Settings, after: Settings): Change => ({
    id: `${kind} ${path}`,
    cloud: "gcp",
    account: shop.world.project,
    region: "us-central1",
    kind,
    resource: `projects/${shop.world.project}/${path}`,
    name: path.split("/").at(-1)!,
    before,
    after,
    revision: null,
    fingerprint: "",
    alias: null,
    aliasVersion: null,
    aliasTarget: null,
    // what a plan says of itself is not believed
    danger: "none",
    owners: [],
    expected: null,
    reasons: [],
  });

  it("nothing is written without its flag; with it each setting and nothing else; undo puts all back", async () => {
    const was = await subscriptions();
    planOf(shop, [
      change("pubsub.subscription", `subscriptions/${push}`, { filter: null }, { filter: FILTER }),
      change("eventarc.trigger", TRIGGER, { filters: [type] }, { filters: [service, type] }),
      change("firestore.field", FIELD, { ttl: false }, { ttl: true }),
      change("logging.bucket", BUCKET, { retentionD: 90 }, { retentionD: 30 }),
    ]);
    const states = (stdout: string): string[] => JSON.parse(stdout).changes.map((one: Obj) => one["state"]);

    const gated = await shop.cli("apply", "plan.json", "--yes", "--format", "json");
    expect(gated.code, gated.stderr).toBe(5);
    expect(gated.stdout + gated.stderr).toContain("--accept-data-loss");
    expect(shop.gcp.writes()).toEqual([]);
    expect(await subscriptions()).toEqual(was);

    const applied = await shop.cli("apply", "plan.json", "--yes", "--accept-data-loss", "--format", "json");
    expect(applied.code, applied.stderr + applied.stdout).toBe(0);
    expect(states(applied.stdout)).toEqual(["done", "done", "done", "done"]);
    const now = await subscriptions();
    expect(Object.keys(now).sort()).toEqual(
      Object.keys(was)
        .map((name) => (name === push ? `${push}-evscope` : name))
        .sort(),
    );
    const { name: _name, labels, ...replaced } = now[`${push}-evscope`]!;
    const { name: _old, labels: before = {}, ...same } = was[push]!;
    expect(replaced).toEqual({ ...same, filter: FILTER });
    expect(labels).toEqual({ ...before, "evscope-replaces": push, "evscope-generation": "1" });
    expect(trigger()["eventFilters"]).toHaveLength(2);
    expect(trigger()["destination"]).toEqual({ cloudRun: { service: "audit", region: "us-central1" } });
    expect(field()!["ttlConfig"]).toEqual({ state: "CREATING" });
    expect(shop.world.logBuckets[0]!["retentionDays"]).toBe(30);
    field()!["ttlConfig"] = { state: "ACTIVE" };

    const undone = await shop.cli("undo", "--last", "--yes");
    expect(undone.code, undone.stderr + undone.stdout).toBe(0);
    const back = await subscriptions();
    expect(Object.keys(back).sort()).toEqual(Object.keys(was).sort());
    expect({ ...back[push]!, labels: before }).toEqual({ ...was[push]!, labels: before });
    expect(trigger()["eventFilters"]).toEqual([type]);
    expect(field()?.["ttlConfig"]).toBeUndefined();
    expect(shop.world.logBuckets[0]!["retentionDays"]).toBe(90);
  });

  it("cut off between the two subscriptions: told, nothing lost, and resumed", async () => {
    const [monitoring] = shop.gcp.faults.rules;
    planOf(shop, [change("pubsub.subscription", `subscriptions/${push}`, { filter: null }, { filter: FILTER })]);
    // it may be asked before anything is made, and then no more
    shop.gcp.faults.rules.unshift({ match: /monitoring:ListTimeSeries/, fault: "PERMISSION_DENIED", after: 1 });
    const cut = await shop.cli("apply", "plan.json", "--yes", "--accept-data-loss");
    expect(cut.code).not.toBe(0);
    expect(Object.keys(await subscriptions())).toEqual(expect.arrayContaining([push, `${push}-evscope`]));
    shop.gcp.faults.clear();
    shop.gcp.faults.rules.push(monitoring!);
    const resumed = await shop.cli("apply", "plan.json", "--yes", "--accept-data-loss");
    expect(resumed.code, resumed.stderr + resumed.stdout).toBe(0);
    expect(resumed.stderr).toContain("messages may come twice");
    const now = await subscriptions();
    expect(now[`${push}-evscope`]).toMatchObject({ filter: FILTER });
    expect(now).not.toHaveProperty([push]);
  });
});
