/** Which functions the configuration connects with anything: those that an event can reach or that send one on. */
import type { Config } from "../../model/records.ts";
import { arnOf, functionOf } from "./names.ts";
import { list, text } from "./schema.ts";

/**
 * Functions named by triggers, rules, pipes, targets and state machines, and those with a dead-letter target. A function that only people or
 * an API call is not among them: no configuration that evscope reads tells of it. Empty: nothing is known of the topology.
 */
export function connectedFunctions(configs: readonly Config[]): Set<string> {
  const found = new Set<string>();
  const add = (arn: string | null): void => {
    const name = arnOf(arn) === null ? null : functionOf(arn)?.fn;
    if (name) found.add(name);
  };
  for (const one of configs) {
    if (one.cloud !== "aws") continue;
    add(one.from);
    add(one.to);
    add(text(one.settings["enrichment"]));
    add(text(one.settings["onFailure"]));
    if (one.kind === "workflow") for (const arn of list(one.settings["functions"])) add(text(arn));
    if (one.kind === "function" && one.settings["deadLetterArn"] !== undefined) found.add(one.name);
  }
  return found;
}
