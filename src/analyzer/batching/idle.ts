/** What polling costs where nothing comes: no batch size mends that. Pure. */
import type { CountSeries } from "../../model/batch-facts.ts";
import type { BatchFigures, IdleWaste, QueueAdvice } from "../../model/batching.ts";
import { numberOf } from "../../model/json.ts";
import type { Config } from "../../model/records.ts";
import type { Ms, Usd } from "../../model/units.ts";
import type { Rates } from "../cost/pricing.ts";
import { callPrice } from "./evidence.ts";
import type { Feed } from "./evidence-feed.ts";

const MONTH_H = 730;
const MONTH_MS: Ms = MONTH_H * 3_600_000;
const POLLERS_OF_A_UNIT = 10;
/** Receives without a message. */
export const EMPTY_RECEIVES = "aws/sqs/numberofemptyreceives";
/** A wait of so many seconds is the longest: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html */
const LONGEST_WAIT_S = 20;
/** Lambda's pollers of a queue at rest, each with long polls: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
const POLLERS = 5;
/** Less a month is no line worth. */
const LEAST_USD: Usd = 0.01;

/** Waste beside the batches of a feed. `now`: what was simulated of it, over `spanMs` of time; null: nothing was. */
export function idleOf(feed: Feed, now: BatchFigures | null, spanMs: Ms, counts: readonly CountSeries[], rates: Rates): IdleWaste[] {
  const found: IdleWaste[] = [];
  if (feed.kind === "sqs-standard" || feed.kind === "sqs-fifo") {
    const counted = monthly(counts.find((one) => one.name === EMPTY_RECEIVES && nameOf(one.resource) === feed.channel));
    const simulated = now?.emptyReceives == null || spanMs <= 0 ? null : (now.emptyReceives * MONTH_MS) / spanMs;
    const empty = counted ?? simulated ?? (POLLERS * MONTH_MS) / (LONGEST_WAIT_S * 1000);
    const basis = counted !== null ? "NumberOfEmptyReceives" : simulated !== null ? "simulated" : `${POLLERS} pollers at rest`;
    const usdPerMonth = empty * callPrice(feed, rates);
    if (usdPerMonth >= LEAST_USD)
      found.push({
        what: `${Math.round(empty)} empty receives a month (${basis})`,
        usdPerMonth,
        advice:
          "Lambda polls for 20 s at a time whatever the queue says: only fewer mappings, or one queue for several kinds of messages, poll less",
      });
  }
  const pollers = numberOf(feed.config.settings["minimumPollers"]);
  if (pollers !== null) found.push(provisioned(feed, pollers, rates));
  if (feed.kind === "service-bus")
    found.push({
      what: "the host's receives of an empty queue count as operations",
      usdPerMonth: null,
      advice: "how often it asks is in no metric; the Standard tier has 13 million operations a month in its base price",
    });
  return found;
}

/**
 * Pollers that are paid whether events come or not. A unit of Kafka's holds ten by default; how many of a queue's pollers make a unit is said nowhere.
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
 */
function provisioned({ kind, cloud, region }: Feed, pollers: number, rates: Rates): IdleWaste {
  const price = kind === "kafka" ? rates.prices.find(cloud, "lambda.event-poller-units", "kafka", region) : null;
  const units = Math.ceil(pollers / POLLERS_OF_A_UNIT);
  return {
    what: `${pollers} provisioned poller${pollers === 1 ? "" : "s"}, paid while they idle too`,
    usdPerMonth: price === null ? null : units * price.usdPerUnit * MONTH_H,
    advice:
      price === null
        ? "what they cost is not in the price table: the bill has it as event poller units"
        : `${units} event poller unit${units === 1 ? "" : "s"} of ${POLLERS_OF_A_UNIT} pollers, unless mappings share them (PollerGroupName): fewer minimum pollers, or a group`,
  };
}

/** Queues that no mapping reads, polled in short waits: long polls cost a fraction, and bring messages no later. */
export function idleQueues(
  configs: readonly Config[],
  feeds: readonly Feed[],
  counts: readonly CountSeries[],
  rates: Rates,
): QueueAdvice[] {
  const mapped = new Set(feeds.map((one) => one.config.from));
  return configs.flatMap((queue) => {
    const waitS = numberOf(queue.settings["receiveWaitS"]);
    if (queue.cloud !== "aws" || queue.kind !== "queue" || waitS === null || waitS >= LONGEST_WAIT_S || mapped.has(queue.resource))
      return [];
    const series = counts.find(
      (one) => one.name === EMPTY_RECEIVES && nameOf(one.resource) === queue.name && (one.region ?? queue.region) === queue.region,
    );
    const empty = monthly(series);
    if (empty === null) return [];
    const kind = queue.name.endsWith(".fifo") ? "sqs-fifo" : "sqs-standard";
    const usdPerMonth = empty * callPrice({ kind, cloud: "aws", region: queue.region }, rates);
    if (usdPerMonth < LEAST_USD) return [];
    const { cloud, account, region, name, resource } = queue;
    const proposal = {
      cloud,
      account: account!,
      region: region!,
      kind: "sqs.queue",
      resource,
      name,
      topic: "batching",
      before: { receiveWaitS: waitS },
      after: { receiveWaitS: LONGEST_WAIT_S },
      danger: "none",
      group: null,
      first: [`look that consumers of ${name} wait ${LONGEST_WAIT_S} s for an answer, and do not set a wait of their own`],
      reasons: [`${Math.round(empty)} empty receives a month`],
      expected: null,
    } as const;
    return [
      {
        cloud,
        account,
        region,
        queue: name,
        idle: {
          what: `${Math.round(empty)} empty receives a month with a wait of ${waitS} s`,
          usdPerMonth,
          advice: `a wait of ${LONGEST_WAIT_S} s (long polling) answers as soon as a message comes, and asks far less`,
        },
        proposals: account === null || region === null ? [] : [{ ...proposal, first: [...proposal.first], reasons: [...proposal.reasons] }],
      },
    ];
  });
}

/** Of the time that a metric covers; null: there is none. Periods without a point are taken as none counted. */
function monthly(series: CountSeries | undefined): number | null {
  const [first, last] = [series?.points[0], series?.points.at(-1)];
  if (series === undefined || first === undefined || last === undefined) return null;
  return (series.points.reduce((sum, one) => sum + one.count, 0) * MONTH_MS) / (last.at + series.periodMs - first.at);
}

function nameOf(resource: string | null): string | null {
  return resource?.split(/[/:]/).at(-1) ?? null;
}
