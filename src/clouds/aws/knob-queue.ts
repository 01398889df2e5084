/**
 * SQS queues. How long messages are kept is never written: a shorter time deletes those that wait.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
import { UserError } from "../../model/errors.ts";
import type { Change } from "../../model/plan.ts";
import type { Knob } from "../kit/knob.ts";
import type { AwsApi } from "./api.ts";
import { refuseOutside, refuseUnknown } from "./knob-values.ts";
import { functionOf } from "./names.ts";
import { ownersOf } from "./owners.ts";
import { queueUrlOf } from "./queue-visibility.ts";
import { num, obj, objects, type Obj, text } from "./schema.ts";

/** Setting: attribute of the queue, and name in `limits`. */
const SETTINGS: { readonly [setting: string]: readonly [attribute: string, limit: string] } = {
  visibilityTimeoutS: ["VisibilityTimeout", "sqs.visibilityTimeout"],
  receiveWaitS: ["ReceiveMessageWaitTimeSeconds", "sqs.receiveWaitTime"],
};

export function queueKnob(api: AwsApi): Knob<{ url: string }> {
  return {
    async read(ref) {
      const url = await queueUrlOf(api, ref.resource);
      const attributes = obj((await api.call("sqs:GetQueueAttributes", { QueueUrl: url, AttributeNames: ["All"] }))["Attributes"]) ?? {};
      const written = Object.values(SETTINGS).map(([attribute]) => attribute);
      const isRest = (name: string): boolean =>
        !written.includes(name) && name !== "LastModifiedTimestamp" && !name.startsWith("Approximate");
      return {
        settings: Object.fromEntries(Object.entries(SETTINGS).map(([name, [attribute]]) => [name, num(attributes[attribute])])),
        revision: null,
        rest: Object.fromEntries(Object.entries(attributes).filter(([name]) => isRest(name))),
        busy: null,
        failed: null,
        found: { url },
      };
    },
    async refuse(change) {
      refuseUnknown(change, Object.keys(change.after), Object.keys(SETTINGS));
      for (const [name, value] of Object.entries(change.after)) refuseOutside(change, name, value, SETTINGS[name]![1]);
      await refuseTooShort(api, change);
    },
    async send(change, { found }) {
      const Attributes = Object.fromEntries(Object.entries(change.after).map(([name, value]) => [SETTINGS[name]![0], String(value)]));
      await api.call("sqs:SetQueueAttributes", { QueueUrl: found.url, Attributes });
    },
    // "changes made can take up to 60 seconds to propagate"
    shownWithinMs: 60_000,
    owners: async (ref) => {
      const url = await queueUrlOf(api, ref.resource);
      return ownersOf(api, { tags: ["sqs:ListQueueTags", { QueueUrl: url }], physicalId: url });
    },
  };
}

/**
 * A visibility timeout that is lowered must still be six times the function's timeout and the window of its mapping, so that no message is
 * worked on twice; an undo may go back to what there was, but not below the timeout, where AWS refuses the mapping.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
async function refuseTooShort(api: AwsApi, change: Change): Promise<void> {
  const [before, after] = [change.before["visibilityTimeoutS"], change.after["visibilityTimeoutS"]];
  if (typeof after !== "number" || typeof before !== "number" || after >= before) return;
  for (const { fn, timeoutS, windowS } of await consumersOf(api, change.resource)) {
    const least = change.undo === true ? timeoutS : 6 * timeoutS + windowS;
    if (after < least)
      throw new UserError(
        `${change.name}: a visibility timeout of ${after} s is too short for ${fn} (timeout ${timeoutS} s, window ${windowS} s): ${least} s or more`,
      );
  }
}

async function consumersOf(api: AwsApi, queueArn: string): Promise<{ fn: string; timeoutS: number; windowS: number }[]> {
  const mappings: Obj[] = [];
  for await (const page of api.pages("lambda:ListEventSourceMappings", { EventSourceArn: queueArn }))
    mappings.push(...objects(page["EventSourceMappings"]));
  const found: { fn: string; timeoutS: number; windowS: number }[] = [];
  for (const mapping of mappings) {
    const fn = functionOf(text(mapping["FunctionArn"]))?.fn;
    if (fn === undefined) continue;
    const timeoutS = num((await api.call("lambda:GetFunctionConfiguration", { FunctionName: fn }))["Timeout"]);
    if (timeoutS !== null) found.push({ fn, timeoutS, windowS: num(mapping["MaximumBatchingWindowInSeconds"]) ?? 0 });
  }
  return found;
}
