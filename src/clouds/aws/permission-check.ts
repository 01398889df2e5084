/** Tries what can be tried without writing: each read with the least input, on something that the target really has. */
import type { LiveContext, PermissionCheck, Target } from "../room.ts";
import { type Api, type AwsApi, AwsError, iamAction } from "./api.ts";
import { permissions } from "./permissions.ts";
import { list, obj, type Obj, text } from "./schema.ts";
import { functionScope } from "../kit/function-scope.ts";

/** Names of things that exist, as far as the lists could be read. */
interface Samples {
  fn: string;
  queueUrl: string;
  subscription: string;
  table: string;
  machine: string;
  execution: string;
  pipe: string;
  rule: string;
  group: string;
  queryId: string;
}

/** A name that nothing has: who may ask is told "not found", who may not is told "denied". */
const NOTHING = "evscope-permission-check";

interface Place {
  account: string;
  region: string;
  partition: string;
  nowMs: number;
}

const arnAt = ({ partition, region, account }: Omit<Place, "nowMs">, service: string, resource: string): string =>
  `arn:${partition}:${service}:${region}:${account}:${resource}`;

interface Trial {
  api: Api;
  input: (has: Samples, at: Place) => object;
  /** Notes what later trials can use. */
  learn?: (answer: Obj, has: Samples, target: Target) => void;
  /** `invalid` is also said by the operation itself, after the permission was checked. */
  invalidIsGranted?: boolean;
}

const first = (answer: Obj, field: string): Obj => obj(list(answer[field])[0]) ?? {};
const firstText = (answer: Obj, field: string): string | null => text(list(answer[field])[0]);

/** In this order, since lists come before what needs a name out of them. */
const TRIALS: readonly Trial[] = [
  {
    api: "lambda:ListFunctions",
    input: () => ({ MaxItems: 50 }),
    learn(answer, has, target) {
      const meant = functionScope({ ...target.functions, tags: {} });
      const names = list(answer["Functions"]).map((one) => text(obj(one)?.["FunctionName"]) ?? "");
      has.fn = names.find((name) => meant(name, null)) ?? has.fn;
    },
  },
  { api: "lambda:ListAliases", input: (has) => ({ FunctionName: has.fn, MaxItems: 1 }) },
  { api: "lambda:ListVersionsByFunction", input: (has) => ({ FunctionName: has.fn, MaxItems: 1 }) },
  { api: "lambda:ListEventSourceMappings", input: () => ({ MaxItems: 1 }) },
  { api: "lambda:GetEventSourceMapping", input: () => ({ UUID: NOTHING }) },
  { api: "lambda:GetFunction", input: (has) => ({ FunctionName: has.fn }) },
  { api: "lambda:GetFunctionConfiguration", input: (has) => ({ FunctionName: has.fn }) },
  { api: "lambda:GetAlias", input: (has) => ({ FunctionName: has.fn, Name: NOTHING }) },
  { api: "lambda:GetProvisionedConcurrencyConfig", input: (has) => ({ FunctionName: has.fn, Qualifier: NOTHING }) },
  {
    api: "lambda:ListTags",
    input: (has, { partition, region, account }) => ({ Resource: `arn:${partition}:lambda:${region}:${account}:function:${has.fn}` }),
  },
  {
    api: "lambda:GetLayerVersion",
    input: (_, { partition, region, account }) => ({
      LayerName: `arn:${partition}:lambda:${region}:${account}:layer:${NOTHING}`,
      VersionNumber: 1,
    }),
  },
  { api: "tag:GetResources", input: () => ({ ResourceTypeFilters: ["lambda:function"], ResourcesPerPage: 1 }) },
  {
    api: "logs:DescribeLogGroups",
    input: (has) => (has.fn === NOTHING ? { limit: 1 } : { limit: 1, logGroupNamePrefix: `/aws/lambda/${has.fn}` }),
    learn: (answer, has) => void (has.group = text(first(answer, "logGroups")["logGroupName"]) ?? has.group),
  },
  { api: "logs:ListTagsForResource", input: (has, at) => ({ resourceArn: arnAt(at, "logs", `log-group:${has.group}`) }) },
  { api: "logs:FilterLogEvents", input: (has, { nowMs }) => ({ logGroupName: has.group, startTime: nowMs - 1, endTime: nowMs, limit: 1 }) },
  {
    // one second, which scans next to nothing
    api: "logs:StartQuery",
    input(has, { nowMs }) {
      const endTime = Math.floor(nowMs / 1000);
      return { logGroupNames: [has.group], startTime: endTime - 1, endTime, queryString: "fields @timestamp | limit 1", limit: 1 };
    },
    learn: (answer, has) => void (has.queryId = text(answer["queryId"]) ?? has.queryId),
  },
  { api: "logs:GetQueryResults", input: (has) => ({ queryId: has.queryId }), invalidIsGranted: true },
  { api: "logs:StopQuery", input: (has) => ({ queryId: has.queryId }), invalidIsGranted: true },
  { api: "cloudwatch:ListMetrics", input: () => ({ Namespace: "AWS/Lambda" }) },
  {
    api: "cloudwatch:GetMetricData",
    input: (_, { nowMs }) => ({
      StartTime: new Date(nowMs - 60_000),
      EndTime: new Date(nowMs),
      MetricDataQueries: [
        { Id: "m", MetricStat: { Metric: { Namespace: "AWS/Lambda", MetricName: "Invocations" }, Period: 60, Stat: "Sum" } },
      ],
    }),
  },
  { api: "xray:GetTraceSegmentDestination", input: () => ({}) },
  { api: "xray:GetTraceSummaries", input: (_, { nowMs }) => ({ StartTime: new Date(nowMs - 1000), EndTime: new Date(nowMs) }) },
  { api: "xray:BatchGetTraces", input: () => ({ TraceIds: ["1-58406520-a006649127e371903a2de979"] }) },
  {
    api: "xray:StartTraceRetrieval",
    input: (_, { nowMs }) => ({
      TraceIds: ["1-58406520-a006649127e371903a2de979"],
      StartTime: new Date(nowMs - 1000),
      EndTime: new Date(nowMs),
    }),
    invalidIsGranted: true,
  },
  { api: "xray:ListRetrievedTraces", input: () => ({ RetrievalToken: NOTHING }), invalidIsGranted: true },
  {
    api: "states:ListStateMachines",
    input: () => ({ maxResults: 1 }),
    learn: (answer, has) => void (has.machine = text(first(answer, "stateMachines")["stateMachineArn"]) ?? has.machine),
  },
  { api: "states:DescribeStateMachine", input: (has) => ({ stateMachineArn: has.machine }) },
  {
    api: "states:ListExecutions",
    input: (has) => ({ stateMachineArn: has.machine, maxResults: 1 }),
    learn: (answer, has) => void (has.execution = text(first(answer, "executions")["executionArn"]) ?? has.execution),
  },
  { api: "states:DescribeExecution", input: (has) => ({ executionArn: has.execution }) },
  { api: "states:GetExecutionHistory", input: (has) => ({ executionArn: has.execution, maxResults: 1 }) },
  { api: "events:ListEventBuses", input: () => ({ Limit: 1 }) },
  {
    api: "events:ListRules",
    input: () => ({ Limit: 1 }),
    learn: (answer, has) => void (has.rule = text(first(answer, "Rules")["Name"]) ?? has.rule),
  },
  { api: "events:DescribeRule", input: (has) => ({ Name: has.rule }) },
  { api: "events:ListTagsForResource", input: (has, at) => ({ ResourceARN: arnAt(at, "events", `rule/${has.rule}`) }) },
  {
    api: "events:TestEventPattern",
    input: (_, { account, region }) => ({
      EventPattern: '{"source":["evscope"]}',
      Event: JSON.stringify({
        id: "1",
        "detail-type": "check",
        source: "evscope",
        account,
        time: "2026-01-01T00:00:00Z",
        region,
        resources: [],
        detail: {},
      }),
    }),
  },
  { api: "events:ListTargetsByRule", input: (has) => ({ Rule: has.rule, Limit: 1 }) },
  {
    api: "pipes:ListPipes",
    input: () => ({ Limit: 1 }),
    learn: (answer, has) => void (has.pipe = text(first(answer, "Pipes")["Name"]) ?? has.pipe),
  },
  { api: "pipes:DescribePipe", input: (has) => ({ Name: has.pipe }) },
  { api: "pipes:ListTagsForResource", input: (has, at) => ({ resourceArn: arnAt(at, "pipes", `pipe/${has.pipe}`) }) },
  {
    api: "sqs:ListQueues",
    input: () => ({ MaxResults: 1 }),
    learn: (answer, has) => void (has.queueUrl = firstText(answer, "QueueUrls") ?? has.queueUrl),
  },
  { api: "sqs:GetQueueUrl", input: (has) => ({ QueueName: has.queueUrl.split("/").pop() }) },
  { api: "sqs:GetQueueAttributes", input: (has) => ({ QueueUrl: has.queueUrl, AttributeNames: ["VisibilityTimeout"] }) },
  { api: "sqs:ListQueueTags", input: (has) => ({ QueueUrl: has.queueUrl }) },
  { api: "sns:ListTopics", input: () => ({}) },
  {
    api: "sns:ListSubscriptions",
    input: () => ({}),
    learn: (answer, has) => void (has.subscription = text(first(answer, "Subscriptions")["SubscriptionArn"]) ?? has.subscription),
  },
  { api: "sns:GetSubscriptionAttributes", input: (has) => ({ SubscriptionArn: has.subscription }) },
  {
    api: "dynamodb:ListTables",
    input: () => ({ Limit: 1 }),
    learn: (answer, has) => void (has.table = firstText(answer, "TableNames") ?? has.table),
  },
  { api: "dynamodb:DescribeTable", input: (has) => ({ TableName: has.table }) },
  { api: "dynamodb:DescribeTimeToLive", input: (has) => ({ TableName: has.table }) },
  { api: "dynamodb:ListTagsOfResource", input: (has, at) => ({ ResourceArn: arnAt(at, "dynamodb", `table/${has.table}`) }) },
  // of a table that is not there: a scan of one that is would be paid
  { api: "dynamodb:Scan", input: () => ({ TableName: NOTHING, Limit: 1 }) },
  { api: "cloudformation:DescribeStackResources", input: () => ({ PhysicalResourceId: NOTHING }) },
];

type Result = Pick<PermissionCheck, "state" | "note">;

/** Every permission once per feature, in the order of `permissions`; calls that share an action are made once. */
export async function* checkPermissions(api: AwsApi, target: Target, context: LiveContext): AsyncGenerator<PermissionCheck> {
  const results = new Map<string, Result>();
  const has = nothing(api);
  const at = { account: api.account, region: api.region, partition: api.partition, nowMs: context.clock.now() };
  const chain = async (trials: readonly Trial[]): Promise<void> => {
    for (const trial of trials) results.set(iamAction(trial.api), await tried(api, trial, trial.input(has, at), has, target));
  };
  const services = Object.values(Object.groupBy(TRIALS, (trial) => trial.api.slice(0, trial.api.indexOf(":"))));
  // the first one is Lambda, which says whose log group to try
  await chain(services[0] ?? []);
  await Promise.all(services.slice(1).map((trials) => chain(trials ?? [])));
  for (const one of permissions) yield { ...one, ...(results.get(one.action) ?? ONLY_BY_DOING) };
}

async function tried(api: AwsApi, trial: Trial, input: object, has: Samples, target: Target): Promise<Result> {
  try {
    const answer = await api.call(trial.api, input, { once: true });
    trial.learn?.(answer, has, target);
    return { state: "granted", note: null };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.kind === "denied") return { state: "denied", note: error.message };
    if (error.kind === "not-found" || (error.kind === "invalid" && trial.invalidIsGranted === true))
      return { state: "granted", note: null };
    if (error.kind === "unsupported") return { state: "unknown", note: "this endpoint does not have the call" };
    return { state: "unknown", note: error.message };
  }
}

const ONLY_BY_DOING: Result = { state: "unknown", note: "only a write can tell" };

function nothing(at: AwsApi): Samples {
  const { region, account } = at;
  const arn = (service: string, resource: string): string => arnAt(at, service, resource);
  return {
    fn: NOTHING,
    queueUrl: `https://sqs.${region}.amazonaws.com/${account}/${NOTHING}`,
    subscription: arn("sns", `${NOTHING}:00000000-0000-0000-0000-000000000000`),
    table: NOTHING,
    machine: arn("states", `stateMachine:${NOTHING}`),
    execution: arn("states", `execution:${NOTHING}:${NOTHING}`),
    pipe: NOTHING,
    rule: NOTHING,
    group: `/aws/lambda/${NOTHING}`,
    queryId: "00000000-0000-0000-0000-000000000000",
  };
}
