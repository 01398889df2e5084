/**
 * What a span's time counts as, by the vendor's type of the thing. Categories and the table are ServiBench's
 * (https://github.com/ServiBench/ReplicationPackage, servi-bench/sb/aws_trace_analyzer.py, Apache-2.0).
 */
import type { BreakdownCategory, Spent } from "../../model/chains.ts";
import type { Span } from "../../model/records.ts";

const BY_ORIGIN: { readonly [origin: string]: BreakdownCategory } = {
  "AWS::ApiGateway::Stage": "orchestration",
  "AWS::StepFunctions::StateMachine": "orchestration",
  "AWS::stepfunctions": "orchestration",
  "AWS::STEPFUNCTIONS": "orchestration",
  "AWS::Lambda": "orchestration",
  "AWS::Lambda::Function": "computation",
  "AWS::S3::Bucket": "external_service",
  "AWS::S3": "external_service",
  "AWS::DynamoDB::Table": "external_service",
  "AWS::SQS::Queue": "external_service",
  "AWS::SNS": "external_service",
  "Database::SQL": "external_service",
  "AWS::Kinesis": "external_service",
  "AWS::rekognition": "external_service",
};

const IN_FUNCTION: { readonly [name: string]: BreakdownCategory } = {
  Overhead: "overhead",
  Invocation: "computation",
  Initialization: "runtime_initialization",
  "Dwell Time": "queueing",
};

/** Category of a span without an origin of its own goes by its parents, nearest first. A Lambda function's own subsegments go by name. */
export function categoryOf(span: Span, parentOf: (span: Span) => Span | null): BreakdownCategory {
  const seen = new Set<Span>();
  for (let at: Span | null = span; at !== null && !seen.has(at);) {
    seen.add(at);
    if (at.origin !== null) return BY_ORIGIN[at.origin] ?? "unclassified";
    const parent: Span | null = parentOf(at);
    if (parent === null) return "unclassified";
    if (parent.origin === "AWS::Lambda::Function") return IN_FUNCTION[at.name] ?? "unclassified";
    if (parent.origin === "AWS::Lambda" && at.name === "Dwell Time") return "queueing";
    at = parent;
  }
  return "unclassified";
}

const SPENT: Record<BreakdownCategory, Spent> = {
  orchestration: "orchestration",
  trigger: "trigger",
  container_initialization: "cold-start",
  runtime_initialization: "cold-start",
  computation: "working",
  queueing: "queue-wait",
  overhead: "working",
  external_service: "external-service",
  unclassified: "unknown",
};

export function spentOf(category: BreakdownCategory): Spent {
  return SPENT[category];
}

const CATEGORY: Record<Spent, BreakdownCategory> = {
  working: "computation",
  "cold-start": "runtime_initialization",
  "queue-wait": "queueing",
  "batch-window": "queueing",
  "retry-backoff": "queueing",
  throttled: "queueing",
  "external-service": "external_service",
  orchestration: "orchestration",
  trigger: "trigger",
  unknown: "unclassified",
};

export function categoryOfSpent(spent: Spent): BreakdownCategory {
  return CATEGORY[spent];
}
