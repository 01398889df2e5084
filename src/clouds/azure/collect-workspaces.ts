/** Where telemetry is kept: Application Insights components, their Log Analytics workspaces, and plan and retention of the tables that are read. */
import { type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Rec } from "../../model/records.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { Target } from "../room.ts";
import type { Details } from "./collect-details.ts";
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
    // a workspace has hundreds of tables, each with its schema
    const kept = tables.filter((one) => tableOfName(textAt(one, "name") ?? "") !== null);
    const identified = kept.map((one) => ({ ...one, id: textAt(one, "id") ?? `${id}/tables/${textAt(one, "name")}`, type: TABLE }));
    const head = workspace === null || resourceIdOf(id) === null ? [] : [workspace];
    return read([...head, ...identified]);
  });
}

const TABLE = "Microsoft.OperationalInsights/workspaces/tables";
