/** What is wrong with a chain or missing from it, named with its place. */
import type { ChainProblem, Hop } from "../../model/chains.ts";
import { traceIdOf } from "../../model/ids.ts";
import type { Message, Span } from "../../model/records.ts";
import type { Arc, Context } from "./context.ts";
import { type Arcs, type Members, ownMessages, senderOf } from "./edges.ts";
import { asSampled, linkProblems, lostSpanOf, parentProblems } from "./lost-spans.ts";
import { type Node, topOf } from "./nodes.ts";
import type { Open } from "./routing.ts";

/** Codes that say that something of the chain is not there. */
const MISSING: ReadonlySet<ChainProblem["code"]> = new Set(["lost-hop", "missing-parent", "cycle", "in-progress", "cut", "no-end"]);

export function isComplete(problems: readonly ChainProblem[]): boolean {
  return !problems.some((p) => MISSING.has(p.code));
}

export function problemsOf(
  ctx: Context,
  members: Members,
  hops: ReadonlyMap<Node, Hop>,
  found: Arcs,
  closing: ReadonlySet<Arc>,
  open: Open,
): ChainProblem[] {
  return [
    ...hopProblems(members, hops),
    ...cycleProblem(closing),
    ...asSampled(members, parentProblems(ctx, members, found)),
    ...asSampled(members, linkProblems(ctx, members)),
    ...traceProblems(ctx, members),
    ...openProblems(members, open),
    ...asSampled(members, senderProblems(ctx, members, found)),
    ...receiverProblems(ctx, members, found),
    ...taskProblems(members, found),
    ...executionProblems(members),
  ];
}

function hopProblems(members: Members, hops: ReadonlyMap<Node, Hop>): ChainProblem[] {
  const problems: ChainProblem[] = [];
  const add = (code: ChainProblem["code"], hop: Hop, message: string): void => void problems.push({ code, message, hopId: hop.id });
  for (const node of members.nodes) {
    const hop = hops.get(node)!;
    for (const span of node.spans) {
      if (span.inProgress || span.endedAt === null)
        add("in-progress", hop, `${hop.name}: span ${span.spanId} is in progress, its end was not recorded`);
      if (span.parentSpanId === span.spanId) add("cycle", hop, `${hop.name}: span ${span.spanId} names itself as its parent`);
      if (span.fault) add("fault", hop, `${hop.name}: fault${hop.errorType === null ? "" : ` (${hop.errorType})`}`);
      if (span.error && !span.throttle) add("error", hop, `${hop.name}: error${hop.errorType === null ? "" : ` (${hop.errorType})`}`);
      if (span.throttle) add("throttle", hop, `${hop.name}: throttled`);
    }
    if (node.kind !== "function") continue;
    const flagged = node.spans.some((s) => s.fault || s.error || s.throttle);
    const why = hop.errorType === null ? "" : ` (${hop.errorType})`;
    if (hop.outcome === "timeout") add("timeout", hop, `${hop.name}: timed out`);
    else if (hop.outcome === "oom") add("error", hop, `${hop.name}: out of memory`);
    else if (hop.outcome === "throttled" && !flagged) add("throttle", hop, `${hop.name}: throttled`);
    else if (hop.outcome === "error" && !flagged) add("error", hop, `${hop.name}: failed${why}`);
    if (hop.endedAt === null && !node.spans.some((s) => s.inProgress || s.endedAt === null)) add("no-end", hop, noEnd(node, hop));
  }
  return problems;
}

function noEnd(node: Node, hop: Hop): string {
  if (node.invocations.length > 0) return `${hop.name}: started, its end was not seen`;
  return `${hop.name}: seen only in log lines or messages, the platform's own lines are missing`;
}

function cycleProblem(closing: ReadonlySet<Arc>): ChainProblem[] {
  return [...closing].map((arc) => ({
    code: "cycle" as const,
    message: `${arc.from.name} -> ${arc.to.name} closes a circle of causes; this edge is left out`,
    hopId: arc.to.id,
  }));
}

function openProblems(members: Members, open: Open): ChainProblem[] {
  const problems: ChainProblem[] = open.ambiguous.map(({ node, candidates }) => ({
    code: "ambiguous" as const,
    message: `${node.name}: ${candidates.length} hops can have caused it (${names(candidates)}); none is chosen`,
    hopId: node.id,
  }));
  const entries = open.causeless.filter((n) => !open.ambiguous.some((a) => a.node === n));
  for (const node of entries.slice(1)) {
    if (node.received.length > 0 || isEntry(node)) continue;
    const message = `${node.name}: belongs here by its IDs alone, what caused it is not known`;
    problems.push({ code: "ambiguous", message, hopId: node.id });
  }
  if (entries.length === 0 && members.nodes.length > 1 && open.causeless.length > 0) return problems;
  return problems;
}

/** Called from outside by its nature. */
function isEntry(node: Node): boolean {
  const trigger = node.invocations.find((i) => i.trigger !== null)?.trigger ?? null;
  return trigger !== null && /http|api|timer|schedule|alb|url|rest/i.test(trigger);
}

function names(nodes: readonly Node[]): string {
  return [...new Set(nodes.map((n) => n.name))].slice(0, 5).join(", ");
}

/** A received message whose publisher is not among the chain's hops. The chain's first hop may well be fed from outside. */
function senderProblems(ctx: Context, members: Members, found: Arcs): ChainProblem[] {
  const caused = new Set(
    found
      .all()
      .filter((a) => a.kind !== "retry" && a.kind !== "time")
      .map((a) => a.to),
  );
  // a further delivery of one message: the first one says that its publisher is not known
  const again = new Set(
    found
      .all()
      .filter((a) => a.kind === "retry")
      .map((a) => a.to),
  );
  const first = members.nodes
    .filter((n) => n.kind === "function")
    .reduce<Node | null>((a, b) => (a === null || b.firstAt < a.firstAt ? b : a), null);
  const problems: ChainProblem[] = [];
  for (const node of members.nodes) {
    if (node.kind !== "function" || node === first || caused.has(node) || again.has(node)) continue;
    const messages = ownMessages(ctx, members, node, "received");
    const lost = messages.find((m) => senderOf(ctx, members, node, m) === null && !sentFromOutside(m.channelKind));
    if (!lost) continue;
    const what = lost.eventName ?? lost.messageId ?? "a message";
    const span = lostSpanOf(ctx, node);
    const why = span === null ? "" : `, and the run's own span ${span}, which would name it, is not in the records`;
    problems.push({
      code: "lost-hop",
      message: `${node.name} received ${what} on ${lost.channel ?? lost.channelKind}; who published it was not seen${why}`,
      hopId: node.id,
    });
  }
  return problems;
}

function sentFromOutside(kind: string): boolean {
  return kind === "http" || kind === "schedule";
}

/** A message that a function should have received by configuration, or because another function of its rule did. */
function receiverProblems(ctx: Context, members: Members, found: Arcs): ChainProblem[] {
  const seen = messagesSeen(ctx, members);
  const present = new Set(members.nodes.flatMap((n) => (n.kind === "function" && n.fn !== null ? [n.fn] : [])));
  const reached = new Map<Node, Set<string>>();
  for (const arc of found.all()) {
    if (arc.to.fn === null) continue;
    const known = reached.get(topOf(arc.from));
    if (known) known.add(arc.to.fn);
    else reached.set(topOf(arc.from), new Set([arc.to.fn]));
  }
  const problems: ChainProblem[] = [];
  const told = new Set<string>();
  for (const { message, sender, receivers } of seen.values()) {
    const expected = new Set<string>();
    for (const fn of receivers) for (const sibling of ctx.topology.siblingTargets(fn)) expected.add(sibling);
    if (receivers.size === 0 && message.channelKind === "queue" && message.channel !== null)
      for (const fn of ctx.topology.functionsFed(message.channel)) expected.add(fn);
    for (const fn of expected) {
      const got =
        receivers.has(fn) || (sender !== null && reached.get(sender)?.has(fn) === true) || (present.has(fn) && receivers.size > 0);
      if (got || told.has(fn)) continue;
      told.add(fn);
      const what = message.eventName ?? message.messageId ?? "a message";
      const where = message.channel ?? message.channelKind;
      problems.push({
        code: "lost-hop",
        message: `${fn} receives ${what} from ${where} by configuration; no run of it was seen`,
        hopId: sender?.id ?? null,
      });
    }
  }
  for (const fn of present) {
    for (const sibling of ctx.topology.siblingTargets(fn)) {
      if (present.has(sibling) || told.has(sibling)) continue;
      told.add(sibling);
      problems.push({
        code: "lost-hop",
        message: `${sibling} receives the same events as ${fn} by configuration; no run of it was seen`,
        hopId: null,
      });
    }
  }
  return problems;
}

interface Seen {
  message: Message;
  sender: Node | null;
  receivers: Set<string>;
}

/** Messages of the chain by their transport ID, with who sent and who received them. Replays go where they are sent. */
function messagesSeen(ctx: Context, members: Members): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  const note = (node: Node, message: Message): Seen | null => {
    if (message.messageId === null || message.replay !== null || message.deadLetter) return null;
    let known = seen.get(message.messageId);
    if (!known) seen.set(message.messageId, (known = { message, sender: null, receivers: new Set() }));
    if (message.direction === "published") {
      known.sender = topOf(node);
      known.message = message;
    } else if (node.fn !== null) known.receivers.add(node.fn);
    return known;
  };
  for (const node of members.nodes) {
    for (const side of ["published", "received"] as const) for (const m of ownMessages(ctx, members, node, side)) note(node, m);
    for (const line of node.lines)
      for (const id of line.ids) if (node.fn !== null && seen.get(id.value)?.sender !== node) seen.get(id.value)?.receivers.add(node.fn);
  }
  return seen;
}

/** A state that ran a function of which nothing was seen. */
function taskProblems(members: Members, found: Arcs): ChainProblem[] {
  const problems: ChainProblem[] = [];
  const ran = new Set(found.all().flatMap((a) => (a.kind === "execution" && a.from.kind === "state" ? [a.from] : [])));
  for (const state of members.nodes) {
    const span = state.spans[0];
    if (state.kind !== "state" || !span || ran.has(state) || !isFunctionTask(span)) continue;
    const within = members.nodes.some(
      (n) =>
        n.kind === "function" &&
        (span.fn === null ? state.owner !== null && found.has(state.owner, n) : n.fn === span.fn) &&
        (n.invocations.length > 0 || n.lines.length > 0) &&
        n.firstAt >= span.startedAt - 100 &&
        n.firstAt <= (span.endedAt ?? Number.POSITIVE_INFINITY) + 100 &&
        n.received.length === 0,
    );
    if (within) continue;
    const what = span.fn ?? "a function";
    problems.push({ code: "lost-hop", message: `${what}: state ${state.name} ran it; no telemetry of the run was seen`, hopId: state.id });
  }
  return problems;
}

/** A task that calls a function, as far as its history says: a lost line may have said what it called. */
function isFunctionTask(span: Span): boolean {
  const resource = span.attributes["sfn.resource"];
  if (span.fn !== null) return true;
  return span.attributes["sfn.type"] === "Task" && (typeof resource !== "string" || /lambda/i.test(resource));
}

/** A workflow whose states or starter are known, but not its own history. */
function executionProblems(members: Members): ChainProblem[] {
  return members.nodes
    .filter((n) => n.kind === "workflow" && n.spans.length === 0)
    .map((n) => ({ code: "cut" as const, message: `${n.name}: the history of its execution is cut`, hopId: n.id }));
}

/** Traces of the chain that the tracer says it did not keep or give out whole (`what` of such a gap is `trace <id>`). */
function traceProblems(ctx: Context, members: Members): ChainProblem[] {
  const gaps = ctx.records.gaps.filter((g) => g.what.startsWith("trace "));
  if (gaps.length === 0) return [];
  const traces = new Set(members.nodes.flatMap((n) => n.spans.map((s) => s.traceId)));
  const own = gaps.filter((g) => traces.has(traceIdOf(g.what.slice(6)) ?? g.what.slice(6)));
  const messages = new Set(own.map((g) => `${g.what} is not whole: ${g.why}`));
  return [...messages].map((message) => ({ code: "cut", message, hopId: null }));
}
