import { describe, expect, it } from "vitest";
import { placeOf } from "../../../../src/analyzer/filters/targets.ts";
import type { Consumer } from "../../../../src/analyzer/filters/target.ts";
import type { Config } from "../../../../src/model/records.ts";

const AWS = { cloud: "aws", account: "1", region: "eu-west-1" } as const;
const AZURE = { cloud: "azure", account: "s", region: "westeurope" } as const;
const GCP = { cloud: "gcp", account: "p", region: null } as const;
const config = (scope: Pick<Config, "cloud" | "account" | "region">, kind: Config["kind"], rest: Partial<Config>): Config => ({
  type: "config",
  kind,
  ...scope,
  resource: "r",
  name: "n",
  revision: null,
  observedAt: null,
  from: null,
  to: null,
  settings: {},
  ...rest,
});
const consumer = (rest: Partial<Consumer>): Consumer => ({ cloud: "aws", fn: "f", grammar: "sqs", channel: null, ...rest });
const learned = (filter: string, patterns = [filter]) => ({ filter, patterns, words: "", caveats: [], proof: null as never });

const QUEUE = "arn:aws:sqs:eu-west-1:1:q";
const FN = "arn:aws:lambda:eu-west-1:1:function:f";

/** Settings by kind as `WrittenKind` of the model says. */
describe("what a filter is written to", () => {
  const mapping = config(AWS, "trigger", { resource: "arn:aws:lambda:eu-west-1:1:event-source-mapping:u", name: "u", from: QUEUE, to: FN });

  it("is the mapping from the events' queue, whose patterns are replaced as a whole", () => {
    const other = { ...mapping, from: `${QUEUE}2` };
    const place = placeOf(consumer({ channel: QUEUE }), [other, mapping], []);
    expect(place).toMatchObject({
      target: { kind: "lambda.event-source-mapping", name: "u" },
      current: null,
      before: { filterPatterns: null },
    });
    expect("after" in place && place.after(learned("x", ['{"a":[1]}', '{"b":[2]}']))).toEqual({
      filterPatterns: ['{"a":[1]}', '{"b":[2]}'],
    });
    const filtered = placeOf(consumer({ channel: QUEUE }), [{ ...mapping, settings: { filterPatterns: ["{}", '{"a":[1]}'] } }], []);
    expect(filtered).toMatchObject({
      current: '{"Filters":[{"Pattern":"{}"},{"Pattern":"{\\"a\\":[1]}"}]}',
      before: { filterPatterns: ["{}", '{"a":[1]}'] },
    });
  });

  it("is a pipe where that leads to the function", () => {
    const pipe = { ...mapping, resource: "arn:aws:pipes:eu-west-1:1:pipe/p", name: "p" };
    expect(placeOf(consumer({ channel: QUEUE }), [pipe], [])).toMatchObject({ target: { kind: "pipes.pipe", name: "p" } });
  });

  // each message goes to one of the readers: docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html deletes those that do not match
  it("is nothing where another function reads the same queue", () => {
    const rival = { ...mapping, resource: `${mapping.resource}2`, to: "arn:aws:lambda:eu-west-1:1:function:g" };
    expect(placeOf(consumer({ channel: QUEUE }), [mapping, rival], [])).toMatchObject({
      why: expect.stringContaining("g reads the queue q too"),
      isManaged: true,
    });
    const stream = "arn:aws:kinesis:eu-west-1:1:stream/s";
    const own = [mapping, rival].map((one) => ({ ...one, from: stream }));
    expect(placeOf(consumer({ channel: stream, grammar: "kinesis" }), own, [])).toMatchObject({ target: { name: "u" } });
  });

  it("is not guessed where several may be meant, or none is known", () => {
    expect(placeOf(consumer({ channel: QUEUE }), [mapping, mapping], [])).toMatchObject({
      why: expect.stringContaining("2 mappings"),
      isManaged: false,
    });
    expect(placeOf(consumer({ channel: QUEUE }), [], [])).toMatchObject({ isManaged: false });
  });

  it("is a subscription to a topic, whose scope is that of the events", () => {
    const topic = "arn:aws:sns:eu-west-1:1:t";
    const subscription = config(AWS, "trigger", { resource: `${topic}:s`, from: topic, to: FN, settings: { protocol: "lambda" } });
    const place = placeOf(consumer({ grammar: "sns-body", channel: topic }), [subscription], []);
    expect(place).toMatchObject({ target: { kind: "sns.subscription" }, before: { filterPolicy: null, filterPolicyScope: null } });
    expect("after" in place && place.after(learned('{"a":[1]}'))).toEqual({ filterPolicy: '{"a":[1]}', filterPolicyScope: "MessageBody" });
    const scoped = { ...subscription, settings: { protocol: "lambda", filterPolicy: '{"k":["v"]}' } };
    expect(placeOf(consumer({ grammar: "sns-body", channel: topic }), [scoped], [])).toMatchObject({ isManaged: false });
  });

  it("is the rule whose pattern matches the events; what else hangs on it is told", () => {
    const rule = (name: string, source: string): Config =>
      config(AWS, "rule", { name, from: "shop", settings: { pattern: JSON.stringify({ source: [source] }) } });
    const target = (name: string, to: string): Config => config(AWS, "rule", { name, from: "shop", to, settings: { target: "T" } });
    const event = {
      at: 0,
      grammar: "eventbridge",
      event: { source: "orders" },
      channel: null,
      messageId: "1",
      fn: "f",
      requestId: null,
      cloud: "aws",
    } as const;
    const configs = [
      rule("a", "orders"),
      rule("b", "mails"),
      target("a", FN),
      target("b", FN),
      target("a", FN.replace(/:f$/, ":g")),
      target("a", QUEUE),
    ];
    const place = placeOf(consumer({ grammar: "eventbridge" }), configs, [event]);
    expect(place).toMatchObject({
      target: { kind: "events.rule", name: "a" },
      shared: { functions: ["g"], others: [QUEUE] },
      channel: "shop",
    });
  });

  it("is an Event Grid subscription to the function, or the only rule of the Service Bus subscription that its trigger names", () => {
    const grid = config(AZURE, "trigger", {
      resource: "/g",
      to: "/subscriptions/s/x/sites/app/functions/F",
      settings: { service: "eventgrid", filter: { subjectBeginsWith: "/a" } },
    });
    expect(placeOf(consumer({ cloud: "azure", grammar: "event-grid" }), [grid], [])).toMatchObject({
      target: { kind: "eventgrid.subscription" },
      current: '{"subjectBeginsWith":"/a"}',
    });
    const trigger = config(AZURE, "function", { name: "f", from: "orders", settings: { subscription: "mail" } });
    const subscription = config(AZURE, "trigger", {
      resource: "/ns/topics/orders/subscriptions/mail",
      name: "mail",
      from: "/ns/topics/orders",
      settings: { service: "servicebus" },
    });
    const rule = config(AZURE, "rule", {
      name: "$Default",
      from: subscription.resource,
      settings: { service: "servicebus", filterType: "SqlFilter", sqlExpression: "1=1" },
    });
    const place = placeOf(consumer({ cloud: "azure", grammar: "service-bus-sql" }), [trigger, subscription, rule], []);
    expect(place).toMatchObject({
      current: "1=1",
      before: { rules: [{ name: "$Default", filterType: "SqlFilter", sqlExpression: "1=1" }] },
    });
    expect(placeOf(consumer({ cloud: "azure", grammar: "service-bus-sql" }), [trigger, subscription, rule, rule], [])).toMatchObject({
      isManaged: false,
    });
  });

  it("is a push subscription of one's own: not one that a trigger made, nor one that is pulled", () => {
    const channel = "projects/p/subscriptions/s";
    const push = config(GCP, "trigger", { resource: channel, name: "s", settings: { delivery: "push" } });
    const pubsub = consumer({ cloud: "gcp", grammar: "pubsub", channel });
    expect(placeOf(pubsub, [push], [])).toMatchObject({
      target: { kind: "pubsub.subscription", region: "global" },
      before: { filter: null },
    });
    expect(placeOf(pubsub, [{ ...push, settings: { delivery: "pull" } }], [])).toMatchObject({ isManaged: true });
    expect(
      placeOf(
        { ...pubsub, channel: "projects/p/subscriptions/eventarc-x" },
        [{ ...push, resource: "projects/p/subscriptions/eventarc-x", name: "eventarc-x" }],
        [],
      ),
    ).toMatchObject({ isManaged: true });
  });
});
