/** Azure: the Event Grid subscription, or the rules of the Service Bus subscription, that hand a function its events. */
import type { Config, Json } from "../../model/records.ts";
import { isObject } from "../../model/json.ts";
import { type Consumer, type FoundPlace, lastPart, notFound, placeIn, textSetting } from "./target.ts";

export function placeOnAzure(consumer: Consumer, configs: readonly Config[]): FoundPlace {
  const own = configs.filter((one) => one.cloud === "azure");
  return consumer.grammar === "event-grid" ? eventGridPlace(consumer, own) : serviceBusPlace(consumer, own);
}

const lower = (text: string | null): string => (text ?? "").toLowerCase();

function eventGridPlace({ fn, channel }: Consumer, configs: readonly Config[]): FoundPlace {
  const found = configs.filter(
    (one) =>
      one.kind === "trigger" &&
      one.settings["service"] === "eventgrid" &&
      lower(one.to).endsWith(`/functions/${fn.toLowerCase()}`) &&
      (channel === null || one.from === null || lower(one.from) === lower(channel)),
  );
  const [one] = found;
  if (one === undefined) return notFound(`no Event Grid subscription that leads from ${channel ?? "its topic"} to ${fn} is in the dataset`);
  if (found.length > 1) return notFound(`${found.length} Event Grid subscriptions lead to ${fn}`);
  const filter = one.settings["filter"] ?? null;
  return placeIn(one, "eventgrid.subscription", {
    current: filter === null ? null : JSON.stringify(filter),
    before: { filter },
    after: (learned) => ({ filter: JSON.parse(learned.filter) as Json }),
    first: [
      "add a subscription without filter that delivers to a storage queue, for the first weeks: unmatched events are dropped and reach no dead-letter container",
    ],
  });
}

/** The subscription that the function's trigger names, with all its rules: without `$Default` only what a rule matches is kept. */
function serviceBusPlace({ fn }: Consumer, configs: readonly Config[]): FoundPlace {
  const trigger = configs.find(
    (one) => one.kind === "function" && one.name.toLowerCase() === fn.toLowerCase() && textSetting(one, "subscription") !== null,
  );
  const name = trigger === undefined ? null : textSetting(trigger, "subscription");
  const found = configs.filter(
    (one) =>
      one.kind === "trigger" &&
      one.settings["service"] === "servicebus" &&
      name !== null &&
      lower(one.name) === lower(name) &&
      (trigger!.from === null || lower(lastPart(one.from ?? "")) === lower(trigger!.from)),
  );
  const [one] = found;
  if (one === undefined) return notFound(`which Service Bus subscription feeds ${fn} is not in the dataset`);
  if (found.length > 1) return notFound(`${found.length} Service Bus subscriptions are named ${name}`);
  const rules = configs.filter(
    (rule) => rule.kind === "rule" && rule.settings["service"] === "servicebus" && lower(rule.from) === lower(one.resource),
  );
  if (rules.some((rule) => rule.settings["hasAction"] === true))
    return notFound(`a rule of ${one.name} has an action, which makes copies of its own`);
  const [rule] = rules;
  if (rules.length !== 1 || rule === undefined)
    return notFound(
      rules.length === 0
        ? `the rules of ${one.name} are not in the dataset`
        : `${one.name} has ${rules.length} rules, of which one must match`,
    );
  if (rule.settings["correlationFilter"] !== undefined) return notFound(`${one.name} has a correlation filter, which is narrowed by hand`);
  const current = textSetting(rule, "sqlExpression");
  return placeIn(one, "servicebus.subscription", {
    current,
    before: { rules: [asWritten(rule)] },
    after: ({ filter }) => ({ rules: [{ name: "evscope", filterType: "SqlFilter", sqlExpression: filter }] }),
    first: ["add a second subscription without rules for the first weeks: a message that no rule matches is not kept for this one"],
  });
}

function asWritten(rule: Config): Json {
  const filterType = textSetting(rule, "filterType") ?? "SqlFilter";
  const sqlExpression = textSetting(rule, "sqlExpression");
  const value: Json = { name: rule.name, filterType, ...(sqlExpression === null ? {} : { sqlExpression }) };
  return isObject(value) ? value : null;
}
