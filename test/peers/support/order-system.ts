/**
 * An order system on a real AWS endpoint, deployed with the vendor's SDK and not with evscope:
 * `checkout` (called by people) sends to the queue `orders` (with a dead-letter queue), `charge` consumes it and puts an event on the bus
 * `shop`, whose rule hands it to `notify`; `orders-table` keeps events with a TTL; the state machine `fulfil` ships.
 */
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateTableCommand, DynamoDBClient, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { CreateEventBusCommand, EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { CreateStateMachineCommand, SFNClient } from "@aws-sdk/client-sfn";
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { zipOf } from "./zip.ts";

export interface OrderSystem {
  role: string;
  functions: Record<"checkout" | "charge" | "notify", string>;
  queueUrl: string;
  queueArn: string;
  deadLetterArn: string;
  bus: string;
  stateMachineArn: string;
}

const credentials = { accessKeyId: "test", secretAccessKey: "test" };

/** Configuration of any SDK client for this endpoint. */
export function at(endpoint: string): { endpoint: string; region: string; credentials: typeof credentials } {
  return { endpoint, region: "us-east-1", credentials };
}

/**
 * Node handlers. Their work takes as long as the CPU share of the configured memory would make it take (150 ms for checkout at one vCPU, 1,769 MB),
 * so that memory sizes differ on an emulator that gives every function a whole CPU.
 */
const WORK = `
const mib = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
const work = (ms) => new Promise((r) => setTimeout(r, ms / Math.min(1, mib / 1769)));
const base = process.env.AWS_ENDPOINT_URL || process.env.PEER_URL;
async function post(target, body, version = "1.1") {
  const res = await fetch(process.env.PEER_URL, { method: "POST", body: JSON.stringify(body), headers: {
    "content-type": "application/x-amz-json-" + version, "x-amz-target": target,
    authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/" + (target.startsWith("AmazonSQS") ? "sqs" : "events") + "/aws4_request, SignedHeaders=host, Signature=0" } });
  return res.json();
}`;

const HANDLERS = {
  checkout: `${WORK}
exports.handler = async (event) => {
  console.log(JSON.stringify({ level: "INFO", message: "order placed", correlation_id: event.orderId }));
  await work(150);
  const sent = await post("AmazonSQS.SendMessage", { QueueUrl: process.env.QUEUE_URL, MessageBody: JSON.stringify({ correlation_id: event.orderId }) }, "1.0");
  console.log("sent", JSON.stringify({ QueueUrl: process.env.QUEUE_URL, ...sent }));
  return { ok: true };
};`,
  charge: `${WORK}
exports.handler = async (event) => {
  for (const record of event.Records) {
    const body = JSON.parse(record.body);
    console.log(JSON.stringify({ level: "INFO", message: "charging", correlation_id: body.correlation_id, messageId: record.messageId }));
    await work(20);
    const put = await post("AWSEvents.PutEvents", { Entries: [{ Source: "shop", DetailType: "charged", EventBusName: "shop", Detail: JSON.stringify({ correlation_id: body.correlation_id }) }] });
    console.log(JSON.stringify({ level: "INFO", message: "event put", correlation_id: body.correlation_id, eventId: put.Entries && put.Entries[0].EventId }));
  }
};`,
  notify: `${WORK}
exports.handler = async (event) => {
  await work(5);
  console.log(JSON.stringify({ level: "INFO", message: "notified", correlation_id: event.detail && event.detail.correlation_id, eventId: event.id }));
};`,
};

/** Deploys everything. `runs`: the endpoint executes code (its functions get the endpoint to call). */
export async function deploy(
  endpoint: string,
  sizesMib: Partial<Record<keyof OrderSystem["functions"], number>> = {},
): Promise<OrderSystem> {
  const client = at(endpoint);
  const role = await new IAMClient(client).send(new CreateRoleCommand({ RoleName: "orders", AssumeRolePolicyDocument: TRUST }));
  const sqs = new SQSClient(client);
  const arnOf = async (url: string): Promise<string> =>
    (await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }))).Attributes!["QueueArn"]!;
  const dead = await sqs.send(new CreateQueueCommand({ QueueName: "orders-dead" }));
  const deadLetterArn = await arnOf(dead.QueueUrl!);
  const queue = await sqs.send(
    new CreateQueueCommand({
      QueueName: "orders",
      Attributes: { VisibilityTimeout: "60", RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetterArn, maxReceiveCount: "3" }) },
    }),
  );
  const queueArn = await arnOf(queue.QueueUrl!);
  const events = new EventBridgeClient(client);
  await events.send(new CreateEventBusCommand({ Name: "shop" }));

  const lambda = new LambdaClient(client);
  const functions = {} as OrderSystem["functions"];
  for (const name of ["checkout", "charge", "notify"] as const) {
    const input: CreateFunctionCommandInput = {
      FunctionName: name,
      Runtime: "nodejs22.x",
      Role: role.Role!.Arn,
      Handler: "index.handler",
      MemorySize: sizesMib[name] ?? 1024,
      Timeout: 10,
      Code: { ZipFile: zipOf("index.js", HANDLERS[name]) },
      Environment: { Variables: { QUEUE_URL: queue.QueueUrl!, PEER_URL: endpoint } },
      Tags: { team: name === "notify" ? "messaging" : "checkout" },
    };
    functions[name] = (await lambda.send(new CreateFunctionCommand(input))).FunctionArn!;
  }
  await lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn: queueArn, FunctionName: "charge", BatchSize: 5 }));
  await events.send(new PutRuleCommand({ Name: "charged", EventBusName: "shop", EventPattern: JSON.stringify({ source: ["shop"] }) }));
  await events.send(new PutTargetsCommand({ Rule: "charged", EventBusName: "shop", Targets: [{ Id: "notify", Arn: functions.notify }] }));
  const dynamo = new DynamoDBClient(client);
  await dynamo.send(
    new CreateTableCommand({
      TableName: "orders-table",
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  await dynamo.send(
    new UpdateTimeToLiveCommand({ TableName: "orders-table", TimeToLiveSpecification: { Enabled: true, AttributeName: "expiresAt" } }),
  );
  const machine = await new SFNClient(client).send(
    new CreateStateMachineCommand({
      name: "fulfil",
      roleArn: role.Role!.Arn,
      definition: JSON.stringify({ StartAt: "Ship", States: { Ship: { Type: "Pass", Next: "Done" }, Done: { Type: "Succeed" } } }),
    }),
  );
  return {
    role: role.Role!.Arn!,
    functions,
    queueUrl: queue.QueueUrl!,
    queueArn,
    deadLetterArn,
    bus: "shop",
    stateMachineArn: machine.stateMachineArn!,
  };
}

export const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/** Puts lines into the log group of a function, as its platform would. */
export async function putLines(
  endpoint: string,
  group: string,
  stream: string,
  lines: readonly { timestamp: number; message: string }[],
): Promise<void> {
  const logs = new CloudWatchLogsClient(at(endpoint));
  await logs.send(new CreateLogGroupCommand({ logGroupName: group })).catch(ignoreExisting);
  await logs.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: stream })).catch(ignoreExisting);
  for (let i = 0; i < lines.length; i += 1000) {
    await logs.send(new PutLogEventsCommand({ logGroupName: group, logStreamName: stream, logEvents: lines.slice(i, i + 1000) }));
  }
}

function ignoreExisting(error: Error): void {
  if (error.name !== "ResourceAlreadyExistsException") throw error;
}
