/** What carries events: Event Grid topics and subscriptions, Service Bus and Event Hubs entities, containers of Cosmos DB. */
import { arrayAt, isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Rec } from "../../model/records.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { AzureApi } from "./api.ts";
import { placeOf } from "./collect-apps.ts";
import type { Details } from "./collect-details.ts";

/** Namespaces, topics and databases described at a time; the shared quota paces them. */
const AT_A_TIME = 8;

type Read = (resources: JsonObject[]) => Rec[];

/** Event subscriptions of the whole subscription, and those of each topic: the list of all holds only those of no topic. */
export async function* eventSubscriptions(
  api: AzureApi,
  read: Read,
  details: Details,
  topics: readonly JsonObject[],
  systemTopics: readonly JsonObject[],
): AsyncGenerator<Rec[]> {
  yield read([...topics, ...systemTopics]);
  for await (const page of api.pages("eventgrid:eventSubscriptions.listGlobalBySubscription", [])) yield read(page);
  yield* concurrently(topics, AT_A_TIME, async (topic) => {
    const { group, name } = placeOf(topic);
    // made as an extension of the topic (portal, `az eventgrid event-subscription create`) or as a child of it: the same names
    const [extensions, children] = await Promise.all([
      details.all("eventgrid:eventSubscriptions.listByResource", [group, "Microsoft.EventGrid", "topics", name]),
      details.all("eventgrid:topicEventSubscriptions.list", [group, name]),
    ]);
    const byName = new Map([...(extensions ?? []), ...(children ?? [])].map((one) => [textAt(one, "name"), one]));
    return read([...byName.values()]);
  });
  yield* concurrently(systemTopics, AT_A_TIME, async (topic) => {
    const { group, name } = placeOf(topic);
    return read((await details.all("eventgrid:systemTopicEventSubscriptions.listBySystemTopic", [group, name])) ?? []);
  });
}

/** Queues, topics, their subscriptions and rules. */
export async function* serviceBus(read: Read, details: Details, namespaces: readonly JsonObject[]): AsyncGenerator<Rec[]> {
  yield read([...namespaces]);
  for (const namespace of namespaces) {
    const { group, name } = placeOf(namespace);
    const [queues, topics] = await Promise.all([
      details.all("servicebus:queues.listByNamespace", [group, name]),
      details.all("servicebus:topics.listByNamespace", [group, name]),
    ]);
    yield read([...(queues ?? []), ...(topics ?? [])]);
    yield* concurrently(topics ?? [], AT_A_TIME, async (topic) => {
      const of = [group, name, placeOf(topic).name];
      const subscriptions = (await details.all("servicebus:subscriptions.listByTopic", of)) ?? [];
      const rules = subscriptions.map((one) => details.all("servicebus:rules.listBySubscriptions", [...of, placeOf(one).name]));
      return read([...subscriptions, ...(await Promise.all(rules)).flatMap((found) => found ?? [])]);
    });
  }
}

/** https://learn.microsoft.com/rest/api/eventhub/event-hubs/list-by-namespace */
export async function* eventHubs(read: Read, details: Details, namespaces: readonly JsonObject[]): AsyncGenerator<Rec[]> {
  yield read([...namespaces]);
  yield* concurrently(namespaces, AT_A_TIME, async (namespace) =>
    read((await details.all("arm:GET", [`${textAt(namespace, "id")}/eventhubs`, "2024-01-01"])) ?? []),
  );
}

/** Containers of accounts with the SQL API: the others have no such list. */
export async function* cosmos(read: Read, details: Details, accounts: readonly JsonObject[]): AsyncGenerator<Rec[]> {
  yield* concurrently(accounts.filter(hasSqlApi), AT_A_TIME, async (account) => {
    const { group, name } = placeOf(account);
    const databases = (await details.all("cosmos:sqlResources.listSqlDatabases", [group, name])) ?? [];
    const containers = databases.map((one) => details.all("cosmos:sqlResources.listSqlContainers", [group, name, placeOf(one).name]));
    // what holds for all containers of the account is told with each
    const { capabilities, capacityMode, locations } = objectAt(account, "properties") ?? {};
    const of = { ...(capabilities && { capabilities }), ...(capacityMode && { capacityMode }), ...(locations && { locations }) };
    return read(
      (await Promise.all(containers)).flatMap((found) =>
        (found ?? []).map((one) => ({ ...one, properties: { ...objectAt(one, "properties"), account: of } })),
      ),
    );
  });
}

function hasSqlApi(account: JsonObject): boolean {
  if (/mongo/i.test(textAt(account, "kind") ?? "")) return false;
  const capabilities = arrayAt(objectAt(account, "properties") ?? {}, "capabilities") ?? [];
  return !capabilities.some((one) => isObject(one) && /^Enable(Cassandra|Gremlin|Table|Mongo)/.test(textAt(one, "name") ?? ""));
}
