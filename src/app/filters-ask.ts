/** Before a filter is proposed the cloud itself is asked, where it can be: AWS says for free whether a pattern matches an event. */
import type { Considered } from "../analyzer/filters/index.ts";
import { UserError } from "../model/errors.ts";
import type { FilterSurvey } from "../model/filters.ts";
import type { Reach } from "./apply.ts";
import { scopeFor } from "./doors.ts";
import { withSessions } from "./live.ts";
import { covers } from "./targets.ts";

/**
 * The survey without filters that a cloud refuses or reads otherwise than evscope does. Where no session leads to the resource, or its cloud
 * offers no such call, the advice stays as it is. Throws UserError where no target can be reached.
 */
export async function askClouds(survey: FilterSurvey, considered: readonly Considered[], reach: Reach): Promise<FilterSurvey> {
  const open = considered.filter(({ advice, sample }) => advice.target !== null && advice.proposals.length > 0 && sample.length > 0);
  if (open.length === 0) return survey;
  const refs = open.map(({ advice }) => advice.target!);
  const scope = scopeFor(refs, reach.settings, reach.flags, reach.env, reach.world.clock.now());
  const refused = new Map<Considered, string>();
  await withSessions(scope, reach.world, async ({ sessions }) => {
    for (const one of open) {
      const session = sessions.find(({ target, account }) => covers({ ...target, account }, one.advice.target!));
      if (session?.askFilter === undefined || one.advice.grammar !== "eventbridge") continue;
      const why = await objectionOf(one, session.askFilter);
      if (why !== null) refused.set(one, why);
    }
  });
  const advice = considered.map((one) => {
    const refusal = refused.get(one);
    return refusal === undefined ? one.advice : { ...one.advice, refusal, proposals: [] };
  });
  return { ...survey, advice };
}

async function objectionOf(
  { advice, sample }: Considered,
  ask: (event: Considered["sample"][number]["event"], filter: string) => Promise<boolean>,
): Promise<string | null> {
  try {
    for (const { event, kept } of sample) {
      if ((await ask(event, advice.proposed!)) === kept) continue;
      return `${advice.cloud} says that the filter ${kept ? "drops" : "keeps"} a recorded event that evscope takes to be ${kept ? "kept" : "dropped"}: this is a bug of evscope, please report it`;
    }
    return null;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${advice.cloud} could not be asked about the filter: ${error.message}`;
  }
}
