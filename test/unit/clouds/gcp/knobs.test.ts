/**
 * Settings of Google Cloud beside those of services and functions, on scripted servers that keep what is written as the API's page says:
 * https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.locations.buckets,
 * .../firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields, .../eventarc/docs/reference/rest/v1/projects.locations.triggers.
 */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Change } from "../../../../src/model/plan.ts";
import { applierOn, changeOf } from "../../../support/gcp-knobs.ts";
import { denied, PROJECT, REGION } from "../../../support/scripted-gcp.ts";

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
