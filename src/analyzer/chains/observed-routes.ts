/** Routes that telemetry itself shows: which function publishes on which channel. Configuration says only who receives from one. */
import type { ChainRecords } from "../../model/chains.ts";
import type { Cloud, Config } from "../../model/records.ts";
import { executionOf, workflowNameOf } from "./nodes.ts";

function route(cloud: Cloud, from: string, to: string): Config {
  return {
    type: "config",
    cloud,
    account: null,
    region: null,
    kind: "trigger",
    resource: `observed:${cloud}:${from}>${to}`,
    name: `${from} > ${to}, as observed`,
    revision: null,
    observedAt: null,
    from,
    to,
    settings: { observed: true },
  };
}

/**
 * Every route that these records show, once, as configuration records (`settings.observed`) that are always the same for one
 * pair: a published message leads from its function to its channel, a workflow's state from the workflow to its function.
 */
export function observedRoutes(records: Pick<ChainRecords, "messages" | "spans">): Config[] {
  const found = new Map<string, Map<string, Config>>();
  const add = (from: string, to: string, cloud: Cloud): void => {
    let targets = found.get(from);
    if (!targets) found.set(from, (targets = new Map()));
    if (!targets.has(to)) targets.set(to, route(cloud, from, to));
  };
  for (const m of records.messages)
    if (m.direction === "published" && !m.deadLetter && m.fn !== null && m.channel !== null) add(m.fn, m.channel, m.cloud);
  for (const s of records.spans) if (s.kind === "state" && s.fn !== null) add(workflowNameOf(executionOf(s)), s.fn, s.cloud);
  return [...found.values()].flatMap((targets) => [...targets.values()]);
}
