/** How much CloudWatch says it took in, by log group and day: what an Insights query over that day would scan. */
import type { Bytes, EpochMs, Usd } from "../../model/units.ts";
import type { CollectRequest, LiveContext } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { DAY_MS } from "./log-calls.ts";
import { list, moment, num, obj, text } from "./schema.ts";
import { spend } from "../kit/spent.ts";

/** By group: days (UTC) with their bytes. Groups of which nothing is told are left out. */
export type LogSizes = Map<string, { from: EpochMs; bytes: Bytes }[]>;

/** "$0.01 per 1,000 metrics requested": https://aws.amazon.com/cloudwatch/pricing/ */
const USD_PER_METRIC: Usd = 0.01 / 1_000;
/** "A single GetMetricData call can include up to 500 MetricDataQuery structures". */
const METRICS_PER_CALL = 500;

/**
 * The metric IncomingBytes of AWS/Logs for the first 500 of these groups, if its price fits the limit. Where it is not allowed or not
 * known, nothing: sizes then stay as `storedBytes` gives them.
 */
export async function ingestedBytes(
  api: AwsApi,
  ctx: Pick<LiveContext, "host">,
  groups: readonly string[],
  request: Pick<CollectRequest, "window" | "maxQueryUsd">,
): Promise<{ sizes: LogSizes; usd: Usd }> {
  const sizes: LogSizes = new Map();
  const asked = groups.slice(0, METRICS_PER_CALL);
  const usd = asked.length * USD_PER_METRIC;
  if (asked.length === 0 || usd > request.maxQueryUsd) return { sizes, usd: 0 };
  const input = {
    StartTime: new Date(Math.floor(request.window.from / DAY_MS) * DAY_MS),
    EndTime: new Date(request.window.to),
    ScanBy: "TimestampAscending",
    MetricDataQueries: asked.map((group, i) => ({
      Id: `g${i}`,
      MetricStat: {
        Metric: { Namespace: "AWS/Logs", MetricName: "IncomingBytes", Dimensions: [{ Name: "LogGroupName", Value: group }] },
        Period: DAY_MS / 1_000,
        Stat: "Sum",
      },
    })),
  };
  let paid = false;
  try {
    for await (const page of api.pages("cloudwatch:GetMetricData", input)) {
      if (!paid) spend(api, usd);
      paid = true;
      for (const one of list(page["MetricDataResults"])) {
        const result = obj(one);
        const group = asked[Number(text(result?.["Id"])?.slice(1))];
        const values = list(result?.["Values"]);
        if (group === undefined || values.length === 0) continue;
        const days = list(result?.["Timestamps"]).flatMap((at, i) => {
          const [from, bytes] = [moment(at), num(values[i])];
          return from === null || bytes === null ? [] : [{ from, bytes }];
        });
        sizes.set(group, [...(sizes.get(group) ?? []), ...days]);
      }
    }
    ctx.host.note(`looked up how much ${asked.length} log groups took in ($${usd.toFixed(5)} of GetMetricData)`);
    return { sizes, usd };
  } catch (error) {
    if (!(error instanceof AwsError) || error.kind === "credentials") throw error;
    return { sizes: new Map(), usd };
  }
}
