/** Which memory sizes a probe tries. */
import { probePlan } from "../../analyzer/sizing/index.ts";
import { rooms } from "../../clouds/index.ts";
import { UserError } from "../../model/errors.ts";
import type { LiveResource } from "../../model/plan.ts";
import type { SizingAdvice } from "../../model/sizing.ts";
import type { Mib } from "../../model/units.ts";

const MOST_SIZES = 6;

/**
 * The user's own sizes, or those that the advice wants to know, or three that span what is allowed. Ascending. Without a known need for memory none is
 * smaller than the current one: a run that is out of memory measures nothing. Throws UserError for a size that is not legal.
 */
export function probeSizes(wanted: readonly Mib[] | null, live: LiveResource, advice: SizingAdvice | null): Mib[] {
  const { min, max } = rooms.aws.limits.find((one) => one.setting === "lambda.memory" && one.appliesTo === null)!;
  if (wanted !== null) {
    const sizes = [...new Set(wanted)].sort((a, b) => a - b);
    const illegal = sizes.find((size) => !Number.isInteger(size) || size < min! || size > max!);
    if (illegal !== undefined) throw new UserError(`${illegal} MiB is no legal memory size: ${min} to ${max}`);
    if (sizes.length === 0 || sizes.length > MOST_SIZES) throw new UserError(`a probe takes 1 to ${MOST_SIZES} different sizes`);
    return sizes;
  }
  const current = live.settings["memoryMib"];
  const currentMib = typeof current === "number" ? current : 128;
  const floorMib = advice?.floorMib ?? currentMib;
  const planned = advice?.probeMib ?? [];
  // three sizes make a probe an experiment of its own (tier 3); the plan leaves out those that history knows
  const plan = planned.length >= 3 ? planned : probePlan({ measured: [], currentMib, floorMib, mostMib: max!, multiThreaded: false });
  return [...new Set(plan)].sort((a, b) => a - b);
}
