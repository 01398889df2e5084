/** AWS: the event source mapping, pipe, rule or subscription that hands a function its events. */
import type { Config } from "../../model/records.ts";
import type { RecordedEvent } from "../../model/filters.ts";
import { matcherOf } from "./match/index.ts";
import {
  type Consumer,
  type FilterPlace,
  type FoundPlace,
  lastPart,
  listSetting,
  notFound,
  placeIn,
  textSetting,
  untouchable,
} from "./target.ts";

/** Name of the function that an ARN leads to; null: something else. */
const functionOf = (arn: string | null): string | null =>
  /:function:([^:]+)/.exec(arn ?? "")?.[1] ?? (arn !== null && /^[\w-]+$/.test(arn) ? arn : null);

/** `events`: some of the consumer's, to tell rules apart by what their patterns match. */
export function placeOnAws(consumer: Consumer, configs: readonly Config[], events: readonly RecordedEvent[]): FoundPlace {
  const own = configs.filter((one) => one.cloud === "aws");
  switch (consumer.grammar) {
    case "eventbridge":
      return rulePlace(consumer, own, events);
    case "sns-attributes":
    case "sns-body":
      return subscriptionPlace(consumer, own);
    default:
      return mappingPlace(consumer, own);
  }
}

/** The source of a mapping is the channel of the events; a channel that is only a name is compared by name. */
function isFrom(one: Config, channel: string | null): boolean {
  if (channel === null || one.from === null) return channel === one.from;
  return one.from === channel || (!channel.startsWith("arn:") && lastPart(one.from) === channel);
}

const SHADOW = "turn on the EventCount metric of the mapping (MetricsConfig): it counts what is filtered out (FilteredOutEventCount)";
const TEE = (what: string): string =>
  `keep a copy of what ${what} for the first weeks (an archive of the bus, or a topic that also feeds a bucket): a filter there deletes what does not match, and no dead-letter queue gets it`;
const REWIND =
  "note the time of the change: the stream still holds its records for its retention, and a mapping can be started again from there";

function mappingPlace({ fn, channel, grammar }: Consumer, configs: readonly Config[]): FoundPlace {
  const triggers = configs.filter((one) => one.kind === "trigger" && functionOf(one.to) === fn && isFrom(one, channel));
  const found = triggers.filter((one) => one.settings["protocol"] === undefined);
  const [one] = found;
  if (one === undefined) return notFound(`no mapping or pipe from ${channel ?? "its source"} to ${fn} is in the dataset`);
  if (found.length > 1)
    return notFound(`${found.length} mappings lead from ${channel} to ${fn}, and nothing says which brought these events`);
  // readers of one queue share its messages: what this one's filter deletes may be wanted by the other
  const other = configs.find((rival) => rival.kind === "trigger" && rival !== one && rival.from === one.from && rival.from !== null);
  if (other !== undefined && (grammar === "sqs" || grammar === "mq"))
    return untouchable(
      `${lastPart(other.to ?? other.name)} reads the queue ${lastPart(one.from!)} too, and a filter of one reader deletes messages of both`,
    );
  const isPipe = one.resource.includes(":pipes:");
  const patterns = listSetting(one, "filterPatterns");
  const loses = grammar === "sqs" || grammar === "mq" ? TEE("reaches the queue") : REWIND;
  return placeIn(one, isPipe ? "pipes.pipe" : "lambda.event-source-mapping", {
    current:
      patterns.length === 0
        ? null
        : patterns.length === 1
          ? patterns[0]!
          : JSON.stringify({ Filters: patterns.map((Pattern) => ({ Pattern })) }),
    before: { filterPatterns: patterns.length === 0 ? null : patterns },
    after: (learned) => ({ filterPatterns: learned.patterns }),
    first: isPipe ? [loses] : [SHADOW, loses],
  });
}

function subscriptionPlace({ fn, channel, grammar }: Consumer, configs: readonly Config[]): FoundPlace {
  const found = configs.filter((one) => one.settings["protocol"] === "lambda" && functionOf(one.to) === fn && isFrom(one, channel));
  const [one] = found;
  if (one === undefined) return notFound(`no subscription of ${fn} to ${channel ?? "its topic"} is in the dataset`);
  if (found.length > 1) return notFound(`${found.length} subscriptions lead from ${channel} to ${fn}`);
  const policy = textSetting(one, "filterPolicy");
  const current = policy === "{}" ? null : policy;
  const scope = textSetting(one, "filterPolicyScope") ?? "MessageAttributes";
  const wanted = grammar === "sns-body" ? "MessageBody" : "MessageAttributes";
  if (current !== null && scope !== wanted)
    return notFound(`${fn} has a filter policy on ${scope} already, and a subscription has only one`);
  return placeIn(one, "sns.subscription", {
    current,
    // without a policy there is no scope
    before: { filterPolicy: current, filterPolicyScope: current === null ? null : scope },
    after: ({ filter }) => ({ filterPolicy: filter, filterPolicyScope: wanted }),
    first: ["subscribe a queue to the topic without a filter for the first weeks: what a policy leaves out is delivered nowhere"],
  });
}

function rulePlace({ fn }: Consumer, configs: readonly Config[], events: readonly RecordedEvent[]): FoundPlace {
  const all = configs.filter((one) => one.kind === "rule");
  const targets = all.filter((one) => one.settings["target"] !== undefined && functionOf(one.to) === fn);
  const rules = targets.flatMap((target) => {
    const rule = all.find((one) => one.settings["pattern"] !== undefined && isSameRule(one, target));
    return rule === undefined ? [] : [{ rule, target }];
  });
  const matching = rules.length < 2 ? rules : rules.filter(({ rule }) => matchesAny(textSetting(rule, "pattern")!, events));
  const [one] = matching;
  if (one === undefined) return notFound(`no rule that sends events to ${fn} is in the dataset`);
  if (matching.length > 1)
    return notFound(`the rules ${matching.map(({ rule }) => rule.name).join(", ")} all match its events: each would need the filter`);
  const { rule, target } = one;
  const managedBy = textSetting(rule, "managedBy");
  if (managedBy !== null) return untouchable(`rule ${rule.name} is managed by ${managedBy}`);
  if (textSetting(rule, "schedule") !== null) return untouchable(`rule ${rule.name} also has a schedule`);
  const bus = lastPart(rule.from ?? "default");
  return placeIn(rule, "events.rule", {
    current: textSetting(rule, "pattern"),
    before: { pattern: textSetting(rule, "pattern") },
    after: ({ filter }) => ({ pattern: filter }),
    channel: bus,
    shared: sharedBy(
      all.filter((other) => other !== target && other.settings["target"] !== undefined && isSameRule(rule, other)),
      fn,
    ),
    first: [`make an archive of bus ${bus}: what the new pattern leaves out can then be replayed, and is gone otherwise`],
  });
}

function isSameRule(rule: Config, target: Config): boolean {
  return rule.name === target.name && lastPart(rule.from ?? "default") === lastPart(target.from ?? "default");
}

/** Functions that get their events through one rule: they are looked at together. */
export function functionsByRule(configs: readonly Config[]): string[][] {
  const targets = configs.filter((one) => one.cloud === "aws" && one.kind === "rule" && one.settings["target"] !== undefined);
  const rules = Map.groupBy(targets, ({ name, from }) => `${lastPart(from ?? "default")}/${name}`);
  return [...rules.values()].map((own) => own.flatMap(({ to }) => functionOf(to) ?? [])).filter((names) => names.length > 1);
}

function sharedBy(targets: readonly Config[], fn: string): FilterPlace["shared"] {
  const functions = targets.flatMap(({ to }) => functionOf(to) ?? []).filter((name) => name !== fn);
  const others = targets.flatMap(({ to }) => (functionOf(to) === null && to !== null ? [to] : []));
  return { functions: [...new Set(functions)], others: [...new Set(others)] };
}

/** Rules that only schedule, or match none of these events, did not bring them. */
function matchesAny(pattern: string, events: readonly RecordedEvent[]): boolean {
  const matcher = matcherOf("eventbridge", pattern);
  return events.slice(0, 50).some(({ event }) => matcher.matches(event));
}
