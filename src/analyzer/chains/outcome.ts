/** How a chain ended. */
import type { Hop } from "../../model/chains.ts";
import type { Outcome } from "../../model/records.ts";
import type { Arc } from "./context.ts";
import type { Members } from "./edges.ts";
import { type Node, topOf } from "./nodes.ts";

const BAD: readonly Outcome[] = ["timeout", "oom", "error", "throttled"];

/** The worst outcome that no later attempt, delivery or handler made good; unknown where an end is missing. */
export function outcomeOf(members: Members, hops: ReadonlyMap<Node, Hop>, kept: readonly Arc[]): Outcome {
  const repeated = new Set(kept.filter((a) => a.kind === "retry").map((a) => a.from));
  const workflowOf = new Map<Node, Node>();
  for (const arc of kept) {
    const from = topOf(arc.from);
    if (from.kind === "workflow" && arc.kind !== "retry") workflowOf.set(arc.to, from);
  }
  const seen = new Set<Outcome>();
  for (const node of members.nodes) {
    if (node.kind !== "function" && node.kind !== "workflow") continue;
    const workflow = workflowOf.get(node);
    // a workflow that went on to succeed has dealt with its task's failure
    if (repeated.has(node) || (workflow && hops.get(workflow)?.outcome === "ok")) continue;
    seen.add(hops.get(node)!.outcome);
  }
  for (const node of entryServices(members, kept)) {
    const { outcome } = hops.get(node)!;
    if (BAD.includes(outcome)) seen.add(outcome);
  }
  return BAD.find((o) => seen.has(o)) ?? (seen.has("unknown") || seen.size === 0 ? "unknown" : "ok");
}

/** Services that were called from outside, such as a gateway: their failure is the answer that the caller had. */
function entryServices(members: Members, kept: readonly Arc[]): Node[] {
  const caused = new Set(kept.filter((a) => topOf(a.from) !== topOf(a.to)).map((a) => topOf(a.to)));
  return members.nodes.filter((node) => node.kind === "service" && !caused.has(node));
}
