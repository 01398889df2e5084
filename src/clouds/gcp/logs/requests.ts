/**
 * Requests of Cloud Run services and 2nd gen functions. The request log has the time and the status, the function's own lines
 * the execution ID, `varlog/system` the new instances and the memory faults, and they come in any order: all are held per
 * service and trace until the source ends (or too much is held), then joined.
 */
import type { Invocation, LogEvent, Message } from "../../../model/records.ts";
import type { EpochMs } from "../../../model/units.ts";
import { addId } from "../messages/pubsub.ts";
import type { PlatformFact } from "./lines.ts";

interface Held {
  record: LogEvent | Message;
  /** The request that the record names itself. */
  named: string | null;
  spanId: string | null;
}

interface Request {
  invocation: Invocation;
  /** The request log carries the execution ID itself. */
  labelled: boolean;
}

interface Group {
  requests: Request[];
  held: Held[];
}

interface Instance {
  firstStartedAt: EpochMs;
  firstId: string;
  isNew: boolean;
  faults: { at: EpochMs; fact: PlatformFact }[];
}

const HELD = 50_000;
/** Characters of text in held records. */
const HELD_CHARS = 32_000_000;
const INSTANCES = 50_000;
/** How long after the end of a request the platform may still write the reason of its failure. */
const LATE_MS = 2_000;

export interface RequestJoiner {
  /** `labelled`: its request ID is the execution ID that the request log itself carries. */
  request(invocation: Invocation, labelled: boolean): void;
  /** A record of a service's code, with the trace and span of its log entry; its `requestId` is the one that the entry names. */
  line(record: LogEvent | Message, fn: string, traceId: string, spanId: string | null): void;
  /** A platform line about an instance. */
  instance(instanceId: string, at: EpochMs, fact: PlatformFact): void;
  end(): void;
}

/**
 * Joins requests with their lines; gives every record out exactly once. The ID of a request depends on its own entry alone, so that
 * overlapping exports give the same invocations; lines that name it otherwise (an execution ID that the request log lacks) take it over.
 */
export function requestJoiner(give: (record: Invocation | LogEvent | Message) => void): RequestJoiner {
  const groups = new Map<string, Group>();
  const instances = new Map<string, Instance>();
  let count = 0;
  let chars = 0;

  function groupOf(account: string | null, fn: string, traceId: string): Group {
    const key = `${account}|${fn}|${traceId}`;
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { requests: [], held: [] }));
    return group;
  }

  function held(size: number): void {
    count++;
    chars += size;
    if (count <= HELD && chars <= HELD_CHARS) return;
    for (const [key, group] of groups) {
      groups.delete(key);
      flush(group);
      if (count <= HELD * 0.8 && chars <= HELD_CHARS * 0.8) return;
    }
  }

  function instanceOf(id: string): Instance {
    let instance = instances.get(id);
    if (instance === undefined) {
      instances.set(id, (instance = { firstStartedAt: Infinity, firstId: "", isNew: false, faults: [] }));
      if (instances.size > INSTANCES) instances.delete(instances.keys().next().value!);
    }
    return instance;
  }

  function flush(group: Group): void {
    for (const { record, named, spanId } of group.held) {
      const requestId = requestIdOf(group, named, spanId, record.at);
      if (record.type === "log" && named !== null && requestId !== named) addId(record.ids, { kind: "request", value: named });
      give({ ...record, requestId });
      count--;
      chars -= sizeOf(record);
    }
    for (const { invocation } of group.requests) {
      const instance = invocation.stream === null ? undefined : instances.get(invocation.stream);
      give(instance === undefined ? invocation : withInstance(invocation, instance));
      count--;
    }
  }

  return {
    request(invocation, labelled) {
      if (invocation.stream !== null) {
        const instance = instanceOf(invocation.stream);
        if (invocation.startedAt < instance.firstStartedAt) {
          instance.firstStartedAt = invocation.startedAt;
          instance.firstId = invocation.requestId;
        }
      }
      if (invocation.traceId !== null && invocation.spanId !== null && labelled) {
        addId(invocation.ids, { kind: "request", value: `${invocation.traceId}/${invocation.spanId}` });
      }
      groupOf(invocation.account, invocation.fn, invocation.traceId ?? `id:${invocation.requestId}`).requests.push({
        invocation,
        labelled,
      });
      held(0);
    },
    line(record, fn, traceId, spanId) {
      groupOf(record.account, fn, traceId).held.push({ record, named: record.requestId, spanId });
      held(sizeOf(record));
    },
    instance(instanceId, at, fact) {
      const instance = instanceOf(instanceId);
      if (fact.newInstance) instance.isNew = true;
      if (fact.oom || fact.timeout) instance.faults.push({ at, fact });
    },
    end() {
      for (const group of groups.values()) flush(group);
      groups.clear();
      count = 0;
    },
  };
}

function sizeOf(record: LogEvent | Message): number {
  return record.type === "log" ? record.message.length : 0;
}

/** What the instance's platform lines say about one of its requests. */
function withInstance(request: Invocation, instance: Instance): Invocation {
  const isFirst = instance.firstStartedAt === request.startedAt && instance.firstId === request.requestId;
  const limitMib = instance.faults.find(({ fact }) => fact.limitMib !== null)?.fact.limitMib ?? null;
  const until = (request.endedAt ?? request.startedAt) + LATE_MS;
  const fault = request.outcome === "error" ? instance.faults.find(({ at }) => at >= request.startedAt && at <= until) : undefined;
  return {
    ...request,
    coldStart: instance.isNew ? isFirst : null,
    memoryMib: request.memoryMib ?? limitMib,
    maxMemoryMib: fault?.fact.usedMib ?? request.maxMemoryMib,
    outcome: fault === undefined ? request.outcome : fault.fact.oom ? "oom" : "timeout",
    errorType: fault?.fact.oom ? "memory limit exceeded" : request.errorType,
  };
}

/** The request that a record of the same service and trace belongs to; null: it names none and several, or none, fit. */
function requestIdOf(group: Group, named: string | null, spanId: string | null, at: EpochMs): string | null {
  if (group.requests.some(({ invocation }) => invocation.requestId === named)) return named;
  const bySpan = group.requests.find(({ invocation }) => invocation.spanId !== null && invocation.spanId === spanId);
  if (bySpan) return nameOf(bySpan, named);
  // a request that has its own execution ID is not that of a line with another one
  const open = named === null ? group.requests : group.requests.filter(({ labelled }) => !labelled);
  if (open.length === 1) return nameOf(open[0]!, named);
  const running = open.filter(({ invocation }) => at >= invocation.startedAt && invocation.endedAt !== null && at <= invocation.endedAt);
  return running.length === 1 ? nameOf(running[0]!, named) : named;
}

/** Adds the name that a line knows the request by, so that it can be looked up. */
function nameOf({ invocation }: Request, named: string | null): string {
  if (named !== null && named !== invocation.requestId) addId(invocation.ids, { kind: "request", value: named });
  return invocation.requestId;
}
