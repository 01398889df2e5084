/** Where telemetry is kept: Application Insights components, their Log Analytics workspaces, and plan, retention and ingestion of the tables that are read or take something in. */
import { type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Rec } from "../../model/records.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { LiveContext, Target } from "../room.ts";
import type { AzureApi } from "./api.ts";
import type { Details } from "./collect-details.ts";
import { type Ingestion, usageOf } from "./collect-usage.ts";
import { tableOfName } from "./kql-tables.ts";
import { resourceIdOf } from "./values.ts";

const AT_A_TIME = 4;

/** https://learn.microsoft.com/rest/api/loganalytics/tables/list-by-workspace */
const API_VERSION = "2025-02-01";

/**
 * Components, and the workspaces that the target names or the components write to: those may lie in another resource group or
 * subscription, and are then asked for by their ID.
 */
export async function* workspaces(
  read: (resources: JsonObject[]) => Rec[],
  details: Details,
  api: AzureApi,
  ctx: LiveContext,
  target: Target,
  components: readonly JsonObject[],
  known: readonly JsonObject[],
): AsyncGenerator<Rec[]> {
  yield read([...components]);
  const named = target.azure?.workspaces ?? [];
  const linked = components.flatMap((one) => textAt(objectAt(one, "properties") ?? {}, "WorkspaceResourceId", "workspaceResourceId") ?? []);
  const byId = new Map(known.map((one) => [textAt(one, "id")?.toLowerCase() ?? "", one]));
  const wanted = new Map((named.length > 0 ? named : linked).map((id) => [id.toLowerCase(), id]));
  yield* concurrently([...wanted], AT_A_TIME, async ([key, id]) => {
    const workspace = byId.get(key) ?? (await details.one("arm:GET", [id, API_VERSION]));
    const tables = (await details.all("arm:GET", [`${id}/tables`, API_VERSION])) ?? [];
    const customerId = workspace === null ? null : textAt(objectAt(workspace, "properties") ?? {}, "customerId");
    const scope = customerId === null ? ({ kind: "resource", id } as const) : ({ kind: "workspace", id: customerId } as const);
    const usage = tables.length === 0 ? null : await usageOf(api, ctx, scope, ctx.clock.now());
    const usageIn = (one: JsonObject): Ingestion | null => usage?.get((textAt(one, "name") ?? "").toLowerCase()) ?? null;
    // a workspace has hundreds of tables, each with its schema; most are empty
    const kept = tables.filter((one) => usageIn(one) !== null || tableOfName(textAt(one, "name") ?? "") !== null);
    const identified = kept.map((one) => ({
      ...one,
      ingestion: { ...usageIn(one) },
      id: textAt(one, "id") ?? `${id}/tables/${textAt(one, "name")}`,
      type: TABLE,
    }));
    const head = workspace === null || resourceIdOf(id) === null ? [] : [workspace];
    return read([...head, ...identified]);
  });
}

const TABLE = "Microsoft.OperationalInsights/workspaces/tables";
