/** The applier of Google Cloud on a scripted server, and changes of settings beside those of services and functions. */
import { openApplier } from "../../src/clouds/gcp/applier.ts";
import type { Applier } from "../../src/clouds/room.ts";
import type { Change, Settings } from "../../src/model/plan.ts";
import { gcpContext, gcpTarget, PROJECT, REGION, type Scripted, type ScriptedGcp, scriptedGcp } from "./scripted-gcp.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

export function changeOf(kind: string, resource: string, before: Settings, after: Settings, more: Partial<Change> = {}): Change {
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

/** `warnings` gets what the host is warned of. */
export function applierOn(
  script: { [api: string]: Scripted },
  warnings: string[] = [],
): { api: ScriptedGcp; clock: VirtualClock; applier: Applier } {
  const api = scriptedGcp(script);
  const clock = virtualClock();
  const host = { progress() {}, note() {}, warn: (text: string) => void warnings.push(text) };
  return { api, clock, applier: openApplier(api, gcpTarget(), gcpContext({ clock, host })) };
}
