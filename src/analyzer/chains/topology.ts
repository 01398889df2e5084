/** Where events can come from, by configuration: triggers, rules and subscriptions from one resource to another. */
import type { Config } from "../../model/records.ts";

export interface Topology {
  /** Names of all channels that lead to this function or channel, over any number of rules and subscriptions. */
  channelsInto(name: string): ReadonlySet<string>;
  /** Functions that this channel feeds directly. */
  functionsFed(channel: string): ReadonlySet<string>;
  /** Other functions that the rule behind `fn` hands the same event; empty where several rules lead to it. */
  siblingTargets(fn: string): ReadonlySet<string>;
  /** Functions next upstream of this function, workflow or channel: those that publish on a channel which leads to it, as far as was observed. */
  feeders(name: string): ReadonlySet<string>;
  readonly empty: boolean;
}

/** Last part of an ARN or resource path: the name that messages use. */
export function resourceName(resource: string): string {
  const trimmed = resource.replace(/\/+$/, "").replace(/:(?:\$LATEST|live|prod)$/, "");
  const stream = /:table\/([^/]+)/.exec(trimmed);
  if (stream) return stream[1]!;
  const cut = Math.max(trimmed.lastIndexOf("/"), trimmed.lastIndexOf(":"));
  return trimmed.slice(cut + 1);
}

export function topologyOf(configs: readonly Config[]): Topology {
  const into = new Map<string, Set<string>>();
  const outOf = new Map<string, Set<string>>();
  const byRule = new Map<string, Set<string>>();
  const functions = new Set<string>();
  const publishers = new Map<string, Set<string>>();
  const put = (map: Map<string, Set<string>>, key: string, value: string): void => {
    const set = map.get(key);
    if (set) set.add(value);
    else map.set(key, new Set([value]));
  };
  for (const config of configs) {
    if (config.kind === "function") functions.add(config.name);
    if (config.from === null || config.to === null) continue;
    if (config.settings["observed"] === true) {
      put(publishers, resourceName(config.to), config.from);
      continue;
    }
    const from = resourceName(config.from);
    const to = resourceName(config.to);
    put(into, to, from);
    put(outOf, from, to);
    if (config.kind === "rule") put(byRule, config.name, to);
    if (/:function:|\/functions\/|Microsoft\.Web\/sites/i.test(config.to) || config.kind === "trigger") functions.add(to);
  }
  const reach = (map: Map<string, Set<string>>, start: string): Set<string> => {
    const seen = new Set<string>();
    const open = [start];
    while (open.length > 0) {
      for (const next of map.get(open.pop()!) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        open.push(next);
      }
    }
    return seen;
  };
  const intoMemo = new Map<string, Set<string>>();
  const memo = (cache: Map<string, Set<string>>, map: Map<string, Set<string>>, key: string): Set<string> => {
    let found = cache.get(key);
    if (!found) cache.set(key, (found = reach(map, key)));
    return found;
  };
  return {
    empty: into.size === 0,
    channelsInto: (name) => memo(intoMemo, into, name),
    functionsFed: (channel) => new Set([...(outOf.get(channel) ?? [])].filter((name) => functions.has(name))),
    feeders(name) {
      const found = new Set<string>();
      for (const channel of [name, ...memo(intoMemo, into, name)])
        for (const fn of publishers.get(channel) ?? []) if (fn !== name) found.add(fn);
      return found;
    },
    siblingTargets(fn) {
      const rules = [...byRule.values()].filter((targets) => targets.has(fn));
      return new Set(rules.length === 1 ? [...rules[0]!].filter((target) => target !== fn && functions.has(target)) : []);
    },
  };
}
