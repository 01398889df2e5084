/** Azure Resource Graph: the world's top-level resources as a table, asked in KQL, page by page. */
import { type Handler, armError } from "./http.ts";
import { type RowsDb } from "./rows-db.ts";
import { RESOURCE_GRAPH } from "./table-schemas.ts";
import type { World } from "./world.ts";

export function graphHandler(world: World, db: RowsDb, violations: string[]): Handler {
  return async (seen) => {
    const {
      query,
      subscriptions = [],
      options = {},
    } = JSON.parse(seen.body) as {
      query: string;
      subscriptions?: string[];
      options?: { $skipToken?: string; $top?: number; $skip?: number };
    };
    if (!subscriptions.some((one) => one.toLowerCase() === world.subscription.toLowerCase()))
      return {
        status: 400,
        body: {
          error: {
            code: "BadRequest",
            message: "Please provide below info when asking for support.",
            details: [
              {
                code: "NoValidSubscriptionsInQueryRequest",
                message: `There must be at least one subscription that is eligible to contain resources. Given: '${subscriptions.join(", ")}'.`,
              },
            ],
          },
        },
      };
    await db.fill("graph", "resources", RESOURCE_GRAPH["resources"]!, rowsOf(world));
    const from = `SELECT * FROM "graph"."resources"`;
    const answer = await db.ask(query, RESOURCE_GRAPH, () => from, seen.at);
    if (answer.problems.length > 0) {
      violations.push(`Resource Graph: ${answer.problems.join("; ")} in\n${query}`);
      return armError(400, "BadRequest", answer.problems.join("; "));
    }
    const objects = answer.rows.map((row) =>
      Object.fromEntries(
        row.map((cell, i) => [
          answer.columns[i]!.name,
          answer.columns[i]!.type === "dynamic" && typeof cell === "string" ? JSON.parse(cell) : cell,
        ]),
      ),
    );
    const begin = Number(options.$skipToken ?? options.$skip ?? 0);
    const end = begin + Math.min(options.$top ?? 1000, world.pageSize);
    const data = objects.slice(begin, end);
    const more = end < objects.length ? { $skipToken: String(end) } : {};
    return { status: 200, body: { totalRecords: objects.length, count: data.length, data, facets: [], resultTruncated: "false", ...more } };
  };
}

/** Children (functions, queues, tables) are not in it. https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources */
function rowsOf(world: World): object[] & Record<string, unknown>[] {
  return [...world.resources.values()]
    .filter(
      (one) =>
        one.type.split("/").length === 2 &&
        !/^microsoft\.(?:authorization|resources)\//i.test(one.type) &&
        one.id.split("/providers/").length === 2,
    )
    .map((one) => ({
      id: one.id,
      name: one.name,
      type: one.type.toLowerCase(),
      kind: one.kind ?? "",
      location: (one.location ?? "").toLowerCase().replaceAll(" ", ""),
      resourceGroup: /resourcegroups\/([^/]+)/i.exec(one.id)![1]!.toLowerCase(),
      subscriptionId: world.subscription,
      tenantId: world.tenant,
      managedBy: one["managedBy"] ?? "",
      sku: one["sku"] ?? null,
      tags: one.tags ?? null,
      // apps are told here without their configuration
      properties:
        one.type === "Microsoft.Web/sites" ? { ...one.properties, functionAppConfig: undefined, siteConfig: undefined } : one.properties,
    }));
}
