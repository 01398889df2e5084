/** Cloud Trace v1: traces.list (https://cloud.google.com/trace/docs/reference/v1/rest/v1/projects.traces/list). */
import type { Obj } from "./protos.ts";
import { Refused } from "./refused.ts";
import { paged, type World } from "./world.ts";

export function listTraces(world: World, _project: string, query: Obj): Obj {
  const { startTime, endTime, filter = "", view = "MINIMAL", orderBy = "" } = query;
  for (const time of [startTime, endTime])
    if (time !== undefined && Number.isNaN(Date.parse(time)))
      throw new Refused("INVALID_ARGUMENT", `Invalid value at 'start_time': ${time}`);
  if (!/^(MINIMAL|ROOTSPAN|COMPLETE|VIEW_TYPE_UNSPECIFIED)$/.test(view))
    throw new Refused("INVALID_ARGUMENT", `Invalid value at 'view': ${view}`);
  if (orderBy !== "" && !/^(trace_id|name|duration|start)( desc)?$/.test(orderBy))
    throw new Refused("INVALID_ARGUMENT", `Invalid order_by: ${orderBy}`);
  const from = startTime === undefined ? Number.NEGATIVE_INFINITY : Date.parse(startTime);
  const to = endTime === undefined ? Number.POSITIVE_INFINITY : Date.parse(endTime);
  const terms = termsOf(filter);
  const found = world.traces.filter((trace) => {
    const spans = trace["spans"] as Obj[];
    const within = spans.some((span) => Date.parse(span["startTime"]) < to && Date.parse(span["endTime"]) >= from);
    return within && terms.every((term) => term(spans));
  });
  const answer = paged(found, "traces", query, 1000, 100);
  const seen = (trace: Obj): Obj => {
    const { spans, ...head } = trace;
    if (view === "COMPLETE") return trace;
    return view === "ROOTSPAN" ? { ...head, spans: (spans as Obj[]).filter((span) => span["parentSpanId"] === undefined) } : head;
  };
  const traces = (answer["traces"] as Obj[]).map(seen);
  // an empty list is left out, as Google does
  return traces.length === 0 ? {} : { ...answer, traces };
}

/** `root:NAME span:NAME +label:value method:GET latency:100ms`: prefixes, exact with `+`. */
function termsOf(filter: string): ((spans: Obj[]) => boolean)[] {
  const terms = filter.match(/\+?[^\s:"]+:(?:"(?:[^"\\]|\\.)*"|\S+)|\S+/g) ?? [];
  return terms.map((term) => {
    const m = /^\^?(\+?)([^:]+):(?:"((?:[^"\\]|\\.)*)"|(\S+))$/.exec(term);
    if (m === null) throw new Refused("INVALID_ARGUMENT", `Invalid filter: ${term}`);
    const [, exact, key, quoted, bare] = m;
    const wanted = (quoted?.replace(/\\(.)/g, "$1") ?? bare)!;
    const is = (value: unknown): boolean => (exact === "+" ? value === wanted : String(value ?? "").startsWith(wanted));
    if (key === "latency")
      return (spans) => spans.some((span) => Date.parse(span["endTime"]) - Date.parse(span["startTime"]) >= Number.parseFloat(wanted));
    if (key === "root") return (spans) => spans.some((span) => span["parentSpanId"] === undefined && is(span["name"]));
    if (key === "span") return (spans) => spans.some((span) => is(span["name"]));
    const label = key === "method" ? "/http/method" : key === "url" ? "/http/url" : key!;
    return (spans) => spans.some((span) => is(span["labels"]?.[label]));
  });
}
