/** Configuration of everything that runs, carries or keeps events in one account and region. A part that fails is a gap; the others go on. */
import type { Config, Rec } from "../../model/records.ts";
import type { LiveContext, Target } from "../room.ts";
import { concurrently, merged } from "../kit/concurrent.ts";
import type { AwsApi } from "./api.ts";
import { type Details, detailsOf, LISTS } from "./collect-details.ts";
import { functionPages } from "./collect-functions.ts";
import { configsOf } from "./configuration.ts";
import { gap, orGap } from "./live-gaps.ts";
import { list, obj, type Obj, objects, text } from "./schema.ts";

/** Resources described at a time within one part; the shared quota paces them. */
const AT_A_TIME = 8;

/** All configuration in scope, page by page, the parts side by side. */
export async function* inventory(api: AwsApi, target: Target, context: LiveContext): AsyncGenerator<Rec[]> {
  const details = detailsOf(api, context);
  const reader = (answer: Obj): Config[] => configsOf(answer, { account: api.account, region: api.region, at: context.clock.now() });
  const parts: [what: string, pages: AsyncIterable<Rec[]>][] = [
    ["functions", functionPages(api, target, context, details)],
    ["event source mappings", mappings(api, reader, details)],
    ["event buses and rules", busesAndRules(api, reader, details)],
    ["pipes", pipes(api, reader, details)],
    ["queues", queues(api, reader, details)],
    ["topics", topics(api, reader)],
    ["subscriptions of topics", subscriptions(api, reader, details)],
    ["tables", tables(api, reader, details)],
    ["state machines", stateMachines(api, reader, details)],
    ["log groups", logGroups(api, reader)],
  ];
  const newBuses = new Set<string>();
  for await (const page of merged(parts.map(([what, pages]) => orGap(api, what, pages)))) {
    context.signal.throwIfAborted();
    for (const record of page) if (record.type === "config") for (const bus of newBusesIn(record)) newBuses.add(bus);
    if (page.length > 0) yield page;
  }
  const unread = [...details.gaps(), ...[...newBuses].map((bus) => gap(api, bus, "unsupported bus type: its subscribers are not read"))];
  if (unread.length > 0) yield unread;
}

/** Custom event buses (V2), which no list of classic buses shows: https://docs.aws.amazon.com/eventbridge/ */
function newBusesIn(config: Config): string[] {
  return [config.from, config.to].filter((end): end is string => end !== null && end.includes(":event-busv2/"));
}

type Read = (answer: Obj) => Config[];

async function* mappings(api: AwsApi, read: Read, details: Details): AsyncGenerator<Rec[]> {
  for await (const answer of api.pages("lambda:ListEventSourceMappings", { MaxItems: 100 }, LISTS)) {
    yield* concurrently(objects(answer["EventSourceMappings"]), AT_A_TIME, async (mapping): Promise<Rec[]> => {
      if (text(mapping["KMSKeyArn"]) === null) return read({ EventSourceMappings: [mapping] });
      // a list shows no filter where it is encrypted
      const opened = (await details.one("lambda:GetEventSourceMapping", { UUID: mapping["UUID"] })) ?? mapping;
      const configs = read({ EventSourceMappings: [{ ...mapping, FilterCriteria: opened["FilterCriteria"] ?? null }] });
      if (obj(opened["FilterCriteriaError"]) === null) return configs;
      return [
        ...configs,
        gap(api, `filters of mapping ${text(mapping["UUID"]) ?? ""}`, "encrypted: kms:Decrypt with its key is needed to read them"),
      ];
    });
  }
}

async function* busesAndRules(api: AwsApi, read: Read, details: Details): AsyncGenerator<Rec[]> {
  const buses: string[] = [];
  for await (const answer of api.pages("events:ListEventBuses", { Limit: 100 }, LISTS)) {
    buses.push(...namesIn(answer, "EventBuses", "Name"));
    yield read(answer);
  }
  for (const bus of buses) {
    for await (const answer of api.pages("events:ListRules", { EventBusName: bus, Limit: 100 }, LISTS)) {
      yield read(answer);
      yield* concurrently(namesIn(answer, "Rules", "Name"), AT_A_TIME, async (rule) =>
        ((await details.all("events:ListTargetsByRule", { Rule: rule, EventBusName: bus })) ?? []).flatMap((targets) =>
          read({ Rule: rule, EventBusName: bus, Targets: list(targets["Targets"]) }),
        ),
      );
    }
  }
}

async function* pipes(api: AwsApi, read: Read, details: Details): AsyncGenerator<Rec[]> {
  for await (const answer of api.pages("pipes:ListPipes", { Limit: 100 }, LISTS)) {
    yield* concurrently(objects(answer["Pipes"]), AT_A_TIME, async (pipe) =>
      read((await details.one("pipes:DescribePipe", { Name: text(pipe["Name"]) })) ?? pipe),
    );
  }
}

/** SQS bills each of these calls as a request ($0.40 a million). */
async function* queues(api: AwsApi, read: Read, details: Details): AsyncGenerator<Rec[]> {
  for await (const answer of api.pages("sqs:ListQueues", { MaxResults: 1000 }, LISTS)) {
    const urls = list(answer["QueueUrls"]).flatMap((url) => text(url) ?? []);
    yield* concurrently(urls, AT_A_TIME, async (url) => {
      const described = await details.one("sqs:GetQueueAttributes", { QueueUrl: url, AttributeNames: ["All"] });
      return described === null ? [] : read({ QueueUrl: url, Attributes: described["Attributes"] ?? {} });
    });
  }
}

async function* topics(api: AwsApi, read: Read): AsyncGenerator<Rec[]> {
  for await (const answer of api.pages("sns:ListTopics", {}, LISTS)) yield read(answer);
}

/** Those of the whole account, 100 a page, instead of one call per topic. */
async function* subscriptions(api: AwsApi, read: Read, details: Details): AsyncGenerator<Rec[]> {
  for await (const answer of api.pages("sns:ListSubscriptions", {}, LISTS)) {
    const confirmed = objects(answer["Subscriptions"]).filter((one) => text(one["SubscriptionArn"])?.startsWith("arn:") === true);
    yield* concurrently(confirmed, AT_A_TIME, async (one) => {
      const described = await details.one("sns:GetSubscriptionAttributes", { SubscriptionArn: one["SubscriptionArn"] });
      const attributes = obj(described?.["Attributes"]);
      return read(attributes === null ? { Subscriptions: [one] } : { Attributes: { ...one, ...attributes } });
    });
  }
}

async function* tables(api: AwsApi, read: Read, details: Details): AsyncGenerator<Rec[]> {
  for await (const answer of api.pages("dynamodb:ListTables", { Limit: 100 }, LISTS)) {
    const names = list(answer["TableNames"]).flatMap((name) => text(name) ?? []);
    yield* concurrently(names, AT_A_TIME, async (name) => {
      const [described, ttl] = await Promise.all([
        details.one("dynamodb:DescribeTable", { TableName: name }),
        details.one("dynamodb:DescribeTimeToLive", { TableName: name }),
      ]);
      if (described !== null) return read({ ...described, TimeToLiveDescription: ttl?.["TimeToLiveDescription"] ?? null });
      return ttl === null ? [] : read({ TableName: name, ...ttl });
    });
  }
}

async function* stateMachines(api: AwsApi, read: Read, details: Details): AsyncGenerator<Rec[]> {
  for await (const answer of api.pages("states:ListStateMachines", { maxResults: 1000 }, LISTS)) {
    yield* concurrently(objects(answer["stateMachines"]), AT_A_TIME, async (machine) =>
      read(
        (await details.one("states:DescribeStateMachine", { stateMachineArn: machine["stateMachineArn"] })) ?? { stateMachines: [machine] },
      ),
    );
  }
}

async function* logGroups(api: AwsApi, read: Read): AsyncGenerator<Rec[]> {
  for await (const answer of api.pages("logs:DescribeLogGroups", { limit: 50 }, LISTS)) yield read(answer);
}

function namesIn(answer: Obj, field: string, name: string): string[] {
  return objects(answer[field]).flatMap((one) => text(one[name]) ?? []);
}
