/** What evscope would change, of every kind, for the report. */
import type { CostReport, Recommended } from "../../model/cost-report.ts";
import { UserError } from "../../model/errors.ts";
import type { Proposal, Topic } from "../../model/proposal.ts";
import { shellWord } from "../../model/shell-word.ts";
import { adviceOn, type AdviceOptions } from "../advice.ts";
import type { Reach } from "../apply.ts";

const COMMANDS: { [topic in Topic]: string } = {
  memory: "rightsize --function",
  filters: "filters --function",
  batching: "batching --function",
  ttl: "ttl --name",
};

/** The greatest saving first. A topic that cannot be judged is among `notAdvised` with the reason. */
export async function advised(
  topics: readonly Topic[],
  dataDir: string,
  options: AdviceOptions,
  reach: Reach,
): Promise<Pick<CostReport, "recommendations" | "notAdvised">> {
  const recommendations: Recommended[] = [];
  const notAdvised: CostReport["notAdvised"] = [];
  for (const topic of topics) {
    reach.world.signal.throwIfAborted();
    try {
      const { proposals, refused, unready } = await adviceOn([topic], dataDir, options, reach);
      recommendations.push(...proposals.map((one) => recommended(one, reach.again ?? "")));
      notAdvised.push(...counted(topic, [...refused, ...unready]));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      notAdvised.push({ topic, count: 0, why: error.message });
    }
  }
  recommendations.sort((a, b) => (b.savingUsdPerMonth?.p50 ?? 0) - (a.savingUsdPerMonth?.p50 ?? 0) || (a.name < b.name ? -1 : 1));
  return { recommendations, notAdvised };
}

function recommended(proposal: Proposal, again: string): Recommended {
  const { topic, cloud, name, before, after, danger, reasons, expected } = proposal;
  const command = `evscope ${COMMANDS[topic]} ${shellWord(expected?.watched ?? name)} --apply${again}`;
  return { topic, cloud, name, before, after, danger, savingUsdPerMonth: expected?.savingUsdPerMonth ?? null, reasons, command };
}

/** By reason, the commonest first. */
function counted(topic: Topic, refused: readonly { why: string }[]): CostReport["notAdvised"] {
  const counts = new Map<string, number>();
  for (const { why } of refused) counts.set(why, (counts.get(why) ?? 0) + 1);
  return [...counts].map(([why, count]) => ({ topic, count, why })).sort((a, b) => b.count - a.count);
}
