/** Step Functions: GetExecutionHistory and DescribeExecution answers, and the events that state machines write to CloudWatch Logs. */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { Json, Span } from "../../model/records.ts";
import { type Execution, historyEvents, historySpans } from "./history.ts";
import { factReader, type FactReader } from "./line-facts.ts";
import { recorded } from "./recorded.ts";
import { firstText, list, moment, obj, type Obj, text } from "./schema.ts";

export const stepFunctions: Format = {
  id: "aws.step-functions",
  title: "Step Functions execution histories",
  kind: "json",
  lookedFor:
    "`events` with `type`, `id` and `previousEventId` (GetExecutionHistory), or `executionArn` with `stateMachineArn` (DescribeExecution)",
  recognise(document) {
    const o = obj(recorded(document));
    if (o === null) return 0;
    if (isHistory(o)) return 95;
    return isDescription(o) ? 90 : 0;
  },
  open: openHistories,
};

function isHistory(o: Obj): boolean {
  const first = obj(list(o["events"])[0]);
  return first !== null && "previousEventId" in first && typeof first["type"] === "string";
}

function isDescription(o: Obj): boolean {
  return isExecutionArn(o["executionArn"]) && typeof o["stateMachineArn"] === "string" && "status" in o;
}

export function isExecutionArn(value: Json | undefined): value is string {
  return typeof value === "string" && /^arn:[\w-]+:states:[^:]*:[^:]*:(?:execution|express):/.test(value);
}

function openHistories(source: Source, sink: Sink, keys: IdKeys): Reader {
  const facts = factReader(keys);
  let described: Obj | null = null;
  let describedArn: string | null = null;
  let count = 0;

  function executionOf(o: Obj): Execution {
    const given = firstText(o, "executionArn", "execution_arn") ?? describedArn ?? arnOfPath(source);
    const traceHeader = text(o["traceHeader"]) ?? (described !== null && given === describedArn ? text(described["traceHeader"]) : null);
    // an answer without its ARN is an execution of its own
    return { arn: given ?? `execution:${source.path}${count++ === 0 ? "" : `:${count}`}`, traceHeader };
  }

  function readHistory(o: Obj, at: Position): void {
    const { events, untimed, broken } = historyEvents(list(o["events"]));
    if (broken > 0) sink.broken(`${broken} history event${broken === 1 ? "" : "s"} without id or type`, at);
    if (events.length === 0) return sink.ignored("a Step Functions history whose events have no readable time");
    if (untimed > 0) sink.broken(`${untimed} history event${untimed === 1 ? "" : "s"} without a readable time`, at);
    for (const span of historySpans(executionOf(o), events, facts)) sink.record(span);
  }

  return {
    read(document, at) {
      const o = obj(recorded(document));
      if (o === null) return sink.broken("not an execution history", at);
      if (isDescription(o)) {
        described = o;
        describedArn = text(o["executionArn"]);
        const span = describedSpan(o, facts);
        if (span === null) sink.broken("an execution without a readable startDate", at);
        else sink.record(span);
      } else if (Array.isArray(o["events"])) readHistory(o, at);
      else sink.broken("not an execution history", at);
    },
    end() {},
  };
}

/** An ARN in the name of the file or folder: `arn:aws:states:...`, colons as they are or escaped. */
function arnOfPath(source: Source): string | null {
  for (const segment of source.segments.toReversed()) {
    const name = segment.replace(/\.(?:json|ndjson|jsonl)(?:\.\w+)?$/, "").replaceAll("%3A", ":");
    if (isExecutionArn(name)) return name;
  }
  return null;
}

const FAILED = new Set(["FAILED", "TIMED_OUT", "ABORTED"]);

/** The execution as DescribeExecution tells it: its span without its states. null: no start. */
function describedSpan(o: Obj, facts: FactReader): Span | null {
  const startedAt = moment(o["startDate"]);
  const arn = text(o["executionArn"])!;
  if (startedAt === null) return null;
  const [workflow] = historySpans(
    { arn, traceHeader: text(o["traceHeader"]) },
    [{ id: 1, previous: 0, at: startedAt, type: "ExecutionStarted", details: { input: o["input"] ?? null } }],
    facts,
  );
  const endedAt = moment(o["stopDate"]);
  const status = text(o["status"]) ?? "RUNNING";
  const error = text(o["error"]);
  const attributes = { ...workflow!.attributes, "sfn.status": status, ...(error === null ? {} : { "error.type": error }) };
  return { ...workflow!, endedAt, inProgress: endedAt === null, fault: FAILED.has(status), attributes };
}
