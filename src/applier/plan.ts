/** Recommendations -> changes -> plan. Pure. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../model/canonical.ts";
import type { Change, Danger, LiveResource, Plan } from "../model/plan.ts";
import type { Json } from "../model/records.ts";
import { predictionsOf, type SizedKind, type SizingAdvice } from "../model/sizing.ts";
import type { EpochMs } from "../model/units.ts";

/** Mean length of a month of the Gregorian calendar (365.2425 / 12), as `invocationsPerMonth` has it. */
const DAYS_PER_MONTH = 30.436875;

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

/** What advice becomes: a change, or the reason why it becomes none. */
export type Planned = { change: Change } | { skipped: { name: string; why: string } };

/** Advice that can be planned: what to write, and where. */
export type Advised = SizingAdvice & { kind: SizedKind; change: NonNullable<SizingAdvice["change"]>; resource: string };

/** What a change of these resources does to runs beside its settings: the Functions host starts anew with other settings. */
const DANGER: { readonly [kind in SizedKind]: Danger } = {
  "lambda.function": "none",
  "azure.function-app": "restart",
  "run.service": "none",
  "cloudfunctions.v2": "none",
  "cloudfunctions.gen1": "none",
};

/**
 * `live`: the resource as it is now; null: not connected, so that the plan holds the settings alone (revision null, fingerprint "") and
 * apply compares these. `alias`: moved where the function has it; null: only the unpublished configuration changes.
 */
export function sizeChange(advice: Advised, live: LiveResource | null, owners: readonly string[], alias: string | null): Planned {
  const name = advice.fn;
  const { before, after } = advice.change;
  if (advice.account === null || advice.region === null || Object.values(before).includes(null))
    return { skipped: { name, why: "its account, region or present size is not known" } };
  for (const [setting, then] of Object.entries(before)) {
    const now = live?.settings[setting] ?? then;
    if (canonicalJson(now) !== canonicalJson(then))
      return {
        skipped: {
          name,
          why: `it has ${amountOf(setting, now)} by now; the advice was made for ${amountOf(setting, then)}: collect again`,
        },
      };
  }
  const moved = alias === null || live === null ? null : (live.aliases.find((one) => one.name === alias) ?? null);
  if (alias !== null && live !== null && live.aliases.length > 0 && moved === null)
    return { skipped: { name, why: `it has no alias ${alias}, but ${live.aliases.map((one) => one.name).join(", ")}` } };
  return {
    change: {
      id: `${"memoryMib" in after ? "memory" : "size"}:${advice.account}/${advice.region}/${name}`,
      cloud: advice.cloud,
      account: advice.account,
      region: advice.region,
      kind: advice.kind,
      resource: advice.resource,
      name,
      before: { ...before },
      after: { ...after },
      revision: live?.revision ?? null,
      fingerprint: live?.fingerprint ?? "",
      alias: moved?.name ?? (live === null && advice.kind === "lambda.function" ? alias : null),
      aliasVersion: moved?.version ?? null,
      aliasTarget: null,
      danger: DANGER[advice.kind],
      owners: [...owners],
      expected: expectation(advice),
      reasons: reasons(advice),
    },
  };
}

const UNITS: { readonly [setting: string]: string } = { memoryMib: "MiB", vcpu: "vCPU" };

/** `1024 MiB`, `concurrency 80`. */
function amountOf(setting: string, value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return UNITS[setting] === undefined ? `${setting} ${text}` : `${text} ${UNITS[setting]}`;
}

function expectation(advice: SizingAdvice): Change["expected"] {
  const { invocations, errors, ooms, timeouts, invocationsPerMonth } = advice.evidence;
  const share = (count: number): number | null => (invocations > 0 ? count / invocations : null);
  const { now, proposed } = predictionsOf(advice);
  return {
    durationMs: proposed?.durationMs ?? null,
    savingUsdPerMonth: advice.savingUsdPerMonth,
    before: {
      errorShare: share(errors + ooms),
      timeoutShare: share(timeouts),
      meanDurationMs: now?.durationMs?.p50 ?? null,
      invocationsPerDay: invocationsPerMonth === null ? null : invocationsPerMonth / DAYS_PER_MONTH,
      usdPerMonth: now?.monthlyUsd?.p50 ?? null,
      memoryMib: advice.currentMib,
    },
  };
}

function reasons(advice: SizingAdvice): string[] {
  const { warm, sizesMib } = advice.evidence;
  return [
    `${warm} warm runs${sizesMib.length === 0 ? "" : ` at ${sizesMib.join(", ")} MiB`} (tier ${advice.tier ?? "none"}, confidence ${advice.confidence ?? "none"})`,
    ...(advice.whyNotMore === "" ? [] : [advice.whyNotMore]),
  ];
}
