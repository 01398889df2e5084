/** Azure Repos: a thread of a pull request whose first comment is ours (https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-threads?view=azure-devops-rest-7.1). */
import { UserError } from "../model/errors.ts";
import { arrayAt, booleanAt, isObject, objectAt, textAt } from "../model/json.ts";
import type { Json } from "../model/records.ts";
import {
  type Forge,
  type ForgeContext,
  type ForgeFacts,
  htmlTag,
  isTagged,
  type Listed,
  noPlace,
  numberFrom,
  oldestOf,
  refuseIssue,
  required,
} from "./forge.ts";
import { apiOf, selfOf } from "./http.ts";

export const azureReposFacts: ForgeFacts = { name: "azure-repos", title: "Azure Repos", maxLength: 150_000, tagLine: htmlTag };

const PERMISSION = [
  "the step needs `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`",
  'the build service ("PROJECT Build Service (ORGANISATION)") needs "Contribute to pull requests" on the repository: Allow',
];
const VERSION = "api-version=7.1";

/** Throws UserError (exit 3) where a variable is missing. */
export function azureRepos({ env, overrides, world }: ForgeContext): Forge {
  const { title } = azureReposFacts;
  refuseIssue(overrides, title);
  const provider = env["BUILD_REPOSITORY_PROVIDER"];
  if (provider !== undefined && provider !== "" && provider !== "TfsGit") {
    throw new UserError(`this pipeline's repository is not in Azure Repos (BUILD_REPOSITORY_PROVIDER: ${provider})`, {
      suggestions: ["--forge github (or bitbucket), with the variables that it needs"],
    });
  }
  const asSet = ["as Azure Pipelines sets it"];
  const token = required(env, "SYSTEM_ACCESSTOKEN", title, PERMISSION);
  const collection = required(env, "SYSTEM_COLLECTIONURI", title, asSet);
  const project = encodeURIComponent(required(env, "SYSTEM_TEAMPROJECT", title, asSet));
  const repository = encodeURIComponent(required(env, "BUILD_REPOSITORY_ID", title, asSet));
  const number =
    overrides.pullRequest ??
    numberFrom(env["SYSTEM_PULLREQUEST_PULLREQUESTID"]) ??
    noPlace("SYSTEM_PULLREQUEST_PULLREQUESTID", title, ["--pull-request N"]);
  const api = apiOf({
    title,
    base: collection,
    baseName: "SYSTEM_COLLECTIONURI",
    token,
    tokenName: "SYSTEM_ACCESSTOKEN",
    permission: PERMISSION,
    headers: (secret) => ({ authorization: `Bearer ${secret}` }),
    ...world,
  });
  const threads = `${project}/_apis/git/repositories/${repository}/pullRequests/${number}/threads`;
  const page = (thread: string): string =>
    `${collection.replace(/\/+$/, "")}/${project}/_git/${repository}/pullrequest/${number}?discussionId=${thread}`;

  /** The first comment of a thread; deleted and replied ones are none of ours. */
  function firstOf(thread: { [key: string]: Json }): (Listed & { comment: string }) | null {
    const first = arrayAt(thread, "comments")?.[0];
    const id = textAt(thread, "id");
    if (id === null || !isObject(first) || booleanAt(thread, "isDeleted") === true || booleanAt(first, "isDeleted") === true) return null;
    return {
      id,
      comment: textAt(first, "id") ?? "1",
      url: page(id),
      body: textAt(first, "content") ?? "",
      createdAt: textAt(first, "publishedDate") ?? "",
      author: textAt(objectAt(first, "author") ?? {}, "id"),
    };
  }

  return {
    ...azureReposFacts,
    /** The list of threads has no pages. */
    async find(tag) {
      const { json } = await api.get(`${threads}?${VERSION}`);
      const all = (isObject(json) ? (arrayAt(json, "value") ?? []) : []).filter(isObject).flatMap((thread) => firstOf(thread) ?? []);
      const tagged = all.filter(({ body }) => isTagged(body, htmlTag(tag)));
      if (tagged.length === 0) return null;
      const mine = await selfOf(api, "_apis/connectionData", (who) =>
        textAt(objectAt(isObject(who) ? who : {}, "authenticatedUser") ?? {}, "id"),
      );
      const found = oldestOf(tagged, mine);
      return found === null ? null : { ...found, id: `${found.id}/${tagged.find(({ id }) => id === found.id)!.comment}` };
    },
    /** Closed, since an open thread holds up a pull request where a policy wants all of them resolved. */
    async create(body) {
      const comments = [{ parentCommentId: 0, content: body, commentType: "text" }];
      const { json } = await api.send("POST", `${threads}?${VERSION}`, { comments, status: "closed" });
      const made = firstOf(isObject(json) ? json : {});
      return { id: made === null ? "" : `${made.id}/${made.comment}`, url: made?.url ?? null };
    },
    async update(id, body) {
      const [thread, comment] = id.split("/") as [string, string];
      await api.send("PATCH", `${threads}/${thread}/comments/${comment}?${VERSION}`, { content: body });
      return { id, url: page(thread) };
    },
  };
}
