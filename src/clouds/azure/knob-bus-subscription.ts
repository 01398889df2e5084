/**
 * Rules of a Service Bus subscription. A message comes when one of them matches, so that new rules are made before old ones are deleted: the
 * other way round messages between the two calls would be lost.
 * https://learn.microsoft.com/azure/service-bus-messaging/topic-filters
 */
import { canonicalJson } from "../../model/canonical.ts";
import { UserError } from "../../model/errors.ts";
import { isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { ResourceRef } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import type { Knob, KnobState } from "../kit/knob.ts";
import type { AzureApi } from "./api.ts";
import { ownersOf } from "./owners.ts";

const VERSION = "2021-11-01";
const ID = /\/topics\/[^/]+\/subscriptions\/[^/]+$/i;
/** Rules that we make: one that stands beside a rule for everything is a change that was cut off, or taken back. */
const OWN = /^evscope/;
/** https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas */
const MOST_SQL = 1024;

interface Rule {
  name: string;
  /** As `model/proposal.ts` names it; null: of a kind that is not read. */
  written: JsonObject | null;
  hasAction: boolean;
}

export function busSubscriptionKnob(api: AzureApi): Knob<readonly Rule[]> {
  const describe = (ref: ResourceRef): Promise<JsonObject> => {
    if (!ID.test(ref.resource)) throw new UserError(`${ref.resource} is no resource ID of a Service Bus subscription`);
    return api.call("arm:GET", [ref.resource, VERSION]);
  };
  return {
    async read(ref) {
      const described = await describe(ref);
      const rules: Rule[] = [];
      for await (const page of api.pages("arm:GET", [`${ref.resource}/rules`, VERSION])) rules.push(...page.map(ruleOf));
      return stateOf(described, rules);
    },
    refuse(change, { found }) {
      const [before, after] = [listOf(change.before["rules"] ?? null), listOf(change.after["rules"] ?? null)];
      if (Object.keys(change.after).join() !== "rules" || before === null || after === null || after.length === 0)
        throw new UserError(
          `${change.name}: rules are a list of {name, filterType, sqlExpression or correlationFilter}, and none is no list`,
        );
      const strange = found.find((one) => one.hasAction || one.written === null);
      if (strange !== undefined)
        throw new UserError(
          `${change.name}: its rule ${strange.name} has an action, or is of a kind that evscope does not read: rules with actions each make a copy`,
        );
      const lost = found.find((one) => hasParameters(one) && !after.some((rule) => canonicalJson(rule) === canonicalJson(one.written)));
      if (lost !== undefined)
        throw new UserError(`${change.name}: its rule ${lost.name} has parameters, which Azure does not show: it could not be made again`);
      const long = after.find((one) => (textAt(one, "sqlExpression") ?? "").length > MOST_SQL);
      if (long !== undefined)
        throw new UserError(`${change.name}: the SQL of rule ${textAt(long, "name")} is longer than ${MOST_SQL} characters`);
    },
    async send(change, { found }) {
      const after = listOf(change.after["rules"] ?? null)!;
      for (const rule of after) {
        const held = found.find((one) => one.name === textAt(rule, "name"));
        if (held !== undefined && canonicalJson(held.written) === canonicalJson(rule)) continue;
        const { name, ...properties } = rule;
        // a legal rule is sent with the names of ARM
        const { sqlExpression, ...rest } = properties;
        await api.call("arm:PUT", [
          `${change.resource}/rules/${encodeURIComponent(String(name))}`,
          VERSION,
          { properties: { ...rest, ...(sqlExpression === undefined ? {} : { sqlFilter: { sqlExpression } }) } },
        ]);
      }
      for (const { name } of found.filter((one) => !after.some((rule) => textAt(rule, "name") === one.name)))
        await api.call("arm:DELETE", [`${change.resource}/rules/${encodeURIComponent(name)}`, VERSION]);
    },
    owners: (ref) => ownersOf(api, ref.resource, describe(ref)),
  };
}

/**
 * Where a rule lets everything pass, one of ours beside it changes nothing: the subscription is as without it. So a change that was cut off
 * between its two calls is as before, and is finished by doing it again.
 */
function stateOf(described: JsonObject, rules: readonly Rule[]): KnobState<readonly Rule[]> {
  const all = rules.some((one) => !OWN.test(one.name) && one.written !== null && isEverything(one.written));
  const effective = all ? rules.filter((one) => !OWN.test(one.name)) : rules;
  const {
    messageCount: _count,
    countDetails: _details,
    sizeInBytes: _size,
    accessedAt: _accessed,
    updatedAt: _updated,
    ...rest
  } = objectAt(described, "properties") ?? {};
  const written = effective.map((one): Json => one.written ?? { name: one.name }).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return { settings: { rules: written }, revision: null, rest, busy: null, failed: null, found: rules };
}

/** `@name` outside of texts: its value is set by the SDK and not read by ARM. */
function hasParameters({ written }: Rule): boolean {
  return /@\w/.test((textAt(written ?? {}, "sqlExpression") ?? "").replace(/'[^']*'/g, ""));
}

const nameOf = (rule: Json): string => (isObject(rule) ? (textAt(rule, "name") ?? "") : "");

function isEverything(rule: JsonObject): boolean {
  return rule["filterType"] === "SqlFilter" && /^\s*1\s*=\s*1\s*$/.test(textAt(rule, "sqlExpression") ?? "");
}

/** A rule in the form of `model/proposal.ts`. */
function ruleOf(one: JsonObject): Rule {
  const p = objectAt(one, "properties") ?? {};
  const name = textAt(one, "name") ?? "";
  const filterType = textAt(p, "filterType") ?? (isObject(p["correlationFilter"]) ? "CorrelationFilter" : "SqlFilter");
  const sqlExpression = textAt(objectAt(p, "sqlFilter") ?? {}, "sqlExpression");
  const correlation = objectAt(p, "correlationFilter");
  const hasAction = textAt(objectAt(p, "action") ?? {}, "sqlExpression") !== null;
  if (filterType === "SqlFilter" && sqlExpression !== null) return { name, hasAction, written: { name, filterType, sqlExpression } };
  return { name, hasAction, written: correlation === null ? null : { name, filterType, correlationFilter: correlation } };
}

function listOf(rules: Json): JsonObject[] | null {
  const legal =
    Array.isArray(rules) && rules.every((one) => isObject(one) && textAt(one, "name") !== null && textAt(one, "filterType") !== null);
  return legal ? (rules as JsonObject[]) : null;
}
