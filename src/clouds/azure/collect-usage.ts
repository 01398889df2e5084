/** What came into each table of a workspace, by its own table of usage: free to ask, counted once an hour. */
import { numberOf } from "../../model/json.ts";
import type { Bytes, EpochMs, Ms } from "../../model/units.ts";
import type { LiveContext } from "../room.ts";
import { type AzureApi, AzureError, type LogsRequest } from "./api.ts";
import { pipeline } from "./kql.ts";
import { ask } from "./log-window.ts";
import { textOf, timeOf } from "./values.ts";

const DAY_MS: Ms = 86_400_000;
/** Days that are looked back: those that every workspace keeps. */
const LOOK_BACK_D = 30;
/** https://learn.microsoft.com/azure/azure-monitor/reference/tables/usage: Quantity is in MB, of 10^6 bytes. */
const MEGABYTE: Bytes = 1e6;

/** What a table took in a day on average over so many whole days (UTC); younger workspaces have fewer. */
export interface Ingestion {
  billableBytesPerDay: Bytes;
  days: number;
}

/** By lower-case name of the table; those into which nothing came are not in it. null: the workspace does not say. Throws AzureError for credentials. */
export async function usageOf(
  api: AzureApi,
  ctx: Pick<LiveContext, "requestTimeoutMs">,
  scope: LogsRequest["scope"],
  now: EpochMs,
): Promise<Map<string, Ingestion> | null> {
  const to = Math.floor(now / DAY_MS) * DAY_MS;
  const span = { from: to - LOOK_BACK_D * DAY_MS, to };
  const kql = pipeline(
    "Usage",
    `where StartTime >= datetime(${new Date(span.from).toISOString()}) and StartTime < datetime(${new Date(to).toISOString()})`,
    "where IsBillable == true",
    "summarize Megabytes = sum(Quantity), First = min(StartTime) by DataType",
  );
  try {
    // an hour's usage is written when the hour is over
    const answer = await ask(api, ctx, { scope, kql, span: { from: span.from, to: now } });
    if (answer.partial !== null) return null;
    const rows = answer.tables.flatMap(({ columns, rows: all }) => {
      const at = (name: string): number => columns.findIndex((column) => column.name === name);
      return all.map((row) => ({
        name: textOf(row[at("DataType")]),
        mb: numberOf(row[at("Megabytes")] ?? null),
        first: timeOf(row[at("First")]),
      }));
    });
    const first = Math.min(...rows.map((one) => one.first ?? to));
    const days = Math.ceil((to - first) / DAY_MS);
    return new Map(
      rows.flatMap(({ name, mb }) =>
        name === null || mb === null || days < 1 ? [] : [[name.toLowerCase(), { billableBytesPerDay: (mb * MEGABYTE) / days, days }]],
      ),
    );
  } catch (error) {
    if (!(error instanceof AzureError) || error.kind === "credentials") throw error;
    return null;
  }
}
