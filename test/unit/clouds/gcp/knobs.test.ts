/**
 * Settings of Google Cloud beside those of services and functions, on scripted servers that keep what is written as the API's page says:
 * https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions, .../logging/docs/reference/v2/rest/v2/projects.locations.buckets,
 * .../firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields, .../eventarc/docs/reference/rest/v1/projects.locations.triggers.
 */
import { describe, expect, it } from "vitest";
import { GcpError } from "../../../../src/clouds/gcp/api.ts";
import { openApplier } from "../../../../src/clouds/gcp/applier.ts";
import { UserError } from "../../../../src/model/errors.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Change, Settings } from "../../../../src/model/plan.ts";
import { denied, failure, gcpContext, gcpTarget, PROJECT, REGION, type Scripted, scriptedGcp } from "../../../support/scripted-gcp.ts";
import { virtualClock } from "../../../support/virtual-clock.ts";

function changeOf(kind: string, resource: string, before: Settings, after: Settings, more: Partial<Change> = {}): Change {
  const name = resource.split("/").at(-1)!;
  return {
    id: name,
    cloud: "gcp",
    account: PROJECT,
    region: REGION,
    kind,
    resource,
    name,
    before,
    after,
    revision: null,
    fingerprint: "",
    alias: null,
    aliasVersion: null,
    aliasTarget: null,
    danger: "data-loss",
    owners: [],
    expected: null,
    reasons: [],
    ...more,
  };
}

function applierOn(script: { [api: string]: Scripted }, warnings: string[] = []) {
  const api = scriptedGcp(script);
  const clock = virtualClock();
  const host = { progress() {}, note() {}, warn: (text: string) => void warnings.push(text) };
  return { api, clock, applier: openApplier(api, gcpTarget(), gcpContext({ clock, host })) };
}

describe("a push subscription's filter", () => {
  const ORDERS = `projects/${PROJECT}/subscriptions/orders`;
  const OTHER = `${ORDERS}-evscope`;
  const FILTER = 'attributes.kind = "order"';
  const subscription = (more: JsonObject = {}): JsonObject => ({
    name: ORDERS,
    topic: `projects/${PROJECT}/topics/orders`,
    pushConfig: {
      pushEndpoint: "https://orders.example/push?token=x",
      oidcToken: { serviceAccountEmail: "push@shop.iam.gserviceaccount.com" },
    },
    ackDeadlineSeconds: 60,
    messageRetentionDuration: "604800s",
    labels: { team: "shop" },
    expirationPolicy: {},
    deadLetterPolicy: { deadLetterTopic: `projects/${PROJECT}/topics/dead`, maxDeliveryAttempts: 5 },
    retryPolicy: { minimumBackoff: "10s", maximumBackoff: "600s" },
    state: "ACTIVE",
    ...more,
  });

  /** Subscriptions by name; `oldestS`: age of the oldest unacknowledged message, by look; null: Monitoring has no figure. */
  function pubsub(held: JsonObject[], oldestS: (number | null)[] = [0], triggers: JsonObject[] = []) {
    const all = new Map(held.map((one) => [one["name"] as string, one]));
    const events: string[] = [];
    const warnings: string[] = [];
    let looks = 0;
    const broken: { [step: string]: GcpError | undefined } = {};
    const named = (name: string): JsonObject => {
      const found = all.get(name);
      if (found === undefined) throw failure("pubsub:GetSubscription", "not-found", "NOT_FOUND", 404);
      return found;
    };
    const { api, clock, applier } = applierOn(
      {
        "pubsub:GetSubscription": (request) => structuredClone(named(request["subscription"] as string)),
        "pubsub:CreateSubscription": (request) => {
          events.push(`create ${(request["name"] as string).split("/").at(-1)}`);
          if (broken["create"]) throw broken["create"];
          all.set(request["name"] as string, { ...structuredClone(request), state: "ACTIVE" });
          return {};
        },
        "pubsub:DeleteSubscription": (request) => {
          if (broken["delete"]) throw broken["delete"];
          named(request["subscription"] as string);
          events.push(`delete ${(request["subscription"] as string).split("/").at(-1)}`);
          all.delete(request["subscription"] as string);
          return {};
        },
        "monitoring:ListTimeSeries": (request) => {
          const age = oldestS[Math.min(looks++, oldestS.length - 1)]!;
          if (events.length > 0) events.push(`oldest ${age}`);
          expect(request["filter"]).toContain("oldest_unacked_message_age");
          const endTime = new Date(clock.now()).toISOString();
          return age === null ? {} : { timeSeries: [{ points: [{ interval: { endTime }, value: { int64Value: String(age) } }] }] };
        },
        "eventarc:triggers.list": { triggers },
      },
      warnings,
    );
    return { all, events, warnings, broken, api, applier };
  }
  const change = (before: string | null, after: string | null): Change =>
    changeOf("pubsub.subscription", ORDERS, { filter: before }, { filter: after });

  it("is written by a second subscription with all other settings; the first goes when it holds nothing from before", async () => {
    // looks: before anything is made, then 300 s old messages twice, then none
    const { all, events, applier } = pubsub([subscription()], [300, 300, 300, 0]);
    const { live } = await applier.write(change(null, FILTER), null);
    expect(live.settings).toEqual({ filter: FILTER });
    expect(events.filter((one) => !one.startsWith("oldest 0"))).toEqual([
      "create orders-evscope",
      "oldest 300",
      "oldest 300",
      "delete orders",
    ]);
    const { state: _state, ...same } = subscription();
    expect([...all.values()]).toEqual([
      {
        ...same,
        name: OTHER,
        filter: FILTER,
        labels: { team: "shop", "evscope-replaces": "orders", "evscope-generation": "1" },
        state: "ACTIVE",
      },
    ]);
    // what is read by the old name is what is at work, and undo goes back under it
    const read = await applier.read(change(null, FILTER));
    expect(read.settings).toEqual({ filter: FILTER });
    await applier.write({ ...change(FILTER, null), fingerprint: read.fingerprint }, null);
    expect([...all.keys()]).toEqual([ORDERS]);
    expect(all.get(ORDERS)).not.toHaveProperty("filter");
    expect(all.get(ORDERS)).toMatchObject({ ...same, labels: { team: "shop", "evscope-generation": "2" } });
    // and once more, though both were made by evscope by now
    await applier.write(change(null, FILTER), null);
    expect([...all.keys()]).toEqual([OTHER]);
  });

  it("a run cut off before the deletion is told truthfully, and the next one goes on", async () => {
    const server = pubsub([subscription()], [0]);
    server.broken["delete"] = failure("pubsub:DeleteSubscription", "invalid", "INTERNAL", 500);
    await expect(server.applier.write(change(null, FILTER), null)).rejects.toThrow(/INTERNAL/);
    expect([...server.all.keys()]).toEqual([ORDERS, OTHER]);
    const read = await server.applier.read(change(null, FILTER));
    expect(read.settings).toEqual({ filter: null });
    expect(server.warnings.at(-1)).toContain("messages may come twice");
    // another filter than the one that is half way is refused
    await expect(server.applier.write(change(null, "attributes:other"), null)).rejects.toThrow(/another filter/);
    delete server.broken["delete"];
    await server.applier.write(change(null, FILTER), null);
    expect([...server.all.keys()]).toEqual([OTHER]);
    expect(server.events.filter((one) => one.startsWith("create"))).toEqual(["create orders-evscope"]);
  });

  it("an answer to the creation that was lost is no second creation", async () => {
    const server = pubsub([subscription()], [0]);
    const lost = new GcpError("unreachable", "pubsub:CreateSubscription", "ECONNRESET", "reset", null, 1, true);
    const whole = server.all;
    server.broken["create"] = lost;
    const set = whole.get(ORDERS)!;
    whole.set(OTHER, {
      ...set,
      name: OTHER,
      filter: FILTER,
      labels: { ...(set["labels"] as object), "evscope-replaces": "orders", "evscope-generation": "1" },
    });
    await server.applier.write(change(null, FILTER), null);
    expect([...whole.keys()]).toEqual([OTHER]);
  });

  it("the first stays while it holds messages from before", async () => {
    const server = pubsub([subscription()], [100_000]);
    await expect(server.applier.write(change(null, FILTER), null)).rejects.toThrow(/still holds messages from before/);
    expect([...server.all.keys()]).toEqual([ORDERS, OTHER]);
  });

  it("a second one that is not as asked deletes nothing", async () => {
    const server = pubsub([subscription()], [0]);
    const put = server.all.set.bind(server.all);
    server.all.set = (name, one) => put(name, name === OTHER ? { ...one, filter: "attributes:ignored", ackDeadlineSeconds: 10 } : one);
    await expect(server.applier.write(change(null, FILTER), null)).rejects.toThrow(/ackDeadlineSeconds, filter is not as it should be/);
    expect(server.all.has(ORDERS)).toBe(true);
    expect(server.events).not.toContain("delete orders");
  });

  const { pushConfig: _push, ...pulled } = subscription();
  it.each([
    ["a pulled one, with the steps for people", pulled, FILTER, [0], [], /is pulled/],
    ["one that keeps order", subscription({ enableMessageOrdering: true }), FILTER, [0], [], /in order/],
    [
      "one that a trigger reads",
      subscription(),
      FILTER,
      [0],
      [{ name: "t", transport: { pubsub: { subscription: ORDERS } } }],
      /Eventarc trigger/,
    ],
    ["a filter of more than 256 bytes", subscription(), `attributes.a = "${"ä".repeat(130)}"`, [0], [], /at most 256 bytes, not 277/],
    ["one whose backlog nobody knows", subscription(), FILTER, [null], [], /nothing of its backlog/],
    ["a detached one", subscription({ detached: true }), FILTER, [0], [], /detached/],
  ] as [string, JsonObject, string, (number | null)[], JsonObject[], RegExp][])(
    "refuses %s",
    async (_, held, filter, oldest, triggers, why) => {
      const server = pubsub([held], oldest, triggers);
      const refused = await server.applier.write(change(null, filter), null).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(UserError);
      expect((refused as UserError).message).toMatch(why);
      if (held === pulled) expect((refused as UserError).suggestions.join("\n")).toContain(`--message-filter='${FILTER}'`);
      expect(server.events).toEqual([]);
    },
  );

  it("refuses where it was changed since", async () => {
    const server = pubsub([subscription({ filter: "attributes:x" })]);
    await expect(server.applier.write(change(null, FILTER), null)).rejects.toMatchObject({ exitCode: 5 });
    const { fingerprint } = await server.applier.read(change(null, FILTER));
    server.all.get(ORDERS)!["ackDeadlineSeconds"] = 10;
    await expect(server.applier.write({ ...change("attributes:x", FILTER), fingerprint }, null)).rejects.toMatchObject({ exitCode: 5 });
    expect(server.events).toEqual([]);
  });
});

describe("a log bucket's retention", () => {
  const BUCKET = `projects/${PROJECT}/locations/global/buckets/_Default`;
  const bucket = (more: JsonObject = {}) => {
    const state: JsonObject = { name: BUCKET, retentionDays: 90, lifecycleState: "ACTIVE", description: "d", ...more };
    const { applier, api } = applierOn({
      "logging:GetBucket": () => structuredClone(state),
      "logging:UpdateBucket": (request) => {
        expect(request["updateMask"]).toBe("retentionDays");
        return Object.assign(state, request["bucket"], { updateTime: "2026-11-23T00:00:00Z" });
      },
    });
    return { state, applier, api };
  };
  const change = (after: number, resource = BUCKET): Change =>
    changeOf("logging.bucket", resource, { retentionD: 90 }, { retentionD: after });

  it("is written alone, and taken back", async () => {
    const { state, applier } = bucket();
    expect((await applier.write(change(30), null)).live.settings).toEqual({ retentionD: 30 });
    expect(state["retentionDays"]).toBe(30);
    await applier.write({ ...change(90), before: { retentionD: 30 } }, null);
    expect(state["retentionDays"]).toBe(90);
  });

  it.each([
    ["a locked one", { locked: true }, change(30), /locked/],
    ["_Required", {}, change(30, BUCKET.replace("_Default", "_Required")), /400 days/],
    ["0 days", {}, change(0), /from 1 to 3650/],
    ["3,651 days", {}, change(3651), /from 1 to 3650/],
    ["a deleted one", { lifecycleState: "DELETE_REQUESTED" }, change(30), /being deleted/],
  ] as [string, JsonObject, Change, RegExp][])("refuses %s", async (_, more, refused, why) => {
    const { applier, api } = bucket(more);
    await expect(applier.write(refused, null)).rejects.toThrow(why);
    expect(api.counts()["logging:UpdateBucket"]).toBeUndefined();
  });
});

describe("a Firestore field's TTL", () => {
  const GROUP = `projects/${PROJECT}/databases/(default)/collectionGroups/sessions`;
  const FIELD = `${GROUP}/fields/expiresAt`;
  function firestore(listed: JsonObject[] = [], end: JsonObject = {}) {
    const state: JsonObject = { name: FIELD, indexConfig: { usesAncestorConfig: true } };
    let looks = 0;
    let wanted: JsonObject | null = null;
    const server = applierOn({
      "firestore:fields.get": () => {
        if (wanted !== null && ++looks > 2 && end["error"] === undefined) {
          if (wanted["ttlConfig"] === undefined) delete state["ttlConfig"];
          else state["ttlConfig"] = { state: "CREATING" };
          wanted = null;
        }
        return structuredClone(state);
      },
      "firestore:fields.list": { fields: listed },
      "firestore:fields.patch": (request) => {
        expect(request["updateMask"]).toBe("ttlConfig");
        expect(request).not.toHaveProperty("indexConfig");
        wanted = request;
        looks = 0;
        return { name: `projects/${PROJECT}/databases/(default)/operations/o1` };
      },
      "firestore:operations.get": () => ({ name: "o1", done: end["error"] !== undefined, ...end }),
    });
    return { state, ...server };
  }
  const change = (before: boolean, after: boolean): Change => changeOf("firestore.field", FIELD, { ttl: before }, { ttl: after });

  it("is switched on by its mask alone, is believed while the documents are marked, and is switched off again", async () => {
    const { state, applier } = firestore();
    const { live } = await applier.write(change(false, true), null);
    expect(live.settings).toEqual({ ttl: true });
    expect(live.busy).toContain("marking");
    state["ttlConfig"] = { state: "ACTIVE" };
    expect((await applier.write(change(true, false), null)).live.settings).toEqual({ ttl: false });
    expect(state).not.toHaveProperty("ttlConfig");
  });

  it("what needs repair is said", async () => {
    const { state, applier } = firestore();
    state["ttlConfig"] = { state: "NEEDS_REPAIR" };
    expect((await applier.read(change(true, false))).failed).toContain("needs repair");
  });

  it("a failed operation, and a second field of one group", async () => {
    await expect(firestore([], { error: { code: 9, message: "index limit" } }).applier.write(change(false, true), null)).rejects.toThrow(
      /index limit/,
    );
    const taken = firestore([{ name: `${GROUP}/fields/other`, ttlConfig: { state: "ACTIVE" } }]);
    await expect(taken.applier.write(change(false, true), null)).rejects.toThrow(/only one/);
    expect(taken.api.counts()["firestore:fields.patch"]).toBeUndefined();
  });
});

describe("an Eventarc trigger's filters", () => {
  const TRIGGER = `projects/${PROJECT}/locations/${REGION}/triggers/audit`;
  const type = { attribute: "type", value: "google.cloud.audit.log.v1.written" };
  const service = { attribute: "serviceName", value: "bigquery.googleapis.com" };
  const method = { attribute: "methodName", value: "jobservice.insertjob" };
  function eventarc(more: JsonObject = {}) {
    const state: JsonObject = {
      name: TRIGGER,
      etag: "e1",
      eventFilters: [type, service],
      destination: { cloudRun: { service: "audit" } },
      ...more,
    };
    const server = applierOn({
      "eventarc:triggers.get": () => structuredClone(state),
      "eventarc:triggers.patch": (request) => {
        expect(Object.keys(request).sort()).toEqual(["eventFilters", "name", "updateMask"]);
        // the list has no order
        Object.assign(state, { etag: "e2", eventFilters: (request["eventFilters"] as JsonObject[]).toReversed() });
        return { name: "operations/1", done: false };
      },
      "eventarc:operations.get": denied("eventarc:operations.get"),
    });
    return { state, ...server };
  }
  const change = (after: JsonObject[], before = [service, type]): Change =>
    changeOf("eventarc.trigger", TRIGGER, { filters: before }, { filters: after });

  it("are written alone, whatever order they come back in, and taken back", async () => {
    const { state, applier } = eventarc();
    expect((await applier.write(change([method, service, type]), "e1")).live.settings).toEqual({ filters: [method, service, type] });
    expect(state["destination"]).toEqual({ cloudRun: { service: "audit" } });
    await applier.write(change([service, type], [method, service, type]), "e2");
    expect(new Set(state["eventFilters"] as JsonObject[])).toEqual(new Set([service, type]));
  });

  it.each([
    [
      "one that a function owns",
      { labels: { "goog-managed-by": "cloudfunctions" } },
      change([method, service, type]),
      /belongs to function/,
    ],
    ["another type of events", {}, change([service, { attribute: "type", value: "other" }]), /stays as it is/],
    ["what is no filter", {}, change([{ attribute: "a" }]), /not a list/],
    ["one that was changed since", { eventFilters: [type] }, change([method, service, type]), /changed since/],
  ] as [string, JsonObject, Change, RegExp][])("refuses %s", async (_, more, refused, why) => {
    const { applier, api } = eventarc(more);
    await expect(applier.write(refused, null)).rejects.toThrow(why);
    expect(api.counts()["eventarc:triggers.patch"]).toBeUndefined();
  });
});

it("resources of other projects and other forms are refused before anything is asked", async () => {
  const { applier, api } = applierOn({});
  for (const [kind, resource] of [
    ["pubsub.subscription", `projects/other/subscriptions/orders`],
    ["logging.bucket", `projects/${PROJECT}/subscriptions/orders`],
    ["firestore.field", `projects/${PROJECT}/databases/d`],
    ["eventarc.trigger", `projects/${PROJECT}/locations/x/triggers/a/b`],
  ] as const)
    await expect(applier.read(changeOf(kind, resource, {}, {}))).rejects.toThrow(/is not what/);
  expect(api.asked).toEqual([]);
});
