/** Workflow executions: who started one, and which runs did the work of its states. */
import { CLOCK_GRAIN_MS, CONFIDENCE } from "./evidence.ts";
import type { Context } from "./context.ts";
import type { Arcs, Members } from "./edges.ts";
import { type Node, topOf } from "./nodes.ts";

/** A run may be seen to start this long before the history says so (two clocks of one cloud), or after. */
const SLACK_MS = 100;

export function executionArcs(ctx: Context, members: Members, found: Arcs): void {
  for (const workflow of members.nodes) {
    if (workflow.kind !== "workflow") continue;
    const states = (ctx.nodes.partsOf.get(workflow) ?? []).filter((n) => n.kind === "state");
    for (const state of states) stateArc(workflow, state, found);
    const tasks = taskArcs(ctx, members, workflow, states, found);
    starterArc(ctx, members, workflow, tasks, found);
  }
}

function stateArc(workflow: Node, state: Node, found: Arcs): void {
  found.add({
    from: workflow,
    to: state,
    kind: "parent",
    confidence: CONFIDENCE.parent,
    invocation: "sync",
    channel: null,
    sentAt: null,
    receivedAt: state.firstAt,
    carrier: null,
    causeAt: null,
    answeredAt: null,
  });
}

function taskArcs(ctx: Context, members: Members, workflow: Node, states: readonly Node[], found: Arcs): Set<Node> {
  const tasks = new Set<Node>();
  const arc = (from: Node, to: Node, confidence: number): void => {
    tasks.add(to);
    found.add({
      from,
      to,
      kind: "execution",
      confidence,
      invocation: "sync",
      channel: null,
      sentAt: from.kind === "state" ? from.firstAt : null,
      receivedAt: to.firstAt,
      carrier: null,
      causeAt: null,
      answeredAt: null,
    });
  };
  for (const state of states) {
    if (state.requestId === null) continue;
    const run = ctx.nodes.byRequest.get(state.requestId)?.find((n) => members.set.has(n));
    if (run) arc(state, run, CONFIDENCE.execution);
  }
  const carriers = new Set(ctx.members.tokens.get(workflow.id)?.carriers);
  const senders = new Set((ctx.sentBy.get(workflow.id) ?? []).map((s) => topOf(s.node)));
  for (const run of members.nodes) {
    if (run.kind !== "function" || tasks.has(run) || senders.has(run) || run.received.length > 0 || !within(workflow, run)) continue;
    const running = states.filter((s) => s.spans[0]?.fn !== null && s.spans[0]?.fn === run.fn && within(s, run));
    const named = carriers.has(run);
    if (running.length === 1) arc(running[0]!, run, named ? CONFIDENCE.execution : 0.8);
    // several states of one function at once (Map): which one does not matter to the execution
    else if (running.length > 1 || (named && startsIn(workflow, run))) arc(workflow, run, named ? CONFIDENCE.execution : 0.8);
  }
  return tasks;
}

function within(outer: Node, run: Node): boolean {
  const end = outer.spans.every((s) => s.endedAt !== null) ? outer.lastAt : Number.POSITIVE_INFINITY;
  return run.firstAt >= outer.firstAt - SLACK_MS && run.firstAt <= end + SLACK_MS;
}

function startsIn(workflow: Node, run: Node): boolean {
  return run.firstAt > workflow.firstAt + CLOCK_GRAIN_MS;
}

/** Executions that this one names and that were under way when it began: Step Functions tells a nested execution who started it. */
function namedBy(ctx: Context, members: Members, workflow: Node): Node[] {
  const named = new Set<Node>();
  for (const node of [workflow, ...(ctx.nodes.partsOf.get(workflow) ?? [])]) {
    for (const token of ctx.members.tokens.of(node)) {
      const other = token.execution ? ctx.nodes.byExecution.get(token.value) : undefined;
      if (!other || other === workflow || !members.set.has(other)) continue;
      if (other.firstAt <= workflow.firstAt && other.lastAt >= workflow.firstAt) named.add(other);
    }
  }
  return [...named];
}

/** The starter logged the execution ARN and began before it; refused where two did. */
function starterArc(ctx: Context, members: Members, workflow: Node, tasks: ReadonlySet<Node>, found: Arcs): void {
  const sent = (ctx.sentBy.get(workflow.id) ?? []).filter((s) => members.set.has(s.node));
  const senders = [...new Set(sent.map((s) => topOf(s.node)))];
  const carriers = ctx.members.tokens.get(workflow.id)?.carriers ?? [];
  const before = carriers.filter(
    (n) =>
      n !== workflow &&
      (n.kind === "function" || n.kind === "workflow") &&
      members.set.has(n) &&
      !tasks.has(n) &&
      // executions of one service share its clock: the child names its parent too, and is the later one
      (n.kind === "workflow" ? n.firstAt <= workflow.firstAt && n.lastAt >= workflow.firstAt : n.firstAt <= workflow.firstAt + SLACK_MS),
  );
  const starters = senders.length > 0 ? senders : before.length > 0 ? before : namedBy(ctx, members, workflow);
  if (starters.length !== 1) return;
  found.add({
    from: starters[0]!,
    to: workflow,
    kind: "execution",
    confidence: CONFIDENCE.execution,
    invocation: "async",
    channel: null,
    sentAt: workflow.firstAt,
    receivedAt: workflow.firstAt,
    carrier: "workflow",
    causeAt: null,
    answeredAt: null,
  });
}
