/**
 * Who owns a resource, by what Azure says: tools tag what they make, deployments and deployment stacks list it, locks refuse writes. A look
 * at the working folder is the caller's.
 */
import { arrayAt, isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import { type AzureApi, AzureError } from "./api.ts";
import { asUserError } from "./user-error.ts";

/** Tags that name a tool. Values are shown: they are names of projects and environments. */
const TOOL_TAGS: readonly { tag: RegExp; value: RegExp; tool: string }[] = [
  { tag: /^azd-env-name$/, value: /./, tool: "Azure Developer CLI" },
  // no such tag is set by these tools themselves: teams set it by default_tags
  { tag: /^(managed[-_ ]?by|provisioner|provisioned[-_ ]?by|created[-_ ]?by|iac|tool)$/i, value: /terraform|opentofu/i, tool: "Terraform" },
  { tag: /^(terraform|tf[-_]module|tf[-_]workspace)/i, value: /./, tool: "Terraform" },
  { tag: /^(managed[-_ ]?by|provisioner|provisioned[-_ ]?by|created[-_ ]?by|iac|tool)$/i, value: /pulumi/i, tool: "Pulumi" },
  { tag: /^pulumi:/i, value: /./, tool: "Pulumi" },
  {
    tag: /^(managed[-_ ]?by|provisioner|provisioned[-_ ]?by|created[-_ ]?by|iac|tool)$/i,
    value: /bicep|arm template|crossplane|ansible|serverless/i,
    tool: "infrastructure as code",
  },
];

/** How the portal names deployments of its own wizards: nobody repeats those. */
const OF_PORTAL = /^(Microsoft\.|CreateApp|functionapp-portal)/i;

const DEPLOYMENTS = { path: "Microsoft.Resources/deployments", version: "2024-03-01", action: "Microsoft.Resources/deployments/read" };
const STACKS = { path: "Microsoft.Resources/deploymentStacks", version: "2024-03-01", action: "Microsoft.Resources/deploymentStacks/read" };
const LOCKS = { path: "Microsoft.Authorization/locks", version: "2020-05-01", action: "Microsoft.Authorization/locks/read" };

/**
 * Owners as sentences, most certain first. A call that is denied makes the owner unknown, and is named; empty: all said nobody. `described`:
 * the resource as Azure describes it.
 */
export async function ownersOf(api: AzureApi, resource: string, described: Promise<JsonObject>): Promise<string[]> {
  const group = /\/resourceGroups\/([^/]+)/i.exec(resource)?.[1] ?? "";
  const scope = `/subscriptions/${api.subscription}/resourceGroups/${group}`;
  const [site, stacks, deployments, locks] = await Promise.all([
    described.catch((error: unknown) => {
      throw asUserError(error, `find out who owns ${resource.split("/").at(-1)}`);
    }),
    asked(api, scope, STACKS),
    asked(api, scope, DEPLOYMENTS),
    asked(api, resource, LOCKS),
  ]);
  const found = [
    ...stacks.items.filter((one) => lists(one, "resources", resource)).map((one) => `deployment stack ${textAt(one, "name")}`),
    ...toolsOf(objectAt(site, "tags") ?? {}),
    ...managerOf(site),
    ...deployments.items
      .filter((one) => !OF_PORTAL.test(textAt(one, "name") ?? "") && lists(one, "outputResources", resource))
      .map((one) => `deployment ${textAt(one, "name")} (Bicep or ARM template)`)
      .slice(0, 3),
    ...locks.items
      .filter((one) => textAt(objectAt(one, "properties") ?? {}, "level") === "ReadOnly")
      .map((one) => `ReadOnly lock ${textAt(one, "name")}: Azure refuses writes`),
  ];
  return [...new Set([...found, ...[stacks, deployments, locks].flatMap(({ unknown }) => unknown ?? [])])];
}

function managerOf(site: JsonObject): string[] {
  const manager = textAt(site, "managedBy");
  return manager === null ? [] : [`managed by ${manager}`];
}

/** True where a deployment or stack names the resource, or the app that a child of it belongs to. */
function lists(one: JsonObject, field: string, resource: string): boolean {
  const wanted = resource.toLowerCase();
  return (arrayAt(objectAt(one, "properties") ?? {}, field) ?? []).some(
    (part) => isObject(part) && (textAt(part, "id") ?? "").toLowerCase() === wanted,
  );
}

function toolsOf(tags: JsonObject): string[] {
  const found: string[] = [];
  for (const [tag, value] of Object.entries(tags)) {
    const tool = TOOL_TAGS.find((one) => one.tag.test(tag) && typeof value === "string" && one.value.test(value))?.tool;
    if (tool !== undefined) found.push(`${tool} (tag ${tag}=${String(value).slice(0, 60)})`);
  }
  return found;
}

/** Nothing there, and an endpoint without this API, are answers too. */
async function asked(
  api: AzureApi,
  scope: string,
  { path, version, action }: { path: string; version: string; action: string },
): Promise<{ items: JsonObject[]; unknown: string | null }> {
  const items: JsonObject[] = [];
  try {
    for await (const page of api.pages("arm:GET", [`${scope}/providers/${path}`, version])) items.push(...page);
    return { items, unknown: null };
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    if (error.kind === "denied") return { items, unknown: `unknown: ${action} is not granted` };
    if (error.kind === "not-found" || error.kind === "unsupported") return { items, unknown: null };
    throw asUserError(error, "find out who owns it");
  }
}
