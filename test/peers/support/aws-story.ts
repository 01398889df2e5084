/** The common story on moto: its functions, its queue, and its lines in CloudWatch Logs. */
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { aws } from "../../../src/clouds/aws/index.ts";
import type { Settings } from "../../../src/model/plan.ts";
import type { LiveStory } from "../../contract/live-contract.ts";
import { awsStory } from "../../contract/order-scenario.ts";
import { storyAt } from "../../contract/story-at.ts";
import { pointSdkAt, testTarget } from "../../support/aws-client.ts";
import { liveContext } from "./live-context.ts";
import { at, putLines, TRUST } from "./order-system.ts";
import { start } from "./servers.ts";
import { zipOf } from "./zip.ts";

interface Lines {
  logGroup: string;
  events: { logStreamName: string; timestamp: number; message: string }[];
}

export async function startAwsStory(): Promise<LiveStory> {
  const t0 = Date.now() - 600_000;
  const story = storyAt(awsStory, t0);
  const peer = await start("moto");
  pointSdkAt(peer.url);
  const lambda = new LambdaClient(at(peer.url));
  const role = await new IAMClient(at(peer.url)).send(new CreateRoleCommand({ RoleName: "orders", AssumeRolePolicyDocument: TRUST }));
  await new SQSClient(at(peer.url)).send(new CreateQueueCommand({ QueueName: "orders" }));
  const arns: string[] = [];
  for (const name of ["place-order", "handle-order"]) {
    const made = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: "nodejs22.x",
        Role: role.Role!.Arn,
        Handler: "index.handler",
        MemorySize: 256,
        Timeout: 3,
        Code: { ZipFile: zipOf("index.js", "exports.handler = async () => ({ ok: true });") },
      }),
    );
    arns.push(made.FunctionArn!);
  }
  await lambda.send(
    new CreateEventSourceMappingCommand({ EventSourceArn: "arn:aws:sqs:us-east-1:123456789012:orders", FunctionName: "handle-order" }),
  );
  for (const { logGroup, events } of story.files.flat() as unknown as Lines[]) {
    await putLines(peer.url, logGroup, events[0]!.logStreamName, events);
  }
  const read = async (): Promise<Settings> => {
    const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "handle-order" }));
    return { memoryMib: found.MemorySize! };
  };
  return {
    session: await aws.live!.connect(testTarget(), liveContext()),
    t0,
    window: { from: t0 - 60_000, to: t0 + 300_000 },
    messageId: story.messageId,
    ref: { cloud: "aws", account: "123456789012", region: "us-east-1", kind: "lambda.function", resource: arns[1]!, name: "handle-order" },
    before: { memoryMib: 256 },
    after: { memoryMib: 512 },
    read,
    async disturb({ memoryMib }) {
      await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "handle-order", MemorySize: memoryMib as number }));
    },
    violations: [],
    stop: () => peer.stop(),
  };
}
