/** Advice to change a store, as the proposal that a plan is made of. */
import type { Danger, Interval, Settings } from "../../model/plan.ts";
import type { WrittenKind } from "../../model/proposal.ts";
import type { Config } from "../../model/records.ts";
import type { RetentionAdvice } from "../../model/retention.ts";

/** Regions of clouds whose connections reach all of them. */
const EVERYWHERE = "*";

/** What is written to. null: the description does not say whose it is. */
export function targetOf(
  config: Config,
  kind: WrittenKind,
  resource: string = config.resource,
  name: string = config.name,
): RetentionAdvice["target"] {
  const { cloud, account } = config;
  const region = config.region ?? (cloud === "aws" ? null : EVERYWHERE);
  return account === null || region === null ? null : { cloud, account, region, kind, resource, name };
}

interface Wanted {
  before: Settings;
  after: Settings;
  /** In the words of the store. */
  proposed: string;
  /** null: not known. */
  saving: Interval | null;
  effects: readonly string[];
  danger: Danger;
  first: string[];
  reasons: string[];
}

/** The advice with its proposal; where nothing says what to write to, a refusal. */
export function proposalOf(advice: RetentionAdvice, wanted: Wanted): RetentionAdvice {
  const { before, after, proposed, saving, danger, first, reasons } = wanted;
  const effects = [...advice.effects, ...wanted.effects];
  if (advice.target === null) return { ...advice, effects, refusal: "its account or region is not known: nothing can be written" };
  return {
    ...advice,
    proposed,
    savingUsdPerMonth: saving,
    effects,
    danger,
    proposals: [
      {
        ...advice.target,
        topic: "ttl",
        before,
        after,
        danger,
        group: null,
        first,
        reasons: [...reasons, ...effects],
        expected: {
          durationMs: null,
          savingUsdPerMonth: saving,
          before: {
            errorShare: null,
            timeoutShare: null,
            meanDurationMs: null,
            invocationsPerDay: null,
            usdPerMonth: advice.storageUsdPerMonth,
            memoryMib: null,
          },
        },
      },
    ],
  };
}
