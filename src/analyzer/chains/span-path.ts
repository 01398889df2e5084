/**
 * Critical path of one X-Ray trace: the longest path of FIRM (Qiu et al., OSDI 2020) as ServiBench refined it for X-Ray
 * (https://github.com/ServiBench/ReplicationPackage, servi-bench/sb/aws_trace_analyzer.py, Apache-2.0), so that figures compare.
 * Times may step back where two clocks disagree (a child that ends after the call that waits for it); they are not smoothed.
 */
import type { BreakdownCategory } from "../../model/chains.ts";
import type { Span } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { categoryOf } from "./category.ts";
import { isAsync } from "./awaited.ts";

/** A stretch of the path by absolute times. `at`: the span it is spent in; for the way to a triggered span, that one. */
export interface SpanStretch {
  at: Span;
  from: EpochMs;
  to: EpochMs;
  category: BreakdownCategory;
}

/** The tree of a trace's spans. All are finished. */
interface Tree {
  parent: Map<Span, Span>;
  children: Map<Span, Span[]>;
  root: Span;
  last: Span;
}

export interface SpanPath {
  stretches: SpanStretch[];
  /** The path came back to the root: the caller waited for everything. */
  backAtRoot: boolean;
}

const end = (span: Span): EpochMs => span.endedAt!;

/** null: not one finished tree whose root starts first (in progress, parent missing, several roots, a cycle), or the steps do not connect. */
export function spanPath(spans: readonly Span[]): SpanPath | null {
  const tree = treeOf(spans);
  if (tree === null) return null;
  const stretches = stretchesOf(tree, longestPath(tree));
  if (stretches === null || stretches.length === 0) return null;
  const connected = stretches.every((s, i) => i === 0 || Math.abs(s.from - stretches[i - 1]!.to) < 1e-3);
  return connected ? { stretches, backAtRoot: stretches.at(-1)!.at === tree.root } : null;
}

function treeOf(spans: readonly Span[]): Tree | null {
  const byId = new Map(spans.map((s) => [s.spanId, s]));
  const parent = new Map<Span, Span>();
  const children = new Map<Span, Span[]>();
  let root: Span | null = null;
  let last: Span | null = null;
  for (const span of inDocumentOrder(spans, byId)) {
    if (span.endedAt === null || span.inProgress) return null;
    if (last === null || span.endedAt > end(last)) last = span;
  }
  for (const span of [...spans].sort((a, b) => orderOf(a) - orderOf(b))) {
    if (span.parentSpanId === null) {
      if (root !== null) return null;
      root = span;
      continue;
    }
    const up = byId.get(span.parentSpanId);
    if (!up) return null;
    parent.set(span, up);
    const siblings = children.get(up);
    if (siblings) siblings.push(span);
    else children.set(up, [span]);
  }
  if (root === null || last === null || spans.some((s) => s.startedAt < root.startedAt)) return null;
  for (const list of children.values()) list.sort((a, b) => end(a) - end(b) || a.startedAt - b.startedAt);
  const tree = { parent, children, root, last };
  return reaches(tree) === spans.length ? tree : null;
}

/** Order breaks ties of equal times as upstream does: as in the documents, a segment's parent at the latest with its first child. */
function inDocumentOrder(spans: readonly Span[], byId: ReadonlyMap<string, Span>): Set<Span> {
  const ordered = new Set<Span>();
  for (const span of [...spans].sort((a, b) => orderOf(a) - orderOf(b))) {
    ordered.add(span);
    const parent = span.parentSpanId === null ? undefined : byId.get(span.parentSpanId);
    if (parent) ordered.add(parent);
  }
  return ordered;
}

function orderOf(span: Span): number {
  const order = span.attributes["xray.order"];
  return typeof order === "number" ? order : 0;
}

function reaches(tree: Tree): number {
  const open = [tree.root];
  let count = 0;
  while (open.length > 0) {
    count++;
    open.push(...(tree.children.get(open.pop()!) ?? []));
  }
  return count;
}

/** Spans along the path, in order. Own stack instead of recursion: traces may be deep. */
function longestPath(tree: Tree): Span[] {
  // from the root to the span that ends last: asynchronous calls are followed only along it
  const toLast: Span[] = [];
  for (let at: Span | undefined = tree.last; at; at = tree.parent.get(at)) toLast.push(at);
  const path: Span[] = [];
  const frames: { span: Span; children: Span[]; next: number }[] = [];
  const enter = (span: Span): void => {
    path.push(span);
    const children = tree.children.get(span) ?? [];
    if (children.length === 0) return;
    if (toLast.at(-1) === span) toLast.pop();
    frames.push({ span, children, next: 0 });
  };
  enter(tree.root);
  while (frames.length > 0) {
    const frame = frames.at(-1)!;
    const lastReturning = frame.children.at(-1)!;
    const waited = end(path.at(-1)!) <= end(frame.span);
    if (frame.next < frame.children.length) {
      const child = frame.children[frame.next++]!;
      if (end(child) <= lastReturning.startedAt && waited) enter(child);
    } else if (frame.next === frame.children.length) {
      frame.next++;
      if (isAsync(frame.span, lastReturning) ? toLast.at(-1) === lastReturning : waited) enter(lastReturning);
    } else frames.pop();
  }
  return path;
}

function stretchesOf(tree: Tree, path: readonly Span[]): SpanStretch[] | null {
  const out: SpanStretch[] = [];
  const category = (span: Span): BreakdownCategory => categoryOf(span, (s) => tree.parent.get(s) ?? null);
  const put = (at: Span, from: EpochMs, to: EpochMs, as: BreakdownCategory = category(at)): void =>
    void out.push({ at, from, to, category: as });
  const climb = (from: Span, goOn: (parent: Span, current: Span) => boolean): Span => {
    let current = from;
    for (let up = tree.parent.get(current); up && goOn(up, current); up = tree.parent.get(current)) {
      put(up, end(current), end(up));
      current = up;
    }
    return current;
  };
  // the function whose cold start was just told
  let started: Span | null = null;
  for (let i = 0; i < path.length; i++) {
    let span = path[i]!;
    let next = path[i + 1];
    for (let init = initOf(tree, next); next && init; init = initOf(tree, next)) {
      // initialisation lies before its function's segment: container start, runtime start, then the function
      put(span, span.startedAt, init.startedAt, "container_initialization");
      put(init, init.startedAt, end(init), "runtime_initialization");
      put(span, end(init), next.startedAt);
      i += 2;
      span = next;
      next = path[i + 1];
      started = span;
    }
    if (!next) {
      put(span, span.startedAt, end(span));
      climb(span, (up, current) => (span === started ? end(up) >= end(current) : !isAsync(up, current)));
      break;
    }
    const parent = tree.parent.get(next);
    if (parent && isAsync(parent, next)) {
      const until = Math.min(end(span), next.startedAt);
      put(span, span.startedAt, until);
      put(next, until, next.startedAt, "trigger");
    } else if (parent === span) put(span, span.startedAt, next.startedAt);
    else {
      put(span, span.startedAt, end(span));
      const back = climb(span, (up) => end(up) <= next.startedAt);
      if (!parent) return null;
      put(parent, end(back), next.startedAt);
    }
  }
  return out;
}

function initOf(tree: Tree, span: Span | undefined): Span | null {
  if (span?.origin !== "AWS::Lambda::Function") return null;
  return tree.children.get(span)?.find((c) => c.name === "Initialization") ?? null;
}
