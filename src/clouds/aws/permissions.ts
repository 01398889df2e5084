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

  need("filters", "lambda:GetEventSourceMapping", "filters of mappings before and after a write, also those encrypted with a key of yours"),
  need("filters", "lambda:UpdateEventSourceMapping", "writes filters of mappings"),
  need("filters", "lambda:ListTags", "finds the IaC that owns a mapping, by its tags"),
  need("filters", "events:DescribeRule", "all of a rule, since it is written as a whole"),
  need("filters", "events:ListTargetsByRule", "that a rule still has its targets after a write"),
  need("filters", "events:PutRule", "writes patterns of rules"),
  need("filters", "events:TestEventPattern", "asks EventBridge whether a pattern keeps the events that are wanted, as a last check"),
  need("filters", "events:ListTagsForResource", "finds the IaC that owns a rule, by its tags"),
  need("filters", "pipes:DescribePipe", "filters of pipes before and after a write"),
  need("filters", "pipes:UpdatePipe", "writes filters of pipes"),
  need("filters", "pipes:ListTagsForResource", "finds the IaC that owns a pipe, by its tags"),
  need("filters", "iam:PassRole", "a rule or pipe that has a role is written with it"),
  need("filters", "sns:GetSubscriptionAttributes", "filter policies of subscriptions before and after a write"),
  need("filters", "sns:SetSubscriptionAttributes", "writes filter policies of subscriptions"),
  need("filters", "cloudformation:DescribeStackResources", "finds the stack that owns what is written; subscriptions have no tags"),

  need("batching", "lambda:GetEventSourceMapping", "settings of mappings before and after a write"),
  need("batching", "lambda:UpdateEventSourceMapping", "writes batch size, window and concurrency of mappings"),
  need("batching", "lambda:GetFunctionConfiguration", "the timeout that a window and a visibility timeout must go with"),
  need("batching", "lambda:ListEventSourceMappings", "which functions read from a queue whose visibility timeout is lowered"),
  need("batching", "lambda:ListTags", "finds the IaC that owns a mapping, by its tags"),
  need("batching", "pipes:DescribePipe", "settings of pipes before and after a write"),
  need("batching", "pipes:UpdatePipe", "writes batch size and window of pipes"),
  need("batching", "pipes:ListTagsForResource", "finds the IaC that owns a pipe, by its tags"),
  need("batching", "iam:PassRole", "a pipe is written with its role"),
  need("batching", "sqs:GetQueueUrl", "queues by their ARN"),
  need("batching", "sqs:GetQueueAttributes", "settings of queues before and after a write"),
  need("batching", "sqs:SetQueueAttributes", "writes visibility timeout and receive wait of queues"),
  need("batching", "sqs:ListQueueTags", "finds the IaC that owns a queue, by its tags"),
  need("batching", "cloudformation:DescribeStackResources", "finds the stack that owns what is written"),

  need("ttl", "dynamodb:DescribeTable", "what looking at items costs, before it is done", true),
  need("ttl", "dynamodb:Scan", "a sample of a table's items (--sample); without it items come from a file (--items)", true),
  need("ttl", "dynamodb:DescribeTimeToLive", "the time to live of a table before and after a write"),
  need("ttl", "dynamodb:UpdateTimeToLive", "switches the time to live of tables on and off"),
  need("ttl", "dynamodb:ListTagsOfResource", "finds the IaC that owns a table, by its tags"),
  need("ttl", "logs:DescribeLogGroups", "the retention of log groups before and after a write"),
  need("ttl", "logs:PutRetentionPolicy", "writes the retention of log groups"),
  need("ttl", "logs:DeleteRetentionPolicy", "sets log groups back to keep events for ever, on undo"),
  need("ttl", "logs:ListTagsForResource", "finds the IaC that owns a log group, by its tags"),
  need("ttl", "cloudformation:DescribeStackResources", "finds the stack that owns what is written"),
];

/** Functions that a probe makes, and nothing else, are written to, run and deleted by it. */
const PROBED = "arn:aws:lambda:*:*:function:*-evscope-probe";
const ON_COPY = new Set(
  ["CreateFunction", "TagResource", "UpdateFunctionConfiguration", "PublishVersion", "InvokeFunction", "DeleteFunction"].map(
    (name) => `lambda:${name}`,
  ),
);

/** Features that name no resource, and their statement. */
const WHOLE: readonly (readonly [Feature, sid: string])[] = [
  ["collect", "EvscopeCollect"],
  ["trace", "EvscopeTrace"],
  ["apply", "EvscopeApply"],
  ["filters", "EvscopeFilters"],
  ["batching", "EvscopeBatching"],
  ["ttl", "EvscopeTtl"],
];

/** Who passes roles, and to which services only. */
const PASSING: readonly (readonly [Feature[], sid: string, services: Json])[] = [
  [["probe"], "EvscopeProbeRole", "lambda.amazonaws.com"],
  [["filters", "batching"], "EvscopeRoles", ["events.amazonaws.com", "pipes.amazonaws.com"]],
];

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
  for (const [feature, sid] of WHOLE)
    allow(
      sid,
      actions(feature, (action) => action !== "iam:PassRole"),
      "*",
    );
  allow("EvscopeProbe", actions("probe", anywhere), "*");
  allow(
    "EvscopeProbeCopies",
    actions("probe", (action) => ON_COPY.has(action)),
    PROBED,
  );
  for (const [feature, sid, services] of PASSING) {
    const passed = { Condition: { StringEquals: { "iam:PassedToService": services } } };
    if (features.some((one) => feature.includes(one))) allow(sid, ["iam:PassRole"], "*", passed);
  }
  return { Version: "2012-10-17", Statement: statements };
}
