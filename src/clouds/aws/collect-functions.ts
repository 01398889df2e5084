/**
 * Functions with their tags, published versions and aliases, in few calls: ListFunctions with all versions tells which functions have
 * any, so that only these are asked for aliases, and tags come from the tagging API for all functions at once. Reserved concurrency is
 * in no list (one call per function) and is left out.
 */
import type { Rec } from "../../model/records.ts";
import type { LiveContext, Target } from "../room.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { AwsApi } from "./api.ts";
import { configsOf } from "./configuration.ts";
import type { Details } from "./collect-details.ts";
import { gap, gapOf } from "./live-gaps.ts";
import { list, obj, type Obj, objects, text } from "./schema.ts";
import { functionScope } from "./target-scope.ts";

/** Functions asked for aliases at a time; the shared quota paces them. */
const AT_A_TIME = 8;
/** Configurations given out at a time. */
const PAGE = 100;

interface Listed {
  configuration: Obj;
  versions: Obj[];
}

/** Configuration of the target's functions. */
export async function* functionPages(api: AwsApi, target: Target, context: LiveContext, details: Details): AsyncGenerator<Rec[]> {
  const tagged = await tagsOfFunctions(api);
  if (tagged.gap !== null) yield [tagged.gap];
  if (tagged.tags === null && Object.keys(target.functions.tags).length > 0) {
    yield [gap(api, "functions by tag", "which functions carry the tags is not known, so none were collected")];
    return;
  }
  const { functions, failed } = await listFunctions(api, target, tagged.tags);
  let page: Rec[] = [];
  const described = concurrently(functions, AT_A_TIME, async ({ configuration, versions }) => {
    const tags = tagged.tags?.get(text(configuration["FunctionArn"]) ?? "") ?? null;
    const aliases = versions.length === 0 ? [] : await aliasesOf(details, text(configuration["FunctionName"])!);
    const answer = {
      Configuration: configuration,
      PublishedVersions: versions,
      Aliases: aliases,
      Tags: tagged.tags === null ? null : (tags ?? {}),
    };
    return configsOf(answer, { account: api.account, region: api.region, at: context.clock.now() });
  });
  for await (const configs of described) {
    page.push(...configs);
    if (page.length >= PAGE) {
      yield page;
      page = [];
    }
  }
  yield failed === null ? page : [...page, failed];
}

/** Aliases of a function; null: not known. */
async function aliasesOf(details: Details, name: string): Promise<Obj[] | null> {
  const answers = await details.all("lambda:ListAliases", { FunctionName: name });
  return answers === null ? null : answers.flatMap((answer) => objects(answer["Aliases"]));
}

/** All functions in scope, with their versions: a list gives them in no order that could be relied on. About 2 KB a function. */
async function listFunctions(
  api: AwsApi,
  target: Target,
  tags: ReadonlyMap<string, Obj> | null,
): Promise<{ functions: Listed[]; failed: Rec | null }> {
  const meant = functionScope(target.functions);
  const found = new Map<string, Listed>();
  const versions = new Map<string, Obj[]>();
  let failed: Rec | null = null;
  try {
    for await (const answer of api.pages("lambda:ListFunctions", { FunctionVersion: "ALL", MaxItems: 50 })) {
      for (const one of list(answer["Functions"])) {
        const configuration = obj(one);
        const name = text(configuration?.["FunctionName"]);
        if (configuration === null || name === null) continue;
        const version = text(configuration["Version"]) ?? "$LATEST";
        if (version === "$LATEST") {
          if (meant(name, tags?.get(text(configuration["FunctionArn"]) ?? "") ?? null))
            found.set(name, { configuration: brief(configuration), versions: [] });
        } else versions.set(name, [...(versions.get(name) ?? []), brief(configuration)]);
      }
    }
  } catch (error) {
    failed = gapOf(api, error, "functions");
  }
  for (const [name, own] of versions) {
    const fn = found.get(name);
    if (fn !== undefined) fn.versions = own;
  }
  return { functions: [...found.values()], failed };
}

/** What is not read of a configuration is not held: values of environment variables above all. */
function brief(configuration: Obj): Obj {
  const variables = obj(obj(configuration["Environment"])?.["Variables"]);
  const { VpcConfig: _network, Layers: _layers, FileSystemConfigs: _files, ...kept } = configuration;
  if (variables === null) return kept;
  return { ...kept, Environment: { Variables: Object.fromEntries(Object.keys(variables).map((name) => [name, ""])) } };
}

/** Tags by function ARN, 100 functions a call. Functions that never had a tag are not in it. */
async function tagsOfFunctions(api: AwsApi): Promise<{ tags: Map<string, Obj> | null; gap: Rec | null }> {
  const tags = new Map<string, Obj>();
  try {
    for await (const answer of api.pages("tag:GetResources", { ResourceTypeFilters: ["lambda:function"], ResourcesPerPage: 100 })) {
      for (const one of list(answer["ResourceTagMappingList"])) {
        const mapping = obj(one);
        const pairs = list(mapping?.["Tags"]).flatMap((tag) => {
          const key = text(obj(tag)?.["Key"]);
          return key === null ? [] : [[key, obj(tag)?.["Value"] ?? ""] as const];
        });
        tags.set(text(mapping?.["ResourceARN"]) ?? "", Object.fromEntries(pairs));
      }
    }
    return { tags, gap: null };
  } catch (error) {
    return { tags: null, gap: gapOf(api, error, "tags of functions") };
  }
}
