/** Order events with fields of every sort, and how each grammar's service carries them. */
import { Buffer } from "node:buffer";
import type { FilterGrammar } from "../../src/model/filters.ts";
import type { Json } from "../../src/model/records.ts";

/** Random numbers of one case: mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export type Random = () => number;

/** What happened, before any service wraps it. */
export interface Order {
  kind: string;
  status: string;
  tier: string;
  region: string;
  amount: number;
  quantity: number;
  key: string;
  coupon: string | null;
  test: boolean;
  items: { kind: string; sku: string; quantity: number }[];
  id: string;
  at: number;
  sequence: number;
  score: number;
}

/** Values that a field takes, and how often: earlier ones more often. */
export const KINDS = [
  "order.placed",
  "order.paid",
  "order.shipped",
  "order.returned",
  "refund.issued",
  "invoice.sent",
  "stock.counted",
  "price.changed",
];
export const STATUSES = ["new", "accepted", "failed", "cancelled"];
export const TIERS = ["bronze", "silver", "gold"];
export const FOLDERS = ["uploads/", "thumbnails/", "exports/", "archive/", "tmp/"];
export const ENDINGS = [".jpg", ".png", ".json", ".csv"];
export const GOODS = ["physical", "digital", "gift-card"];
const REGIONS = ["eu-north", "eu-west", "us-east", "ap-south", "antarctica"];

/** One of the values; the n-th with weight 1 / n^skew. */
export function oneOf<T>(random: Random, values: readonly T[], skew = 0.7): T {
  const weights = values.map((_, index) => 1 / (index + 1) ** skew);
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) if ((left -= weight) <= 0) return values[index]!;
  return values[values.length - 1]!;
}

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");

const uuid = (random: Random): string => [8, 4, 4, 4, 12].map((digits) => hex(random, digits)).join("-");

/** The n-th event; `extra`: a kind that is rare (one in 500), null: none. */
export function orderOf(random: Random, at: number, sequence: number, extra: string | null): Order {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return {
    kind: extra !== null && random() < 0.002 ? extra : oneOf(random, KINDS),
    status: oneOf(random, STATUSES),
    tier: oneOf(random, TIERS),
    region: oneOf(random, REGIONS, 1.5),
    amount: Math.round(8000 * Math.exp(0.9 * normal)) / 100,
    quantity: 1 + Math.floor(random() ** 2 * 8),
    key: `${oneOf(random, FOLDERS)}${hex(random, 8)}${oneOf(random, ENDINGS)}`,
    coupon: random() < 0.3 ? `C-${hex(random, 6)}` : null,
    test: random() < 0.1,
    items: Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
      kind: oneOf(random, GOODS, 0.2),
      sku: hex(random, 10),
      quantity: 1 + Math.floor(random() * 4),
    })),
    id: uuid(random),
    at,
    sequence,
    score: Math.round(random() * 1e4) / 1e4,
  };
}

const iso = (at: number): string => new Date(at).toISOString();

function document({ kind, at, id, sequence, coupon, ...rest }: Order): { [key: string]: Json } {
  return {
    type: kind,
    orderId: id,
    createdAt: iso(at),
    position: sequence,
    ...rest,
    ...(coupon === null ? {} : { coupon }),
    customer: { tier: rest.tier, since: iso(at - 1e9) },
  };
}

/** A value as DynamoDB streams write it. */
function typed(value: Json): Json {
  if (value === null) return { NULL: true };
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(typed) };
  return { M: Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, typed(inner)])) };
}

const base64 = (value: Json): string => Buffer.from(JSON.stringify(value)).toString("base64");

function flat(order: Order): { [key: string]: string | number | boolean } {
  const { kind, status, tier, region, amount, quantity, key, coupon, test, id } = order;
  return { kind, status, tier, region, amount, quantity, key, test, orderId: id, ...(coupon === null ? {} : { coupon }) };
}

/** The order's event as the consumer's filter sees it. */
export function carried(grammar: FilterGrammar, order: Order): Json {
  const { kind, at, id } = order;
  switch (grammar) {
    case "eventbridge":
      return {
        version: "0",
        id,
        source: "shop",
        account: "123456789012",
        region: "eu-west-1",
        time: iso(at),
        resources: [],
        "detail-type": kind,
        detail: document(order),
      };
    case "sqs":
      return { messageId: id, body: JSON.stringify(document(order)), attributes: { SentTimestamp: String(at) } };
    case "kinesis":
      return { partitionKey: id, sequenceNumber: String(order.sequence), data: base64(document(order)) };
    case "kafka":
      return { topic: "orders", partition: 0, offset: order.sequence, value: base64(document(order)) };
    case "mq":
      return { messageID: id, data: base64(document(order)) };
    case "dynamodb":
      return {
        eventID: id,
        eventName: order.quantity > 2 ? "MODIFY" : "INSERT",
        dynamodb: { NewImage: Object.fromEntries(Object.entries(document(order)).map(([key, value]) => [key, typed(value)])) },
      };
    case "sns-body":
      return document(order);
    case "sns-attributes":
      return {
        MessageAttributes: Object.fromEntries(
          Object.entries(flat(order)).map(([name, value]) => [
            name,
            { Type: typeof value === "number" ? "Number" : "String", Value: String(value) },
          ]),
        ),
      };
    case "event-grid":
      return { id, eventType: kind, subject: order.key, eventTime: iso(at), dataVersion: "1", topic: "/orders", data: document(order) };
    case "service-bus-sql":
    case "service-bus-correlation":
      return { messageId: id, label: kind, applicationProperties: flat(order) };
    case "pubsub":
      return {
        message: {
          messageId: id,
          attributes: Object.fromEntries(Object.entries(flat(order)).map(([name, value]) => [name, String(value)])),
        },
      };
    case "eventarc":
      return { specversion: "1.0", id, source: "//shop", type: kind, subject: order.key, time: iso(at), data: document(order) };
  }
}
