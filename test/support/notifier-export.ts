/**
 * An export of a consumer that ignores part of what its rule sends it: `notify-customer` on bus `shop` mails only for orders that are paid or
 * refunded, and says of the others that it ignores them. What it wants is the truth that filters are held against; evscope reads only the lines.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { random } from "../../fixtures/simulator/random.ts";

export const NOTIFIER = { account: "111122223333", region: "eu-central-1", fn: "notify-customer", rule: "orders-to-mail", bus: "shop" };

export interface NotifierOptions {
  orders: number;
  /** Another function behind the same rule; `wants`: which events it does something with. */
  sibling?: { fn: string; wants(status: string): boolean };
  /** What the function says of an event that it does nothing with; null: nothing. */
  says?: string | null;
  /** A service manages the rule. */
  managedBy?: string;
  /** Where it runs; left out: as in `NOTIFIER`. */
  place?: { account: string; region: string };
}

/** More than half of the events are wanted: a proof needs hundreds of them. */
const STATUSES = ["created", "paid", "paid", "paid", "packed", "shipped", "delivered", "refunded", "refunded", "refunded", "cancelled"];
/** Truth: the statuses that the function does something with. */
export const WANTED = ["paid", "refunded"];

const START = Date.UTC(2026, 9, 5);
const HOUR = 3_600_000;

interface Line {
  timestamp: number;
  message: string;
}

/** Files of the export: two weeks of FilterLogEvents answers, and descriptions of rule, targets and functions. Returns how many events each side has. */
export function writeNotifierExport(
  dir: string,
  { orders, sibling, says = "ignoring event of this type", managedBy, place = NOTIFIER }: NotifierOptions,
): { wanted: number; discarded: number } {
  const chance = random(11);
  const arn = (fn: string): string => `arn:aws:lambda:${place.region}:${place.account}:function:${fn}`;
  const consumers = [{ fn: NOTIFIER.fn, wants: (status: string) => WANTED.includes(status) }, ...(sibling === undefined ? [] : [sibling])];
  const lines = new Map<string, Line[]>(consumers.map(({ fn }) => [fn, []]));
  const truth = { wanted: 0, discarded: 0 };
  for (let i = 0; i < orders; i++) {
    const at = START + Math.floor((i * 14 * 24 * HOUR) / orders);
    const status = STATUSES[Math.floor(chance.next() * STATUSES.length)]!;
    const event = {
      version: "0",
      id: chance.uuid(),
      "detail-type": "OrderStatusChanged",
      source: "shop.orders",
      account: place.account,
      time: new Date(at).toISOString(),
      region: place.region,
      resources: [],
      detail: {
        orderId: `ORD-${i}`,
        status,
        total: Math.round(chance.next() * 20_000) / 100,
        note: "please skip the doorbell, ignored last time",
      },
    };
    if (WANTED.includes(status)) truth.wanted++;
    else truth.discarded++;
    for (const { fn, wants } of consumers) {
      const request = chance.uuid();
      const isWanted = wants(status);
      const ms = isWanted ? 180 + chance.next() * 60 : 3 + chance.next() * 2;
      const said = isWanted ? `sent mail for ORD-${i}` : says;
      const own = lines.get(fn)!;
      const put = (after: number, message: string): void => void own.push({ timestamp: at + after, message });
      put(0, `START RequestId: ${request} Version: $LATEST\n`);
      put(1, `${new Date(at + 1).toISOString()}\t${request}\tINFO\t${JSON.stringify(event)}\n`);
      if (said !== null) put(2, `${new Date(at + 2).toISOString()}\t${request}\tINFO\t${said}\n`);
      put(3, `END RequestId: ${request}\n`);
      const billed = Math.ceil(ms);
      put(
        4,
        `REPORT RequestId: ${request}\tDuration: ${ms.toFixed(2)} ms\tBilled Duration: ${billed} ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB\t\n`,
      );
    }
  }
  mkdirSync(dir, { recursive: true });
  const write = (name: string, value: unknown): void => writeFileSync(join(dir, name), JSON.stringify(value));
  for (const [fn, own] of lines)
    write(`logs-${fn}.json`, {
      logGroupName: `/aws/lambda/${fn}`,
      events: own.map((line, i) => ({
        ...line,
        logStreamName: "2026/10/05/[$LATEST]0123456789abcdef0123456789abcdef",
        ingestionTime: line.timestamp + 500,
        eventId: String(i).padStart(56, "0"),
      })),
    });
  write("functions.json", {
    Functions: consumers.map(({ fn }) => ({
      FunctionName: fn,
      FunctionArn: arn(fn),
      Runtime: "nodejs22.x",
      MemorySize: 512,
      Timeout: 10,
      Architectures: ["arm64"],
      Version: "$LATEST",
      RevisionId: "r1",
    })),
  });
  const rule = {
    Name: NOTIFIER.rule,
    Arn: `arn:aws:events:${place.region}:${place.account}:rule/${NOTIFIER.bus}/${NOTIFIER.rule}`,
    EventBusName: NOTIFIER.bus,
    State: "ENABLED",
  };
  write("rules.json", {
    Rules: [
      { ...rule, EventPattern: JSON.stringify({ source: ["shop.orders"] }), ...(managedBy === undefined ? {} : { ManagedBy: managedBy }) },
    ],
  });
  write("targets.json", {
    Rule: NOTIFIER.rule,
    EventBusName: NOTIFIER.bus,
    Targets: consumers.map(({ fn }, i) => ({ Id: `T${i}`, Arn: arn(fn) })),
  });
  return truth;
}
