/** Plans of a test's own, without advice. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { makePlan } from "../../../../src/applier/plan.ts";
import type { Change, Settings } from "../../../../src/model/plan.ts";
import { writePlan } from "../../../../src/store/plan-file.ts";
import { REGION } from "./orders.ts";
import type { Shop } from "./shop.ts";

export function changeOf(shop: Shop, kind: string, name: string, before: Settings, after: Settings): Change {
  const collection = kind === "run.service" ? "services" : "functions";
  return {
    id: `${kind}-${name}`,
    cloud: "gcp",
    account: shop.world.project,
    region: REGION,
    kind,
    resource: `projects/${shop.world.project}/locations/${REGION}/${collection}/${name}`,
    name,
    before,
    after,
    revision: null,
    fingerprint: "",
    alias: null,
    aliasVersion: null,
    aliasTarget: null,
    danger: "none",
    owners: [],
    expected: null,
    reasons: [],
  };
}

/** As `plan.json` in the shop's folder. */
export function planOf(shop: Shop, changes: readonly Change[]): void {
  const path = join(shop.home, "plan.json");
  rmSync(path, { force: true });
  writePlan(path, makePlan([...changes], [], Date.now()));
}
