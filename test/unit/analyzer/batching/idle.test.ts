import { describe, expect, it } from "vitest";
import { feeds } from "../../../../src/analyzer/batching/evidence-mappings.ts";
import { EMPTY_RECEIVES, idleOf, idleQueues } from "../../../../src/analyzer/batching/idle.ts";
import { ratesWith } from "../../../../src/app/rates.ts";
import type { CountSeries } from "../../../../src/model/batch-facts.ts";
import type { Config } from "../../../../src/model/records.ts";
import { functionConfig, START } from "../../../support/function-stats.ts";

const rates = ratesWith(null);
const HOUR = 3_600_000;
const home = { account: "111122223333", region: "us-east-1" };
const arn = (service: string, rest: string): string => `arn:aws:${service}:us-east-1:111122223333:${rest}`;
const mapping = (from: string, settings: Config["settings"] = {}): Config =>
  functionConfig(
    {},
    { ...home, kind: "trigger", resource: arn("lambda", "event-source-mapping:1"), from, to: arn("lambda", "function:orders"), settings },
  );
const queue = (name: string, receiveWaitS: number): Config =>
  functionConfig({}, { ...home, kind: "queue", resource: arn("sqs", name), name, settings: { receiveWaitS } });

/** So many empty receives in each of ten hours. */
const empty = (resource: string, count: number): CountSeries => ({
  cloud: "aws",
  ...home,
  name: EMPTY_RECEIVES,
  resource,
  fn: null,
  periodMs: HOUR,
  points: Array.from({ length: 10 }, (_, i) => ({ at: START + i * HOUR, count })),
});
const idle = (config: Config, counts: CountSeries[] = []) => idleOf(feeds([config])[0]!, null, 0, counts, rates);

describe("polling of what is empty", () => {
  it("of a queue as counted: 1,000 an hour are 730,000 a month, at $0.40 a million", () => {
    const [one] = idle(mapping(arn("sqs", "stock")), [empty("other", 9), empty("stock", 1000)]);
    expect(one!.what).toBe("730000 empty receives a month (NumberOfEmptyReceives)");
    expect(one!.usdPerMonth).toBeCloseTo(0.292, 6);
  });

  it("of a queue that nothing counts: five pollers that wait 20 s each", () => {
    // 5 x 2,628,000 s / 20 s: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    expect(idle(mapping(arn("sqs", "stock")))[0]!.what).toBe("657000 empty receives a month (5 pollers at rest)");
    // FIFO: $0.50 a million
    expect(idle(mapping(arn("sqs", "stock.fifo")))[0]!.usdPerMonth).toBeCloseTo(0.3285, 6);
  });

  // $0.185 an hour for a unit of ten pollers: https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
  it.each([
    [1, 0.185 * 730],
    [10, 0.185 * 730],
    [11, 2 * 0.185 * 730],
  ])("%i provisioned pollers of Kafka", (minimumPollers, usd) => {
    const [one] = idle(mapping(arn("kafka", "cluster/shop/1"), { minimumPollers }));
    expect(one!.usdPerMonth).toBeCloseTo(usd, 6);
  });

  it("provisioned pollers of a queue have no known price", () => {
    const found = idle(mapping(arn("sqs", "stock"), { minimumPollers: 2 }));
    expect(found.at(-1)).toMatchObject({ what: expect.stringContaining("2 provisioned pollers"), usdPerMonth: null });
  });

  it("queues that no mapping reads are told to wait, where they poll in short waits and that costs something", () => {
    const configs = [queue("worker", 0), queue("patient", 20), queue("quiet", 0), queue("stock", 0), mapping(arn("sqs", "stock"))];
    const counts = ["worker", "patient", "stock"].map((name) => empty(name, 3600)).concat(empty("quiet", 1));
    const found = idleQueues(configs, feeds(configs), counts, rates);
    expect(found.map((one) => one.queue)).toEqual(["worker"]);
    // 3,600 an hour: 2,628,000 a month
    expect(found[0]!.idle.usdPerMonth).toBeCloseTo(1.0512, 6);
    expect(found[0]!.proposals).toMatchObject([
      { kind: "sqs.queue", before: { receiveWaitS: 0 }, after: { receiveWaitS: 20 }, danger: "none", group: null },
    ]);
  });
});
