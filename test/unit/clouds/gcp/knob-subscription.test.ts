/**
 * The filter of a push subscription, on a scripted server that keeps what is written as the API's page says:
 * https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions.
 */
import { describe, expect, it } from "vitest";
import { GcpError } from "../../../../src/clouds/gcp/api.ts";
import { UserError } from "../../../../src/model/errors.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Change } from "../../../../src/model/plan.ts";
import { applierOn, changeOf } from "../../../support/gcp-knobs.ts";
import { failure, PROJECT } from "../../../support/scripted-gcp.ts";

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

  it("one that is gone is not taken for somebody else's that has the other name", async () => {
    const { events, applier } = pubsub([subscription({ name: OTHER })]);
    await expect(applier.write(change(null, FILTER), null)).rejects.toThrow(/not found|NOT_FOUND/i);
    expect(events).toEqual([]);
  });

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
