/**
 * How many requests per second AWS allows per account and region. Calls that share a quota are one family. `own`: AWS publishes no
 * figure, and the value is a choice of ours that the shared bucket lowers when it is refused.
 */
import type { Api } from "./api.ts";

export interface Quota {
  /** Name of what is shared. */
  family: string;
  perS: number;
  source: string;
}

const LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests";
const LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html";
const METRICS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html";
const STATES = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html";
const SNS = "https://docs.aws.amazon.com/general/latest/gr/sns.html";

/** Calls with a quota of their own. */
const CALLS: { readonly [api: string]: Omit<Quota, "family"> } = {
  "lambda:GetFunction": { perS: 100, source: LAMBDA },
  "lambda:GetPolicy": { perS: 15, source: LAMBDA },
  "lambda:Invoke": { perS: 50, source: "own" },
  "logs:FilterLogEvents": { perS: 5, source: LOGS },
  "logs:GetLogEvents": { perS: 10, source: LOGS },
  "logs:StartQuery": { perS: 10, source: LOGS },
  "logs:GetQueryResults": { perS: 10, source: LOGS },
  "logs:StopQuery": { perS: 10, source: LOGS },
  "logs:DescribeLogGroups": { perS: 10, source: LOGS },
  "cloudwatch:GetMetricData": { perS: 50, source: METRICS },
  "cloudwatch:ListMetrics": { perS: 25, source: METRICS },
  "states:ListStateMachines": { perS: 5, source: STATES },
  "states:DescribeStateMachine": { perS: 20, source: STATES },
  "states:ListExecutions": { perS: 5, source: STATES },
  "states:DescribeExecution": { perS: 15, source: STATES },
  "states:GetExecutionHistory": { perS: 20, source: STATES },
  "sns:ListTopics": { perS: 30, source: SNS },
  "sns:ListSubscriptionsByTopic": { perS: 30, source: SNS },
  "sns:GetSubscriptionAttributes": { perS: 30, source: "own" },
};

/** The rest of a service, which shares one quota. */
const SERVICES: { readonly [service: string]: Omit<Quota, "family"> } = {
  // "Rate of control plane API requests (excludes invocation, GetFunction, and GetPolicy requests)": 15 per second, all calls together
  lambda: { perS: 15, source: LAMBDA },
  logs: { perS: 5, source: "own" },
  cloudwatch: { perS: 10, source: "own" },
  xray: { perS: 5, source: "own" },
  states: { perS: 5, source: "own" },
  events: { perS: 10, source: "own" },
  pipes: { perS: 10, source: "own" },
  sqs: { perS: 50, source: "own" },
  sns: { perS: 10, source: "own" },
  dynamodb: { perS: 10, source: "own" },
  tag: { perS: 5, source: "own" },
  cloudformation: { perS: 5, source: "own" },
  sts: { perS: 10, source: "own" },
};

/** The quota that a call counts against. */
export function quotaOf(api: Api): Quota {
  const own = CALLS[api];
  if (own !== undefined) return { family: api, ...own };
  const service = api.slice(0, api.indexOf(":"));
  return { family: service, ...SERVICES[service]! };
}
