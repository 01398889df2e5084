/** Traffic of a Cloud Run service that is held on a revision: the one "alias" that Google Cloud has. */
import { describe, expect, it } from "vitest";
import { objections } from "../../../src/applier/guard.ts";
import { stateOf } from "../../../src/applier/state.ts";
import type { Change, LiveResource } from "../../../src/model/plan.ts";

const ref = {
  cloud: "gcp",
  account: "shop",
  region: "europe-west1",
  kind: "run.service",
  resource: "projects/shop/locations/europe-west1/services/orders",
  name: "orders",
} as const;
const change: Change = {
  ...ref,
  id: "memory:shop/europe-west1/orders",
  before: { memoryMib: 1024 },
  after: { memoryMib: 512 },
  revision: null,
  fingerprint: "",
  alias: "traffic",
  aliasVersion: "orders-00009-wep",
  aliasTarget: null,
  danger: "none",
  owners: [],
  expected: null,
  reasons: [],
};
const live = (memoryMib: number, version: string): LiveResource => ({
  ...ref,
  settings: { memoryMib },
  revision: null,
  fingerprint: "f",
  busy: null,
  aliases: [{ name: "traffic", version }],
});
const nothing = { drift: false, latest: false, dataLoss: false, irreversible: false };

describe("traffic held on a revision", () => {
  it("has moved when it is on a newer revision, by number and not by letters", () => {
    expect(stateOf(change, live(1024, "orders-00009-wep"))).toBe("before");
    expect(stateOf(change, live(512, "orders-00010-abc"))).toBe("after");
    expect(stateOf(change, live(512, "orders-00009-wep"))).toBe("half");
    expect(stateOf(change, live(512, "orders-00008-zzz"))).toBe("other");
    expect(stateOf({ ...change, aliasVersion: "orders-blue" }, live(512, "orders-00010-abc"))).toBe("after");
  });

  it("is said where a new revision would get no traffic", () => {
    const [objection] = objections({ ...change, alias: null, aliasVersion: null }, live(1024, "orders-00009-wep"), [], nothing);
    expect(objection).toMatchObject({ kind: "aliases", flag: null });
    expect(objection!.text).toContain("orders-00009-wep");
    expect(objection!.text).not.toContain("$LATEST");
    expect(
      objections({ ...change, alias: null, aliasVersion: null }, live(1024, "orders-00009-wep"), [], { ...nothing, latest: true }),
    ).toEqual([]);
  });
});
