/** What EventBridge itself says of a pattern and an event. Free. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html */
import { EXIT, UserError } from "../../model/errors.ts";
import type { RecordedEvent } from "../../model/filters.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { obj } from "./schema.ts";
import { asUserError } from "./user-error.ts";

/** As `LiveSession.askFilter`. Other grammars have no such call; an event without envelope is refused as EventBridge does. */
export async function askFilter(api: AwsApi, event: RecordedEvent, pattern: string): Promise<boolean> {
  if (event.grammar !== "eventbridge" || obj(event.event) === null)
    throw new UserError(`AWS tests patterns on events of EventBridge only, not of ${event.grammar}`);
  const answer = await api
    .call("events:TestEventPattern", { EventPattern: pattern, Event: JSON.stringify(event.event) })
    .catch((error: unknown) => {
      // the event itself stays out of the message
      if (error instanceof AwsError && error.kind === "invalid")
        throw new UserError(`EventBridge refuses the pattern or the event: ${error.code}`, { exitCode: EXIT.partial, cause: error });
      throw asUserError(error, "ask EventBridge whether a pattern matches");
    });
  const result = answer["Result"];
  if (typeof result !== "boolean") throw new UserError("the endpoint does not say whether the pattern matches", { exitCode: EXIT.partial });
  return result;
}
