/** Proposals -> changes -> plan. Pure. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../model/canonical.ts";
import type { Change, LiveResource, Plan } from "../model/plan.ts";
import type { Proposal } from "../model/proposal.ts";
import type { Json } from "../model/records.ts";
import type { EpochMs } from "../model/units.ts";
import { dangerOf, worse } from "./danger.ts";
import { sharedExpectations } from "./expectations.ts";

/** SHA-256 over the canonical JSON of the changes. */
export function planHash(changes: readonly Change[]): string {
  return createHash("sha256").update(canonicalJson(changes)).digest("hex");
}

export function makePlan(changes: Change[], skipped: Plan["skipped"], now: EpochMs): Plan {
  return {
    schemaVersion: 1,
    kind: "evscope-plan",
    createdAt: new Date(now).toISOString(),
    hash: planHash(changes),
    changes,
    skipped,
  };
}

/** What a reader of the plan sees of one setting. */
export interface SettingChange {
  setting: string;
  before: Json;
  after: Json;
}

/** Settings that differ, in the order of the plan. */
export function diffOf(change: Pick<Change, "before" | "after">): SettingChange[] {
  return Object.keys(change.after)
    .map((setting) => ({ setting, before: change.before[setting] ?? null, after: change.after[setting] ?? null }))
    .filter(({ before, after }) => canonicalJson(before) !== canonicalJson(after));
}

/** What a proposal becomes: a change, or the reason why it becomes none. */
export type Planned = { change: Change } | { skipped: { name: string; why: string } };

/**
 * `live`: the resource as it is now; null: not connected, so that the plan holds the settings alone (revision null, fingerprint "") and
 * apply compares these. `alias`: moved where the resource has it; null: only the unpublished configuration changes.
 */
export function proposedChange(proposal: Proposal, live: LiveResource | null, owners: readonly string[], alias: string | null): Planned {
  const { cloud, account, region, kind, resource, name, topic, before, after, group, first, expected, reasons } = proposal;
  for (const [setting, then] of Object.entries(before)) {
    const now = live === null ? then : (live.settings[setting] ?? null);
    if (canonicalJson(now) !== canonicalJson(then))
      return {
        skipped: {
          name,
          why: whyOther(setting, now, then),
        },
      };
  }
  const moved = alias === null || live === null ? null : (live.aliases.find((one) => one.name === alias) ?? null);
  if (alias !== null && live !== null && live.aliases.length > 0 && moved === null)
    return { skipped: { name, why: `it has no alias ${alias}, but ${live.aliases.map((one) => one.name).join(", ")}` } };
  const change: Change = {
    id: idOf(proposal),
    cloud,
    account,
    region,
    kind,
    resource,
    name,
    before: { ...before },
    after: { ...after },
    revision: live?.revision ?? null,
    fingerprint: live?.fingerprint ?? "",
    alias: moved?.name ?? (live === null && kind === "lambda.function" ? alias : null),
    aliasVersion: moved?.version ?? null,
    aliasTarget: null,
    danger: proposal.danger,
    owners: [...owners],
    expected,
    reasons: [...reasons],
    ...(group === null ? {} : { group: `${topic}:${group}` }),
    ...(first.length === 0 ? {} : { first: [...first] }),
  };
  return { change: { ...change, danger: dangerOf(change) } };
}

/** One per resource and plan. Names of functions are unique where they lie; those of rules, tables, containers and subscriptions are not. */
function idOf({ topic, kind, account, region, name, resource, after }: Proposal): string {
  if (topic === "memory") return `${"memoryMib" in after ? "memory" : "size"}:${account}/${region}/${name}`;
  return `${topic}:${kind}:${resource}`;
}

/**
 * Several kinds of advice on one resource make one change of it, since a write moves the revision that the next would be held against. Where two
 * want different values of one setting the first counts, and all that belongs to the other is left out.
 */
export function mergedProposals(proposals: readonly Proposal[]): { proposals: Proposal[]; left: Plan["skipped"] } {
  const rival = (one: Proposal, earlier: Proposal): boolean =>
    isSame(one, earlier) &&
    Object.keys(one.after).some(
      (name) =>
        name in earlier.after &&
        canonicalJson([one.before[name] ?? null, one.after[name] ?? null]) !==
          canonicalJson([earlier.before[name] ?? null, earlier.after[name] ?? null]),
    );
  const kept: Proposal[] = [];
  const left: Plan["skipped"] = [];
  for (const part of unitsOf(proposals)) {
    const rivals = part.flatMap((one) => kept.filter((earlier) => rival(one, earlier)).map((earlier) => ({ one, earlier })));
    if (rivals.length === 0) kept.push(...part);
    else
      left.push(
        ...rivals.map(({ one, earlier }) => ({
          name: one.name,
          why: `its ${one.topic} advice wants other values than its ${earlier.topic} advice of this plan: make that change first`,
        })),
      );
  }
  return { proposals: mergedInOrder(sharedExpectations(kept)), left };
}

/**
 * One proposal per resource. What belongs to a shared one becomes one group: what comes before it in either is made before it, and what comes
 * after it in either is not made without it.
 */
function mergedInOrder(kept: readonly Proposal[]): Proposal[] {
  const merged: Proposal[] = [];
  for (const part of unitsOf(kept)) {
    const shared = merged.filter((earlier) => part.some((one) => isSame(one, earlier)));
    const head = [...shared, ...part].find((one) => one.group !== null);
    const joined = (one: Proposal): Proposal => (head === undefined ? one : { ...one, topic: head.topic, group: head.group });
    const united = new Set(shared.filter((one) => one.group !== null).map(groupOf));
    merged.forEach((one, i) => {
      if (united.has(groupOf(one))) merged[i] = joined(one);
    });
    let before: Proposal[] = [];
    for (const one of part) {
      const i = merged.findIndex((earlier) => isSame(one, earlier));
      if (i < 0) before.push(joined(one));
      else {
        merged.splice(i, 1, ...before, joined(together(merged[i]!, one)));
        before = [];
      }
    }
    merged.push(...before);
  }
  return merged;
}

const isSame = (a: Proposal, b: Proposal): boolean => a.resource === b.resource && a.account === b.account && a.region === b.region;

/** Groups are named by their topic. */
const groupOf = (one: Proposal): string => `${one.topic}:${one.group}`;

/** Proposals that are made together or not at all, in the order given. */
function unitsOf(proposals: readonly Proposal[]): Proposal[][] {
  const units = new Map<string, Proposal[]>();
  proposals.forEach((one, i) => {
    const key = one.group === null ? `#${i}` : groupOf(one);
    units.set(key, [...(units.get(key) ?? []), one]);
  });
  return [...units.values()];
}

/** Danger is found again from all settings; what is expected of both is the same by now, but for savings, which add up. */
function together(a: Proposal, b: Proposal): Proposal {
  const [one, other] = [a.expected?.savingUsdPerMonth ?? null, b.expected?.savingUsdPerMonth ?? null];
  const saving =
    one === null || other === null ? (one ?? other) : { p10: one.p10 + other.p10, p50: one.p50 + other.p50, p90: one.p90 + other.p90 };
  const expected = a.expected ?? b.expected;
  return {
    ...a,
    before: { ...a.before, ...b.before },
    after: { ...a.after, ...b.after },
    danger: worse(a.danger, b.danger),
    first: [...new Set([...a.first, ...b.first])],
    reasons: [...a.reasons, ...b.reasons],
    expected: expected === null ? null : { ...expected, savingUsdPerMonth: saving },
  };
}

const UNITS: { readonly [setting: string]: string } = { memoryMib: "MiB", vcpu: "vCPU" };

/** Why advice that was made for `then` does not hold. Values of host.json come from app settings, which no collection reads: another one would not help. */
function whyOther(setting: string, now: Json, then: Json): string {
  const made = `the advice was made for ${then === null && setting.startsWith("host.") ? "the default" : amountOf(setting, then)}`;
  if (!setting.startsWith("host.")) return `it has ${amountOf(setting, now)} by now; ${made}: collect again`;
  return `an app setting gives it ${amountOf(setting, now)}, and app settings are not collected; ${made}: take that app setting away and ask again, or change it by hand`;
}

/** `1024 MiB`, `concurrency 80`, `no filterPatterns`. */
function amountOf(setting: string, value: Json): string {
  if (value === null) return `no ${setting}`;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return UNITS[setting] === undefined ? `${setting} ${text}` : `${text} ${UNITS[setting]}`;
}
