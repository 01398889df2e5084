/** A function and what hands events to it. Pure. */
import type { PollerKind, PollerSettings } from "../../model/batching.ts";
import type { ResourceRef, Settings } from "../../model/plan.ts";
import type { WrittenKind } from "../../model/proposal.ts";
import type { Config } from "../../model/records.ts";

/** A function and what feeds it. */
export interface Feed extends Pick<Config, "cloud" | "account" | "region"> {
  fn: string;
  /** Name of the queue, stream, topic or bus; null: the configuration does not say. */
  channel: string | null;
  /** null: nothing that makes batches. */
  kind: PollerKind | null;
  /** null: as `kind`. */
  settings: PollerSettings | null;
  /** What the settings are written to; null: nothing, or its full ID is not known. */
  target: (ResourceRef & { kind: WrittenKind }) | null;
  /** Description of the mapping, pipe or subscription; of the function for Azure's bindings. */
  config: Config;
  /** Description of the queue or stream; null: not held. */
  source: Config | null;
  /** Values of host.json that the app's description holds; left out: none, and those of the extension's defaults are taken. */
  hostValues?: Settings;
  /** Why no batch size can be advised, whatever the events are; null: nothing speaks against it. */
  refusal: string | null;
}

/** Who holds the settings; null: the configuration does not say where it is. */
export function refOf(
  kind: WrittenKind,
  config: Pick<Config, "cloud" | "resource" | "name">,
  at: Pick<Feed, "account" | "region">,
): Feed["target"] {
  if (at.account === null || at.region === null) return null;
  return { cloud: config.cloud, account: at.account, region: at.region, kind, resource: config.resource, name: config.name };
}

/** The newest description of the function that is fed; null: not held. */
export function functionOf(feed: Feed, configs: readonly Config[]): Config | null {
  const found = configs
    .filter((one) => one.kind === "function" && one.cloud === feed.cloud && one.name.toLowerCase() === feed.fn.toLowerCase())
    .filter((one) => [one.account ?? feed.account, one.region ?? feed.region].join() === [feed.account, feed.region].join())
    .sort((a, b) => (b.observedAt ?? 0) - (a.observedAt ?? 0));
  return found[0] ?? null;
}
