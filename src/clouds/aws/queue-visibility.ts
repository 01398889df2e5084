/** How long a queue hides a message that was received. */
import type { AwsApi } from "./api.ts";
import { num, obj, text } from "./schema.ts";

/** URL of the queue of this ARN. */
export async function queueUrlOf(api: AwsApi, queueArn: string): Promise<string> {
  const [, , , , account, name] = queueArn.split(":");
  const found = await api.call("sqs:GetQueueUrl", { QueueName: name, QueueOwnerAWSAccountId: account });
  return text(found["QueueUrl"]) ?? "";
}

/** Visibility timeout in seconds; null: not said. */
export async function visibilityOf(api: AwsApi, queueArn: string): Promise<number | null> {
  const found = await api.call("sqs:GetQueueAttributes", {
    QueueUrl: await queueUrlOf(api, queueArn),
    AttributeNames: ["VisibilityTimeout"],
  });
  return num(obj(found["Attributes"])?.["VisibilityTimeout"]);
}
