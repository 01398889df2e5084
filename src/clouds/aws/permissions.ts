/**
 * What evscope must be allowed to do, and the policy that allows just that.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
import type { Json } from "../../model/records.ts";
import type { Permission } from "../room.ts";

type Feature = Permission["feature"];

function need(feature: Feature, action: string, why: string, required = false): Permission {
  return { action, feature, why, required };
}

/** All of them. One action may be there for several features. `sts:GetCallerIdentity` needs no permission. */
export const permissions: readonly Permission[] = [
  need("collect", "lambda:ListFunctions", "functions, versions and their settings; nothing is collected without it", true),
  need("collect", "lambda:ListAliases", "which versions take traffic"),
  need("collect", "lambda:ListVersionsByFunction", "settings of published versions, where aliases take the traffic"),
  need("collect", "lambda:ListEventSourceMappings", "what triggers functions from queues and streams"),
  need("collect", "lambda:GetEventSourceMapping", "filter patterns that are encrypted with a key of yours"),
  need("collect", "tag:GetResources", "tags of functions; without it functions cannot be chosen by tag"),
  need("collect", "logs:DescribeLogGroups", "log groups and their sizes: the price of a query is said beforehand"),
  need("collect", "logs:FilterLogEvents", "log lines: bills, durations, memory used"),
  need("collect", "logs:StartQuery", "log lines by Logs Insights, where that is cheaper"),
  need("collect", "logs:GetQueryResults", "results of Logs Insights"),
  need("collect", "logs:StopQuery", "ends a query that is not needed any more, before it scans more"),
  need("collect", "cloudwatch:ListMetrics", "which metrics exist, so that no missing one is paid for"),
  need("collect", "cloudwatch:GetMetricData", "metrics: invocations, throttles, concurrency, queue ages"),
  need("collect", "xray:GetTraceSegmentDestination", "whether traces are kept by X-Ray or as logs"),
  need("collect", "xray:GetTraceSummaries", "traces"),
  need("collect", "xray:BatchGetTraces", "the segments of traces"),
  need("collect", "states:ListStateMachines", "state machines"),
  need("collect", "states:DescribeStateMachine", "their definitions, type and log groups"),
  need("collect", "states:ListExecutions", "executions of standard state machines"),
  need("collect", "states:DescribeExecution", "input and trace header of executions"),
  need("collect", "states:GetExecutionHistory", "the steps of executions"),
  need("collect", "events:ListEventBuses", "event buses"),
  need("collect", "events:ListRules", "rules and their patterns"),
  need("collect", "events:ListTargetsByRule", "what rules call"),
  need("collect", "pipes:ListPipes", "EventBridge pipes"),
  need("collect", "pipes:DescribePipe", "their filters and batches"),
  need("collect", "sqs:ListQueues", "queues"),
  need("collect", "sqs:GetQueueAttributes", "redrive policies and visibility timeouts"),
  need("collect", "sns:ListTopics", "topics"),
  need("collect", "sns:ListSubscriptions", "subscriptions"),
  need("collect", "sns:GetSubscriptionAttributes", "filter policies of subscriptions"),
  need("collect", "dynamodb:ListTables", "tables"),
  need("collect", "dynamodb:DescribeTable", "streams and billing of tables"),
  need("collect", "dynamodb:DescribeTimeToLive", "TTL of tables"),

  need("trace", "logs:DescribeLogGroups", "the groups to search", true),
  need("trace", "logs:StartQuery", "searches 50 log groups at once for an ID", true),
  need("trace", "logs:GetQueryResults", "results of the search", true),
  need("trace", "logs:StopQuery", "ends a search early"),
  need("trace", "logs:FilterLogEvents", "searches groups where that is cheaper"),
  need("trace", "xray:GetTraceSegmentDestination", "which trace store to ask"),
  need("trace", "xray:GetTraceSummaries", "finds traces by annotation"),
  need("trace", "xray:BatchGetTraces", "traces by ID"),
  need("trace", "xray:StartTraceRetrieval", "traces by ID where they are kept as logs"),
  need("trace", "xray:ListRetrievedTraces", "the traces that were retrieved"),
  need("trace", "states:DescribeExecution", "executions by ARN"),
  need("trace", "states:GetExecutionHistory", "the steps of executions"),

  need("apply", "lambda:GetFunctionConfiguration", "reads what a change is compared with, before and after", true),
  need("apply", "lambda:UpdateFunctionConfiguration", "writes memory size and other settings", true),
  need("apply", "lambda:ListAliases", "which alias takes traffic", true),
  need("apply", "lambda:GetAlias", "the version an alias points to"),
  need("apply", "lambda:PublishVersion", "publishes the changed function, when an alias shall be moved"),
  need("apply", "lambda:UpdateAlias", "moves the alias, and back on undo"),
  need("apply", "lambda:GetProvisionedConcurrencyConfig", "warns where provisioned concurrency follows an alias"),
  need("apply", "lambda:ListEventSourceMappings", "limits that a changed timeout must keep"),
  need("apply", "sqs:GetQueueUrl", "visibility timeouts of the queues that trigger a function"),
  need("apply", "sqs:GetQueueAttributes", "visibility timeouts of the queues that trigger a function"),
  need("apply", "lambda:ListTags", "finds the IaC that owns a function, by its tags"),
  need("apply", "cloudformation:DescribeStackResources", "finds the stack that owns a function"),

  need("probe", "lambda:GetFunction", "configuration and code of the function that is copied", true),
  need("probe", "lambda:CreateFunction", "makes the copy that is measured", true),
  need("probe", "lambda:TagResource", "marks the copy as one of a probe", true),
  need("probe", "iam:PassRole", "gives the copy the role of the function", true),
  need("probe", "lambda:GetLayerVersion", "copies a function that has layers"),
  need("probe", "lambda:GetFunctionConfiguration", "waits until the copy is ready", true),
  need("probe", "lambda:ListAliases", "reads the function as apply does", true),
  need("probe", "lambda:UpdateFunctionConfiguration", "sets the copy's memory size", true),
  need("probe", "lambda:PublishVersion", "publishes the copy at each size", true),
  need("probe", "lambda:InvokeFunction", "runs the copy", true),
  need("probe", "lambda:DeleteFunction", "deletes the copy", true),
  need("probe", "logs:FilterLogEvents", "the platform's lines of the runs, where an invocation does not return them"),

  need("ttl", "dynamodb:DescribeTable", "what looking at items costs, before it is done", true),
  need("ttl", "dynamodb:Scan", "a sample of a table's items (--sample); without it items come from a file (--items)", true),
];

/** Functions that a probe makes, and nothing else, are written to, run and deleted by it. */
const PROBED = "arn:aws:lambda:*:*:function:*-evscope-probe";
const ON_COPY = new Set(
  ["CreateFunction", "TagResource", "UpdateFunctionConfiguration", "PublishVersion", "InvokeFunction", "DeleteFunction"].map(
    (name) => `lambda:${name}`,
  ),
);

/**
 * An identity policy for these features. Reads and `apply` name no resource: they mean any function, queue or group of the account, and
 * "arn:aws:lambda:*:*:function:*" would say no less and fail in other partitions. Who wants to, narrows the statement `EvscopeApply` to
 * functions by name. What a probe writes is limited to its copies.
 */
export function policy(features: readonly Feature[]): Json {
  const wanted = permissions.filter((one) => features.includes(one.feature));
  const given = new Set<string>();
  const actions = (feature: Feature, which: (action: string) => boolean): string[] =>
    wanted
      .filter((one) => one.feature === feature && which(one.action) && !given.has(one.action))
      .map((one) => (given.add(one.action), one.action));
  const anywhere = (action: string): boolean => action !== "iam:PassRole" && !ON_COPY.has(action);
  const statements: Json[] = [];
  const allow = (Sid: string, Action: string[], Resource: string, more: { [key: string]: Json } = {}): void => {
    if (Action.length > 0) statements.push({ Sid, Effect: "Allow", Action: Action.sort(), Resource, ...more });
  };
  allow(
    "EvscopeCollect",
    actions("collect", () => true),
    "*",
  );
  allow(
    "EvscopeTrace",
    actions("trace", () => true),
    "*",
  );
  allow(
    "EvscopeApply",
    actions("apply", () => true),
    "*",
  );
  allow(
    "EvscopeTtl",
    actions("ttl", () => true),
    "*",
  );
  allow("EvscopeProbe", actions("probe", anywhere), "*");
  allow(
    "EvscopeProbeCopies",
    actions("probe", (action) => ON_COPY.has(action)),
    PROBED,
  );
  const passed = { Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } } };
  allow(
    "EvscopeProbeRole",
    actions("probe", (action) => action === "iam:PassRole"),
    "*",
    passed,
  );
  return { Version: "2012-10-17", Statement: statements };
}
