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
  spanId: string | null;
  at: EpochMs;
}

interface Group {
  requests: Invocation[];
  /** Records of the same service and trace that do not say which request they belong to. */
  held: Held[];
  /** Execution IDs that lines of this service and trace carry, by span where they say it. */
  executions: Set<string>;
  bySpan: Map<string, string>;
}

interface Instance {
  firstStartedAt: EpochMs;
  firstId: string;
  isNew: boolean;
  faults: { at: EpochMs; fact: PlatformFact }[];
}

const HELD = 50_000;
const INSTANCES = 50_000;
/** How long after the end of a request the platform may still write the reason of its failure. */
const LATE_MS = 2_000;

export interface RequestJoiner {
  request(invocation: Invocation): void;
  /** A record with a trace; `executionId` where it names its request itself. */
  line(record: LogEvent | Message, trace: { fn: string; traceId: string; spanId: string | null; executionId: string | null }): void;
  /** A platform line about an instance. */
  instance(instanceId: string, at: EpochMs, fact: PlatformFact): void;
  end(): void;
}

/** Joins requests with their lines; gives every record out exactly once. */
export function requestJoiner(give: (record: Invocation | LogEvent | Message) => void): RequestJoiner {
  const groups = new Map<string, Group>();
  const instances = new Map<string, Instance>();
  let count = 0;

  function groupOf(account: string | null, fn: string, traceId: string): Group {
    const key = `${account}|${fn}|${traceId}`;
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { requests: [], held: [], executions: new Set(), bySpan: new Map() }));
    return group;
  }

  function held(): void {
    count++;
    if (count <= HELD) return;
    for (const [key, group] of groups) {
      groups.delete(key);
      count -= group.held.length + group.requests.length;
      flush(group);
      if (count <= HELD * 0.8) return;
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
    nameRequests(group);
    for (const request of group.requests) give(withInstance(request, request.stream === null ? undefined : instances.get(request.stream)));
    for (const { record, spanId, at } of group.held) give({ ...record, requestId: requestIdOf(group, spanId, at) });
  }

  return {
    request(invocation) {
      if (invocation.stream !== null) {
        const instance = instanceOf(invocation.stream);
        if (invocation.startedAt < instance.firstStartedAt) {
          instance.firstStartedAt = invocation.startedAt;
          instance.firstId = invocation.requestId;
        }
      }
      groupOf(invocation.account, invocation.fn, invocation.traceId ?? `id:${invocation.requestId}`).requests.push(invocation);
      held();
    },
    line(record, { fn, traceId, spanId, executionId }) {
      const group = groupOf(record.account, fn, traceId);
      if (executionId === null) {
        group.held.push({ record, spanId, at: record.at });
        held();
        return;
      }
      group.executions.add(executionId);
      if (spanId !== null) group.bySpan.set(spanId, executionId);
      give(record);
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

  function withInstance(request: Invocation, instance: Instance | undefined): Invocation {
    if (instance === undefined) return request;
    const isFirst =
      instance.firstStartedAt === request.startedAt &&
      (instance.firstId === request.requestId || request.ids.some((id) => id.value === instance.firstId));
    const coldStart = instance.isNew ? isFirst : null;
    const limitMib = instance.faults.find(({ fact }) => fact.limitMib !== null)?.fact.limitMib ?? null;
    const fault =
      request.outcome === "error"
        ? instance.faults.find(({ at }) => at >= request.startedAt && at <= (request.endedAt ?? request.startedAt) + LATE_MS)
        : undefined;
    return {
      ...request,
      coldStart,
      memoryMib: request.memoryMib ?? limitMib,
      maxMemoryMib: fault?.fact.usedMib ?? request.maxMemoryMib,
      outcome: fault === undefined ? request.outcome : fault.fact.oom ? "oom" : "timeout",
      errorType: fault?.fact.oom ? "memory limit exceeded" : request.errorType,
    };
  }
}

/** Gives requests the execution ID that their lines carry; the trace and span stay findable. */
function nameRequests(group: Group): void {
  for (const request of group.requests) {
    const bySpan = request.spanId === null ? undefined : group.bySpan.get(request.spanId);
    const only = group.requests.length === 1 && group.executions.size === 1 ? [...group.executions][0] : undefined;
    const execution = bySpan ?? only;
    const own = request.requestId;
    if (execution !== undefined && own.includes("/")) request.requestId = execution;
    if (request.traceId === null || request.spanId === null) continue;
    const traced = `${request.traceId}/${request.spanId}`;
    if (request.requestId !== traced) addId(request.ids, { kind: "request", value: traced });
  }
}

/** The request that a line of the same service and trace belongs to; null: several fit. */
function requestIdOf(group: Group, spanId: string | null, at: EpochMs): string | null {
  const bySpan = group.requests.find((request) => request.spanId !== null && request.spanId === spanId);
  if (bySpan) return bySpan.requestId;
  if (group.requests.length === 1) return group.requests[0]!.requestId;
  const running = group.requests.filter((request) => at >= request.startedAt && request.endedAt !== null && at <= request.endedAt);
  if (running.length === 1) return running[0]!.requestId;
  if (group.requests.length > 1) return null;
  return group.executions.size === 1 ? [...group.executions][0]! : null;
}
