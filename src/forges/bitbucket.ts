/** Bitbucket Cloud: comments of a pull request (https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/). */
import { arrayAt, booleanAt, isObject, objectAt, textAt } from "../model/json.ts";
import type { Json } from "../model/records.ts";
import {
  type Forge,
  type ForgeContext,
  type ForgeFacts,
  isTagged,
  type Listed,
  noPlace,
  numberFrom,
  oldestOf,
  type Posted,
  refuseIssue,
  required,
} from "./forge.ts";
import { apiOf, pagesOf, selfOf } from "./http.ts";

/** Bitbucket shows HTML comments as text; a link reference that nothing refers to is not shown. It wants fewer than 32,768 characters. */
export const bitbucketFacts: ForgeFacts = {
  name: "bitbucket",
  title: "Bitbucket",
  maxLength: 32_767,
  tagLine: (tag) => `[//]: # (evscope:report ${tag})`,
};

const PERMISSION = ["a repository access token with the scope `pullrequest:write`, as the secured repository variable BITBUCKET_TOKEN"];

/** Throws UserError (exit 3) where a variable is missing. BITBUCKET_API_URL: another root of the API than Atlassian's. */
export function bitbucket({ env, overrides, world }: ForgeContext): Forge {
  const { title, tagLine } = bitbucketFacts;
  refuseIssue(overrides, title);
  const asSet = ["as Bitbucket Pipelines sets it"];
  const token = required(env, "BITBUCKET_TOKEN", title, PERMISSION);
  const workspace = encodeURIComponent(required(env, "BITBUCKET_WORKSPACE", title, asSet));
  const slug = encodeURIComponent(required(env, "BITBUCKET_REPO_SLUG", title, asSet));
  const number = overrides.pullRequest ?? numberFrom(env["BITBUCKET_PR_ID"]) ?? noPlace("BITBUCKET_PR_ID", title, ["--pull-request N"]);
  const api = apiOf({
    title,
    base: env["BITBUCKET_API_URL"] || "https://api.bitbucket.org/2.0",
    baseName: "BITBUCKET_API_URL",
    token,
    tokenName: "BITBUCKET_TOKEN",
    permission: PERMISSION,
    headers: (secret) => ({ authorization: `Bearer ${secret}` }),
    ...world,
  });
  const comments = `repositories/${workspace}/${slug}/pullrequests/${number}/comments`;

  return {
    ...bitbucketFacts,
    async find(tag) {
      const pages = await pagesOf(api, `${comments}?pagelen=100`, title, ({ json }) => (isObject(json) ? textAt(json, "next") : null));
      const tagged = pages.flatMap(listed).filter(({ body }) => isTagged(body, tagLine(tag)));
      if (tagged.length === 0) return null;
      return oldestOf(tagged, await selfOf(api, "user", (json) => (isObject(json) ? textAt(json, "uuid") : null)));
    },
    create: async (body) => posted((await api.send("POST", comments, { content: { raw: body } })).json),
    update: async (id, body) => posted((await api.send("PUT", `${comments}/${id}`, { content: { raw: body } })).json),
  };
}

function posted(json: Json): Posted {
  const comment = isObject(json) ? json : {};
  return { id: textAt(comment, "id") ?? "", url: textAt(objectAt(objectAt(comment, "links") ?? {}, "html") ?? {}, "href") };
}

/** Comments on the pull request itself: not deleted, no reply, not on a line of code. */
function listed(page: Json): Listed[] {
  return (isObject(page) ? (arrayAt(page, "values") ?? []) : [])
    .filter(isObject)
    .filter((comment) => booleanAt(comment, "deleted") !== true && objectAt(comment, "parent", "inline") === null)
    .map((comment) => ({
      ...posted(comment),
      body: textAt(objectAt(comment, "content") ?? {}, "raw") ?? "",
      createdAt: textAt(comment, "created_on") ?? "",
      author: textAt(objectAt(comment, "user") ?? {}, "uuid"),
    }));
}
