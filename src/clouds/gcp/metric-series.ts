/**
 * One question to Cloud Monitoring, reduced on its side, and what it costs: $0.50 per million time series returned since 2025-10-02, the first
 * million a month of a billing account free, which is not subtracted here: https://cloud.google.com/stackdriver/pricing
 */
import { arrayAt, type JsonObject, textAt } from "../../model/json.ts";
import type { Ms, Usd } from "../../model/units.ts";
import type { Span } from "../room.ts";
import { BudgetError, spend, spentTogetherUsd, usdText } from "../kit/spent.ts";
import { type GcpApi, GcpError } from "./api.ts";
import { quoted } from "./log-filter.ts";

export const USD_PER_SERIES: Usd = 0.5e-6;
/** Points of a page: it may hold 100,000, of which those of distributions are large. */
export const PAGE_POINTS = 10_000;

export interface SeriesRequest {
  filter: string;
  /** Whole periods. Monitoring takes the end and leaves out the start: a point belongs to the period that ends with it. */
  window: Span;
  periodMs: Ms;
  /** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Aligner */
  aligner: string;
  reducer: string;
  groupBy: readonly string[];
}

/**
 * Pages of answers, each with the aggregation that was asked for. A metric that the project never had gives none. Every series of a page is
 * noted as spent when it came; throws BudgetError where what all paid calls of the command cost together reaches `limitUsd`.
 */
export async function* seriesPages(api: GcpApi, asked: SeriesRequest, limitUsd: Usd): AsyncGenerator<JsonObject> {
  const aggregation = {
    alignmentPeriod: `${asked.periodMs / 1000}s`,
    perSeriesAligner: asked.aligner,
    crossSeriesReducer: asked.reducer,
    groupByFields: [...asked.groupBy],
  };
  const request = {
    name: `projects/${api.project}`,
    // the project may see the metrics of others as well
    filter: `project = ${quoted(api.project)} AND ${asked.filter}`,
    interval: { startTime: new Date(asked.window.from).toISOString(), endTime: new Date(asked.window.to).toISOString() },
    aggregation,
    view: "FULL",
    pageSize: PAGE_POINTS,
  };
  const check = (): void => {
    if (spentTogetherUsd(api) >= limitUsd)
      throw new BudgetError(
        `Cloud Monitoring: the price limit of ${usdText(limitUsd)} is reached ($0.50 per million time series returned)`,
      );
  };
  check();
  try {
    for await (const answer of api.pages("monitoring:ListTimeSeries", request)) {
      const timeSeries = arrayAt(answer, "timeSeries") ?? [];
      spend(api, timeSeries.length * USD_PER_SERIES);
      // REST leaves out an empty list
      yield { ...answer, timeSeries, aggregation };
      if (textAt(answer, "nextPageToken") !== null) check();
    }
  } catch (error) {
    // 404: no resource of the project ever wrote this metric
    if (!(error instanceof GcpError) || error.kind !== "not-found") throw error;
  }
}
