/** Advice on sizes -> proposals. Pure. */
import type { Change, Danger } from "../model/plan.ts";
import type { Proposal, Refused } from "../model/proposal.ts";
import { predictionsOf, type SizedKind, type Sizing, type SizingAdvice } from "../model/sizing.ts";

/** Mean length of a month of the Gregorian calendar (365.2425 / 12), as `invocationsPerMonth` has it. */
const DAYS_PER_MONTH = 30.436875;

/** What a change of these resources does to runs beside its settings: the Functions host starts anew with other settings. */
const DANGER: { readonly [kind in SizedKind]: Danger } = {
  "lambda.function": "none",
  "azure.function-app": "restart",
  "run.service": "none",
  "cloudfunctions.v2": "none",
  "cloudfunctions.gen1": "none",
};

/** The sizes that are advised, and why others are not; `unready`: advised, but the dataset does not say enough to write it. */
export function sizeProposals(sizing: Sizing): { proposals: Proposal[]; refused: Refused[]; unready: Refused[] } {
  const advised = sizing.functions.filter((one) => one.change !== null);
  return {
    proposals: advised.flatMap((one) => sizeProposal(one) ?? []),
    refused: sizing.functions.flatMap(({ fn, refusal }) => (refusal === null ? [] : [{ name: fn, why: refusal }])),
    unready: advised
      .filter((one) => sizeProposal(one) === null)
      .map(({ fn, cloud }) => ({
        name: fn,
        why: `its ${cloud === "aws" ? "ARN" : "resource ID"} or present size is not in the dataset: evscope collect`,
      })),
  };
}

/** null: there is nothing to write, or not known where. */
export function sizeProposal(advice: SizingAdvice): Proposal | null {
  const { cloud, account, region, kind, resource, fn, change } = advice;
  if (change === null || kind === null || resource === null || account === null || region === null) return null;
  if (Object.values(change.before).includes(null)) return null;
  return {
    topic: "memory",
    cloud,
    account,
    region,
    kind,
    resource,
    name: fn,
    before: change.before,
    after: change.after,
    danger: DANGER[kind],
    group: null,
    first: [],
    reasons: reasons(advice),
    expected: expectation(advice),
  };
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
