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
import { type Details, LISTS } from "./collect-details.ts";
import { gap, gapOf } from "./live-gaps.ts";
import { list, obj, type Obj, objects, text } from "./schema.ts";
import { functionScope } from "../kit/function-scope.ts";

/** Functions asked for aliases at a time; the shared quota paces them. */
const AT_A_TIME = 8;
/** Configurations given out at a time. */
const PAGE = 100;

interface Listed {
  configuration: Obj;
  /** null: not known. */
  versions: Obj[] | null;
}

/** Where a list does not tell versions, so many functions at most are asked for theirs one by one. */
const ASKED_FOR_VERSIONS = 200;

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
    const name = text(configuration["FunctionName"])!;
    const published = versions ?? (functions.length > ASKED_FOR_VERSIONS ? null : await versionsOf(details, name));
    const answer = {
      Configuration: configuration,
      PublishedVersions: published,
      Aliases: published === null || published.length > 0 ? await aliasesOf(details, name) : [],
      Tags: tagged.tags === null ? null : (tagged.tags.get(text(configuration["FunctionArn"]) ?? "") ?? {}),
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

/** Published versions of a function; null: not known. */
async function versionsOf(details: Details, name: string): Promise<Obj[] | null> {
  const answers = await details.all("lambda:ListVersionsByFunction", { FunctionName: name });
  return answers === null ? null : answers.flatMap((answer) => objects(answer["Versions"])).filter((one) => versionOf(one) !== LATEST);
}

const LATEST = "$LATEST";

function versionOf(configuration: Obj): string {
  return text(configuration["Version"]) ?? LATEST;
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
  // asked for all versions, the list qualifies even the ARN of $LATEST; some endpoints do not look at what they are asked
  let qualified = false;
  try {
    for await (const answer of api.pages("lambda:ListFunctions", { FunctionVersion: "ALL", MaxItems: 50 }, LISTS)) {
      for (const one of objects(answer["Functions"])) {
        const name = text(one["FunctionName"]);
        const arn = text(one["FunctionArn"]);
        if (name === null || arn === null) continue;
        qualified ||= /:function:[^:]+:/.test(arn);
        const configuration = { ...brief(one), FunctionArn: arn.replace(/:\$LATEST$/, "") };
        if (versionOf(one) !== LATEST) versions.set(name, [...(versions.get(name) ?? []), configuration]);
        else if (meant(name, tags?.get(configuration.FunctionArn) ?? null)) found.set(name, { configuration, versions: null });
      }
    }
  } catch (error) {
    failed = gapOf(api, error, "functions");
  }
  if (qualified) for (const [name, fn] of found) fn.versions = versions.get(name) ?? [];
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
    for await (const answer of api.pages("tag:GetResources", { ResourceTypeFilters: ["lambda:function"], ResourcesPerPage: 100 }, LISTS)) {
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
