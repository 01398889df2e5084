/** The SDK's packages, one per service, loaded on first use: each takes some 50 ms and 10 MB. */
import { UserError } from "../../model/errors.ts";

/** An SDK client, as far as it is used here. */
export interface SdkClient {
  send(command: object, options: { abortSignal: AbortSignal }): Promise<object>;
  destroy(): void;
  middlewareStack: { add(layer: (next: Handler, context: { commandName?: string }) => Handler, options: object): void };
}

type Handler = (args: object) => Promise<{ response: unknown; output: unknown }>;

type Loaded = { [name: string]: unknown };

interface Service {
  /** Package name after `@aws-sdk/client-`. */
  pkg: string;
  /** Prefix of the client class. */
  client: string;
  load(): Promise<Loaded>;
  /** Page token in the input and in the output of every list; null: the service has no lists that are read. */
  token: readonly [input: string, output: string] | null;
}

const NEXT = ["NextToken", "NextToken"] as const;
const CAMEL = ["nextToken", "nextToken"] as const;

const SERVICES: { readonly [service: string]: Service } = {
  lambda: { pkg: "lambda", client: "Lambda", load: () => import("@aws-sdk/client-lambda"), token: ["Marker", "NextMarker"] },
  logs: { pkg: "cloudwatch-logs", client: "CloudWatchLogs", load: () => import("@aws-sdk/client-cloudwatch-logs"), token: CAMEL },
  cloudwatch: { pkg: "cloudwatch", client: "CloudWatch", load: () => import("@aws-sdk/client-cloudwatch"), token: NEXT },
  xray: { pkg: "xray", client: "XRay", load: () => import("@aws-sdk/client-xray"), token: NEXT },
  states: { pkg: "sfn", client: "SFN", load: () => import("@aws-sdk/client-sfn"), token: CAMEL },
  events: { pkg: "eventbridge", client: "EventBridge", load: () => import("@aws-sdk/client-eventbridge"), token: NEXT },
  pipes: { pkg: "pipes", client: "Pipes", load: () => import("@aws-sdk/client-pipes"), token: NEXT },
  sqs: { pkg: "sqs", client: "SQS", load: () => import("@aws-sdk/client-sqs"), token: NEXT },
  sns: { pkg: "sns", client: "SNS", load: () => import("@aws-sdk/client-sns"), token: NEXT },
  dynamodb: {
    pkg: "dynamodb",
    client: "DynamoDB",
    load: () => import("@aws-sdk/client-dynamodb"),
    token: ["ExclusiveStartTableName", "LastEvaluatedTableName"],
  },
  tag: {
    pkg: "resource-groups-tagging-api",
    client: "ResourceGroupsTaggingAPI",
    load: () => import("@aws-sdk/client-resource-groups-tagging-api"),
    token: ["PaginationToken", "PaginationToken"],
  },
  cloudformation: { pkg: "cloudformation", client: "CloudFormation", load: () => import("@aws-sdk/client-cloudformation"), token: NEXT },
  sts: { pkg: "sts", client: "STS", load: () => import("@aws-sdk/client-sts"), token: null },
};

export function serviceOf(name: string): Service {
  const service = SERVICES[name];
  if (service === undefined) throw new Error(`no client for the AWS service ${name}`);
  return service;
}

/** Loads an SDK package. Throws UserError when it is not installed: SDKs are optional dependencies. */
export async function loaded<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UserError(`the AWS SDK's package ${name} is not installed`, {
      suggestions: [`npm install ${name}`, "npm install evscope without --omit=optional"],
      cause: error,
    });
  }
}

/** A client of the service, and the maker of its commands by operation name. */
export async function openService(
  name: string,
  config: object,
): Promise<{ client: SdkClient; command: (operation: string, input: object) => object }> {
  const service = serviceOf(name);
  const sdk = await loaded(`@aws-sdk/client-${service.pkg}`, service.load);
  const Client = sdk[`${service.client}Client`] as new (config: object) => SdkClient;
  const client = new Client(config);
  client.middlewareStack.add(refuseEmpty, { step: "deserialize", priority: "low", name: "evscopeRefuseEmpty" });
  return {
    client,
    command(operation, input) {
      const Command = sdk[`${operation}Command`] as (new (input: object) => object) | undefined;
      if (Command === undefined) throw new Error(`the AWS service ${name} has no operation ${operation}`);
      return new Command(input);
    },
  };
}

/** Operations that change nothing, by name. */
export function isReadOperation(operation: string): boolean {
  return /^(Get|List|Describe|BatchGet|Filter|Scan|StopQuery|Test)/.test(operation);
}

/** The SDK takes a body of no bytes for an answer without fields: a list that was cut off before its first byte would be an empty list. */
function refuseEmpty(next: Handler, context: { commandName?: string }): Handler {
  return async (args) => {
    const result = await next(args);
    const { statusCode, headers } = result.response as { statusCode?: number; headers?: { [name: string]: string } };
    if (statusCode === 200 && headers?.["content-length"] === "0" && isReadOperation(context.commandName ?? ""))
      throw Object.assign(new Error("the answer is empty"), { name: "EmptyAnswer", $metadata: { httpStatusCode: 200 } });
    return result;
  };
}
