/** What every room must do, whatever the vendor. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CloudRoom } from "../../src/clouds/room.ts";
import type { Reading, UsageGroup } from "../../src/model/billing.ts";
import type { ChannelKind, Invocation, Json, Message, Rec } from "../../src/model/records.ts";
import { CORRELATION_ID, type Story, T0 } from "./order-scenario.ts";
import { type Read, readDocuments, readWith } from "./read-documents.ts";

/** Paths at which a record holds what the dataset cannot: undefined, NaN, an infinity. */
function badValues(value: unknown, path = ""): string[] {
  if (value === undefined) return [`${path} is undefined`];
  if (typeof value === "number") return Number.isFinite(value) ? [] : [`${path} is ${value}`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => badValues(inner, `${path}.${key}`));
}

function expectSound(read: Read, cloud: CloudRoom["cloud"]): void {
  expect(read.records.flatMap((record) => badValues(record, record.type))).toEqual([]);
  for (const record of read.records) {
    expect(record.cloud).toBe(cloud);
    if (record.type === "invocation") expect(record.weight).toBeGreaterThanOrEqual(1);
    for (const id of "ids" in record ? record.ids : []) expect(id.value).not.toBe("");
  }
  for (const reason of [...read.broken, ...read.ignored]) expect(reason).not.toBe("");
}

/** Every place in a JSON value that can be replaced. */
function places(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, Array.isArray(value) ? Number(key) : key]))];
}

function replaced(value: Json, path: readonly (string | number)[], by: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((inner, i) => (i === key ? replaced(inner, rest, by) : inner));
  const object = value as { [key: string]: Json };
  return { ...object, [key]: replaced(object[key as string]!, rest, by) };
}

const junk: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue() as fc.Arbitrary<Json>,
  fc.constantFrom<Json>(
    null,
    "",
    "NaN",
    "Infinity",
    -1,
    1e308,
    "9007199254740993",
    "9223372036854775807",
    [],
    {},
    [[]],
    "{",
    "{'a': 'b",
    "\u0000",
    true,
  ),
);

const usage: fc.Arbitrary<Omit<UsageGroup, "cloud">> = fc.record({
  account: fc.constant(null),
  region: fc.constantFrom(null, "us-east-1", "eastus", "us-central1"),
  fn: fc.constant("f"),
  architecture: fc.constantFrom(null, "x86_64" as const, "arm64" as const),
  plan: fc.constantFrom(null, "consumption", "flex", "premium", "run-request", "request-based", "instance-based", "gen1", "x"),
  memoryMib: fc.option(fc.integer({ min: 128, max: 32_768 })),
  maxMemoryMib: fc.option(fc.integer({ min: 1, max: 32_768 })),
  vcpu: fc.option(fc.constantFrom(0.083, 0.167, 0.333, 0.583, 1, 2, 8)),
  billedMs: fc.option(fc.integer({ min: 0, max: 900_000 })),
  durationMs: fc.option(fc.double({ min: 0, max: 900_000, noNaN: true })),
  initMs: fc.option(fc.double({ min: 0, max: 10_000, noNaN: true })),
  emulator: fc.boolean(),
  seenIn: fc.constantFrom<Invocation["seenIn"]>("platform-log", "request-log", "span", "history"),
  outcome: fc.constantFrom<UsageGroup["outcome"]>("ok", "error", "timeout", "oom", "throttled", "unknown"),
  coldStart: fc.constantFrom(null, true, false),
  count: fc.integer({ min: 1, max: 100_000 }),
});

const CHANNELS: readonly ChannelKind[] = ["queue", "topic", "bus", "stream", "table", "bucket", "workflow", "http", "schedule"];

/** Quantities are whole (or say why they are unknown) and their meter has one price in their unit. */
function expectPriced(room: CloudRoom, readings: readonly Reading[]): void {
  for (const { meter, variant, quantity, unit, why } of readings) {
    if (quantity === null) {
      expect(why, `${meter} without quantity says why`).toMatch(/\S/);
      continue;
    }
    // a vCPU is sold in thousandths
    const whole = unit === "vcpu-ms" ? quantity * 1000 : quantity;
    expect(whole, meter).toBeGreaterThanOrEqual(0);
    expect(Math.abs(whole - Math.round(whole)), `${meter}: ${quantity} is whole`).toBeLessThanOrEqual(whole * 1e-15);
    const lines = room.prices.filter((price) => price.meter === meter && price.variant === variant);
    expect(
      lines.map((price) => price.unit),
      `price of ${meter} ${variant}`,
    ).toEqual([unit]);
  }
}

/** What the story says, in terms that no vendor owns. */
export interface Facts {
  invocations: { fn: string; outcome: string; coldStart: boolean; durationMs: number | null; startedMs: number }[];
  published: (string | null)[];
  received: (string | null)[];
  receivedBy: (string | null)[];
  correlated: string[];
}

/** The common story as facts, for every cloud the same. */
export const STORY_FACTS: Facts = {
  invocations: [
    { fn: "place-order", outcome: "ok", coldStart: true, durationMs: 250, startedMs: 0 },
    { fn: "handle-order", outcome: "error", coldStart: false, durationMs: 40, startedMs: 1000 },
  ],
  published: ["the message"],
  received: ["the message"],
  receivedBy: ["handle-order"],
  correlated: ["handle-order", "place-order"],
};

/** Facts of a story that began at `t0`; records of one run that several sources saw count once. */
export function factsOf(records: readonly Rec[], story: Pick<Story, "messageId">, t0: number): Facts {
  const runs = new Map<string, Invocation[]>();
  for (const record of records)
    if (record.type === "invocation") runs.set(record.requestId, [...(runs.get(record.requestId) ?? []), record]);
  const messages = records.filter((record): record is Message => record.type === "message");
  const idOf = (message: Message): string | null => (message.messageId === story.messageId ? "the message" : message.messageId);
  const correlated = records.filter((r) => "ids" in r && r.ids.some((id) => id.kind === "correlation" && id.value === CORRELATION_ID));
  return {
    invocations: [...runs.values()]
      .map((seen) => ({
        fn: seen[0]!.fn,
        outcome: [...new Set(seen.map((run) => run.outcome))].join("/"),
        coldStart: seen.some((run) => run.coldStart === true),
        durationMs: seen[0]!.durationMs,
        startedMs: Math.min(...seen.map((run) => run.startedAt)) - t0,
      }))
      .sort((a, b) => (a.fn < b.fn ? 1 : -1)),
    published: messages.filter((m) => m.direction === "published").map(idOf),
    received: messages.filter((m) => m.direction === "received").map(idOf),
    receivedBy: messages.filter((m) => m.direction === "received").map((m) => m.fn),
    correlated: [...new Set(correlated.map((r) => ("fn" in r ? r.fn : null)))].filter((fn) => fn !== null).sort(),
  };
}

/** The suite. `story`: the common story in this vendor's dialect. */
export function roomContract(room: CloudRoom, story: Story): void {
  describe(`room ${room.cloud}`, () => {
    it("has all doors", () => {
      expect(room.title).not.toBe("");
      expect(room.formats.length).toBeGreaterThan(0);
      expect(room.prices.length).toBeGreaterThan(0);
      expect(room.limits.length).toBeGreaterThan(0);
      expect(Object.keys(room.billing)).toEqual(expect.arrayContaining(["invocations", "logs", "message", "transitions"]));
    });

    it("names its formats uniquely and says in one line what each is recognised by", () => {
      const ids = room.formats.map((format) => format.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { id, title, lookedFor } of room.formats) {
        expect(id.startsWith(`${room.cloud}.`)).toBe(true);
        expect(title.trim()).not.toBe("");
        expect(lookedFor.trim()).toMatch(/^.{10,300}$/);
      }
    });

    it.each(room.formats)("$id survives any JSON and any text", (format) => {
      const document = format.kind === "text" ? (fc.string({ unit: "binary", maxLength: 300 }) as fc.Arbitrary<Json>) : junk;
      fc.assert(
        fc.property(fc.array(document, { minLength: 1, maxLength: 4 }), (documents) => {
          const score = format.recognise(documents[0]!);
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(100);
          expectSound(readWith(format, documents), room.cloud);
        }),
        { numRuns: 150 },
      );
    });

    it("survives its own telemetry with any one value replaced by junk", () => {
      const documents = story.files.flat();
      const all = documents.flatMap((document, i) => places(document).map((path) => ({ i, path })));
      fc.assert(
        fc.property(fc.constantFrom(...all), junk, ({ i, path }, by) => {
          const broken = documents.map((document, at) => (at === i ? replaced(document, path, by) : document));
          for (const format of room.formats.filter((f) => f.kind === "json")) {
            format.recognise(broken[i]!);
            expectSound(readWith(format, broken, "named"), room.cloud);
          }
        }),
        { numRuns: 300 },
      );
    });

    it("bills whole units, and every meter that it bills has a price in the same unit", () => {
      fc.assert(
        fc.property(usage, (group) => expectPriced(room, room.billing.invocations({ ...group, cloud: room.cloud }))),
        { numRuns: 500 },
      );
      for (const channelKind of CHANNELS) {
        for (const direction of ["published", "received"] as const) {
          for (const sizeBytes of [null, 0, 1, 65_536, 65_537, 1_048_576])
            expectPriced(room, room.billing.message({ cloud: room.cloud, channelKind, direction, sizeBytes }));
        }
      }
      for (const bytes of [0, 1, 1_000_000_007]) expectPriced(room, room.billing.logs(bytes));
      for (const count of [0, 1, 12_345]) expectPriced(room, room.billing.transitions(count));
    });

    it("dates every price and names its source; one line per meter and variant", () => {
      const keys = room.prices.map((price) => `${price.meter} ${price.variant}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const { usd, per, regions, source, asOf } of room.prices) {
        expect(usd).toBeGreaterThan(0);
        expect(per).toBeGreaterThan(0);
        expect(source).toMatch(/^https:\/\/\S+/);
        expect(asOf).toMatch(/^20\d\d-\d\d-\d\d$/);
        for (const factor of Object.values(regions)) expect(factor).toBeGreaterThan(0);
      }
    });

    it("names the source of every limit, and no limit excludes itself", () => {
      for (const limit of room.limits) {
        expect(limit.source, limit.setting).toMatch(/^https:\/\/\S+/);
        if (limit.min !== null && limit.max !== null) expect(limit.min, limit.setting).toBeLessThanOrEqual(limit.max);
        for (const value of limit.values ?? []) {
          expect(value).toBeGreaterThanOrEqual(limit.min ?? value);
          expect(value).toBeLessThanOrEqual(limit.max ?? value);
        }
      }
    });

    it("reads the common story: two runs, one message on both sides, one cold start, one error", () => {
      for (const file of story.files) {
        const read = readDocuments(room.formats, file);
        expect(read.broken).toEqual([]);
        expectSound(read, room.cloud);
      }
      const records = story.files.flatMap((file) => readDocuments(room.formats, file).records);
      expect(factsOf(records, story, T0)).toEqual(STORY_FACTS);
    });
  });
}
