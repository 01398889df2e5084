/** Configuration of everything that runs, carries or keeps events in one subscription. A part that fails is a gap; the others go on. */
import { type JsonObject, textAt } from "../../model/json.ts";
import type { Rec } from "../../model/records.ts";
import { merged } from "../kit/concurrent.ts";
import type { LiveContext, Target } from "../room.ts";
import type { AzureApi } from "./api.ts";
import { appPages } from "./collect-apps.ts";
import { cosmos, eventHubs, eventSubscriptions, serviceBus } from "./collect-channels.ts";
import { detailsOf } from "./collect-details.ts";
import { workspaces } from "./collect-workspaces.ts";
import { INVENTORY, READS, TYPES } from "./graph-query.ts";
import { gap, gapOf, orGap } from "./live-gaps.ts";
import { missingActions } from "./permission-check.ts";
import { configsOf } from "./read-live.ts";

/** All configuration in scope, page by page, the parts side by side. */
export async function* inventory(api: AzureApi, target: Target, context: LiveContext): AsyncGenerator<Rec[]> {
  const heads = new Map<string, JsonObject[]>(Object.values(TYPES).map((type) => [type, []]));
  try {
    for await (const page of api.graph(INVENTORY)) for (const one of page) heads.get(textAt(one, "type")?.toLowerCase() ?? "")?.push(one);
  } catch (error) {
    // what was listed before is described all the same
    yield [gapOf(api, error, "resources")];
  }
  yield await unseen(api);
  const of = (type: keyof typeof TYPES): JsonObject[] => heads.get(TYPES[type])!;
  const details = detailsOf(api, context);
  const read = (resources: JsonObject[]): Rec[] => configsOf(api, context.keys, resources, context.clock.now());
  const plans = new Map(of("plan").map((one) => [textAt(one, "id")?.toLowerCase() ?? "", one]));
  const parts: [what: string, pages: AsyncIterable<Rec[]>][] = [
    ["apps", appPages(api, target, context, details, of("site"), plans)],
    ["workspaces", workspaces(read, details, api, context, target, of("component"), of("workspace"))],
    ["event subscriptions", eventSubscriptions(api, read, details, of("topic"), of("systemTopic"))],
    ["Service Bus entities", serviceBus(read, details, of("serviceBus"))],
    ["event hubs", eventHubs(read, details, of("eventHubs"))],
    ["Cosmos DB containers", cosmos(read, details, of("cosmos"))],
  ];
  for await (const page of merged(parts.map(([what, pages]) => orGap(api, what, pages)))) {
    context.signal.throwIfAborted();
    if (page.length > 0) yield page;
  }
  const domains = of("domain").map((one) =>
    gap(api, textAt(one, "name") ?? "domain", "an Event Grid domain: the subscriptions of its topics are not read"),
  );
  const unread = [...details.gaps(), ...domains];
  if (unread.length > 0) yield unread;
}

/** Kinds of resources that may not be read on the whole subscription: what single groups show of them is collected. */
async function unseen(api: AzureApi): Promise<Rec[]> {
  const missing = await missingActions(api, Object.values(READS));
  return missing.map((action) =>
    gap(api, `resources by ${action}`, `not allowed on the whole subscription: the action ${action} is missing; the role Reader has it`),
  );
}
