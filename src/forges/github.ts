/** GitHub: comments of issues, which pull requests are too (https://docs.github.com/en/rest/issues/comments). */
import { isObject, numberAt, objectAt, textAt } from "../model/json.ts";
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
  required,
} from "./forge.ts";
import { type Answer, apiOf, pagesOf, selfOf } from "./http.ts";
import { UserError } from "../model/errors.ts";

export const githubFacts: ForgeFacts = { name: "github", title: "GitHub", maxLength: 65_536, tagLine: htmlTag };

const PERMISSION = [
  "the job needs `permissions: pull-requests: write` (an issue: `issues: write`) and `env: GITHUB_TOKEN: ${{ github.token }}`",
  "runs of pull requests from forks get a token that only reads",
];
/** Who an installation's token is: GET /user refuses it, and its comments are a bot's. */
const SOME_BOT = "a bot";

/** Throws UserError (exit 3) where a variable is missing. */
export function github({ env, overrides, world }: ForgeContext): Forge {
  const { title } = githubFacts;
  const token = required(env, "GITHUB_TOKEN", title, PERMISSION);
  const repository = required(env, "GITHUB_REPOSITORY", title, ["owner/name, as GitHub Actions sets it"]);
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) throw new UserError("GITHUB_REPOSITORY is not of the form owner/name");
  const flags = ["--pull-request N", "--issue N"];
  const number =
    overrides.pullRequest ??
    overrides.issue ??
    numberFrom(/^refs\/pull\/(\d+)\//.exec(env["GITHUB_REF"] ?? "")?.[1]) ??
    ofEvent(overrides.event) ??
    noPlace("GITHUB_REF", title, flags);
  const api = apiOf({
    title,
    base: env["GITHUB_API_URL"] || "https://api.github.com",
    baseName: "GITHUB_API_URL",
    token,
    tokenName: "GITHUB_TOKEN",
    permission: PERMISSION,
    headers: (secret) => ({
      authorization: `Bearer ${secret}`,
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
    }),
    ...world,
  });
  const comments = `repos/${repository}/issues/${number}/comments`;

  return {
    ...githubFacts,
    async find(tag) {
      const pages = await pagesOf(api, `${comments}?per_page=100`, title, nextLink);
      const tagged = pages.flatMap(commentsOf).filter(({ body }) => isTagged(body, htmlTag(tag)));
      if (tagged.length === 0) return null;
      const login = await selfOf(api, "user", (json) => (isObject(json) ? textAt(json, "login") : null));
      return login === null
        ? oldestOf(
            tagged.map((one) => ({ ...one, author: one.bot ? SOME_BOT : one.author })),
            SOME_BOT,
          )
        : oldestOf(tagged, login);
    },
    create: async (body) => posted((await api.send("POST", comments, { body })).json),
    update: async (id, body) => posted((await api.send("PATCH", `repos/${repository}/issues/comments/${id}`, { body })).json),
  };
}

/** The number that the event carries: of its pull request, or of the issue that was commented. */
function ofEvent(event: Json | null): number | null {
  if (!isObject(event ?? undefined)) return null;
  const object = event as { [key: string]: Json };
  return numberAt(objectAt(object, "pull_request") ?? objectAt(object, "issue") ?? {}, "number");
}

/** https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api#using-link-headers */
function nextLink({ headers }: Answer): string | null {
  for (const link of (headers.get("link") ?? "").split(/,\s*(?=<)/)) {
    const found = /^<([^>]+)>\s*;.*\brel="?next"?/.exec(link.trim());
    if (found !== null) return found[1]!;
  }
  return null;
}

const posted = (json: Json): { id: string; url: string | null } => {
  const comment = isObject(json) ? json : {};
  return { id: textAt(comment, "id") ?? "", url: textAt(comment, "html_url") };
};

function commentsOf(page: Json): (Listed & { bot: boolean })[] {
  return (Array.isArray(page) ? page : []).filter(isObject).map((comment) => {
    const user = objectAt(comment, "user") ?? {};
    return {
      ...posted(comment),
      body: textAt(comment, "body") ?? "",
      createdAt: textAt(comment, "created_at") ?? "",
      author: textAt(user, "login"),
      bot: textAt(user, "type") === "Bot",
    };
  });
}
