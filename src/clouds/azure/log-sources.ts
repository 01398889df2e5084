/**
 * Where telemetry of apps lies: Log Analytics workspaces, and Application Insights components that still keep their own. Read from
 * descriptions of kind `log-group`, by the type in their ARM ID:
 * `microsoft.insights/components`: settings `workspace` (ARM ID; absent: a classic component), `retentionD`;
 * `microsoft.operationalinsights/workspaces`: `customerId`, `retentionD`;
 * `microsoft.operationalinsights/workspaces/tables`: `plan` (`Analytics`, `Basic`, `Auxiliary`), `retentionD`.
 */
import { numberOf } from "../../model/json.ts";
import type { Config, Gap } from "../../model/records.ts";
import type { Target } from "../room.ts";
import type { AzureApi, LogsRequest } from "./api.ts";
import { type Dialect, type Table, tableOfName } from "./kql-tables.ts";
import { gap } from "./live-gaps.ts";
import { isApp } from "./target-scope.ts";
import { resourceIdOf, textOf } from "./values.ts";

/** A workspace, or a component that keeps its own rows. */
export interface LogSource {
  /** ARM ID in lower case. */
  resource: string;
  name: string;
  dialect: Dialect;
  scope: LogsRequest["scope"];
  /** Of a workspace; null: not known, or a component. Paid tables can be searched with it only. */
  customerId: string | null;
  region: string | null;
  /** Tables that differ from the Analytics plan, or have a retention of their own. */
  tables: ReadonlyMap<Table, { plan: string; retentionD: number | null }>;
  /** Of tables without one of their own; null: not told. */
  retentionD: number | null;
}

const TABLE = /^(.*\/providers\/microsoft\.operationalinsights\/workspaces\/[^/]+)\/tables\/([^/]+)$/i;

const typeOf = (config: Config): string | null => resourceIdOf(config.resource)?.type ?? null;

/** Every place once: the target's workspaces, else those of the subscription's components, with components that have none. */
export function logSourcesOf(target: Target, configs: readonly Config[]): LogSource[] {
  const groups = configs.filter((config) => config.kind === "log-group");
  const named = target.azure?.workspaces ?? [];
  const components = named.length > 0 ? [] : groups.filter((one) => typeOf(one) === "microsoft.insights/components");
  const workspaceOf = (component: Config): string | null => textOf(component.settings["workspace"])?.toLowerCase() ?? null;
  const workspaces = new Set([...named.map((id) => id.toLowerCase()), ...components.flatMap((one) => workspaceOf(one) ?? [])]);
  return [
    ...[...workspaces].sort().map((resource) => workspaceSource(resource, groups)),
    ...components.filter((one) => workspaceOf(one) === null).map(componentSource),
  ];
}

function workspaceSource(resource: string, groups: readonly Config[]): LogSource {
  const own = groups.find((one) => one.resource.toLowerCase() === resource);
  const customerId = textOf(own?.settings["customerId"]);
  const tables = new Map<Table, { plan: string; retentionD: number | null }>();
  for (const one of groups) {
    const [, workspace, name] = TABLE.exec(one.resource) ?? [];
    const table = workspace?.toLowerCase() === resource ? tableOfName(name!) : null;
    if (table !== null) tables.set(table, { plan: textOf(one.settings["plan"]) ?? "Analytics", retentionD: retentionOf(one) });
  }
  return {
    resource,
    name: own?.name ?? resource.split("/").at(-1)!,
    dialect: "workspace",
    // of a workspace that may not be described its ARM ID is a scope as well
    scope: customerId === null ? { kind: "resource", id: resource } : { kind: "workspace", id: customerId },
    customerId,
    region: own?.region ?? null,
    tables,
    retentionD: own === undefined ? null : retentionOf(own),
  };
}

function componentSource(component: Config): LogSource {
  return {
    resource: component.resource.toLowerCase(),
    name: component.name,
    dialect: "component",
    scope: { kind: "resource", id: component.resource },
    customerId: null,
    region: component.region,
    tables: new Map(),
    retentionD: retentionOf(component),
  };
}

function retentionOf(config: Config): number | null {
  const days = numberOf(config.settings["retentionD"] ?? null);
  return days !== null && days > 0 ? days : null;
}

/** Apps of which nothing can be read, since no workspace is known. null: there are none, or a place is known. */
export function nowhere(api: AzureApi, sources: readonly LogSource[], configs: readonly Config[], what: "logs" | "traces"): Gap | null {
  const apps = configs.filter(isApp).map((app) => app.name);
  if (sources.length > 0 || apps.length === 0) return null;
  const some = `${apps.slice(0, 5).join(", ")}${apps.length > 5 ? ` and ${apps.length - 5} more` : ""}`;
  const why =
    `no Application Insights component and no workspace is known for ${some}: connect the apps to Application Insights, ` +
    "or name their workspaces (azure.subscriptions[].workspaces in evscope.yaml)";
  return gap(api, what, why);
}

/** Days that rows of a table are kept; null: not known. */
export function retentionDaysOf(source: LogSource, table: Table): number | null {
  return source.tables.get(table)?.retentionD ?? source.retentionD;
}

/** False: queries of the table are paid, and go to the search API. */
export function isFree(source: LogSource, table: Table): boolean {
  return (source.tables.get(table)?.plan ?? "Analytics").toLowerCase() === "analytics";
}
