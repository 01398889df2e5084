/** What the four forges answer, as their makers document it. Pages are small, so that few comments fill several. */
import { type Answered, type Behaviour, type FakeForge, found, keep, type Kept, ME, pageOf, SECRET } from "./server.ts";

const PAGE = 2;
const denied = (message: string): Answered => ({ status: 401, json: { message } });

/** https://docs.github.com/en/rest/issues/comments; GET /user is refused to tokens of installations (`bot`). */
export function githubServer(bot: boolean): Behaviour {
  const shown = (one: Kept): object => ({
    id: one.id,
    html_url: `https://github.com/o/r/pull/7#issuecomment-${one.id}`,
    body: one.body,
    user: { login: one.author, type: bot && one.author === ME ? "Bot" : "User" },
    created_at: one.createdAt,
  });
  return ({ method, url, headers, json }, forge) => {
    if (headers.authorization !== `Bearer ${SECRET}`) return denied("Bad credentials");
    if (url.pathname === "/user")
      return bot ? { status: 403, json: { message: "Resource not accessible by integration" } } : { status: 200, json: { login: ME } };
    const { body } = (json ?? {}) as { body: string };
    if (url.pathname === "/repos/o/r/issues/7/comments") {
      if (method === "POST") return { status: 201, json: shown(keep(forge, body, ME)) };
      const page = Number(url.searchParams.get("page") ?? 1);
      const { rows, more } = pageOf(forge, page, PAGE);
      const to = (n: number, rel: string): string => `<${forge.origin}${url.pathname}?per_page=100&page=${n}>; rel="${rel}"`;
      const link = [...(page > 1 ? [to(page - 1, "prev")] : []), ...(more ? [to(page + 1, "next"), to(99, "last")] : [])].join(", ");
      return { status: 200, json: rows.map(shown), headers: link === "" ? {} : { link } };
    }
    const one = found(forge, /^\/repos\/o\/r\/issues\/comments\/(\d+)$/.exec(url.pathname)?.[1]);
    if (one === undefined || method !== "PATCH") return null;
    one.body = body;
    return { status: 200, json: shown(one) };
  };
}

/** https://docs.gitlab.com/api/notes/ and https://docs.gitlab.com/api/rest/#pagination-response-headers */
export const gitlabServer: Behaviour = ({ method, url, headers, json }, forge) => {
  if (headers["private-token"] !== SECRET) return denied("401 Unauthorized");
  const shown = (one: Kept): object => ({
    id: one.id,
    body: one.body,
    author: { id: one.author === ME ? 1 : 2, username: one.author },
    system: one.author === "system",
    created_at: one.createdAt,
  });
  if (url.pathname === "/api/v4/user") return { status: 200, json: { id: 1, username: ME } };
  const { body } = (json ?? {}) as { body: string };
  const rest = /^\/api\/v4\/projects\/42\/(?:merge_requests|issues)\/7\/notes(?:\/(\d+))?$/.exec(url.pathname);
  if (rest === null) return null;
  if (method === "POST") return { status: 201, json: shown(keep(forge, body, ME)) };
  if (method === "GET") {
    const page = Number(url.searchParams.get("page") ?? 1);
    const { rows, more } = pageOf(forge, page, PAGE);
    return { status: 200, json: rows.map(shown), headers: { "x-page": String(page), "x-next-page": more ? String(page + 1) : "" } };
  }
  const one = found(forge, rest[1]);
  if (one === undefined || method !== "PUT") return null;
  one.body = body;
  return { status: 200, json: shown(one) };
};

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-threads?view=azure-devops-rest-7.1: each kept comment is a thread. */
export const azureServer: Behaviour = ({ method, url, headers, json }, forge) => {
  // a token that is not taken gets a page to sign in
  if (headers.authorization !== `Bearer ${SECRET}`) return { status: 203, text: "<html>Sign In</html>" };
  if (url.pathname === "/fabrikam/_apis/connectionData") return { status: 200, json: { authenticatedUser: { id: ME } } };
  if (url.searchParams.get("api-version") !== "7.1") return { status: 400, json: { message: "no api-version" } };
  const shown = (one: Kept): object => ({
    id: one.id,
    isDeleted: false,
    comments: [{ id: 1, content: one.body, author: { id: one.author }, publishedDate: one.createdAt, commentType: "text" }],
  });
  const rest = /^\/fabrikam\/My%20Project\/_apis\/git\/repositories\/r-1\/pullRequests\/7\/threads(?:\/(\d+)\/comments\/1)?$/.exec(
    url.pathname,
  );
  if (rest === null) return null;
  const sent = (json ?? {}) as { content: string; comments: { content: string }[] };
  if (method === "POST") return { status: 200, json: shown(keep(forge, sent.comments[0]!.content, ME)) };
  if (method === "GET") return { status: 200, json: { value: forge.comments.map(shown), count: forge.comments.length } };
  const one = found(forge, rest[1]);
  if (one === undefined || method !== "PATCH") return null;
  one.body = sent.content;
  return { status: 200, json: { id: 1, content: one.body } };
};

/** https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/ and .../rest/intro/#pagination; access tokens of repositories have no user. */
export const bitbucketServer: Behaviour = ({ method, url, headers, json }, forge) => {
  if (headers.authorization !== `Bearer ${SECRET}`) return { status: 401, json: { type: "error", error: { message: "Token is invalid" } } };
  const shown = (one: Kept): object => ({
    id: one.id,
    content: { raw: one.body, markup: "markdown" },
    user: { uuid: one.author },
    deleted: false,
    created_on: one.createdAt,
    links: { html: { href: `https://bitbucket.org/w/s/pull-requests/7#comment-${one.id}` } },
  });
  const rest = /^\/2\.0\/repositories\/w\/s\/pullrequests\/7\/comments(?:\/(\d+))?$/.exec(url.pathname);
  if (rest === null)
    return { status: 403, json: { type: "error", error: { message: "Your credentials lack one or more required privilege scopes." } } };
  const raw = ((json ?? {}) as { content: { raw: string } }).content?.raw;
  if (method === "POST") return { status: 201, json: shown(keep(forge, raw, ME)) };
  if (method === "GET") {
    const page = Number(url.searchParams.get("page") ?? 1);
    const { rows, more } = pageOf(forge, page, PAGE);
    const next = more ? { next: `${forge.origin}${url.pathname}?pagelen=100&page=${page + 1}` } : {};
    return { status: 200, json: { values: rows.map(shown), pagelen: 100, page, ...next } };
  }
  const one = found(forge, rest[1]);
  if (one === undefined || method !== "PUT") return null;
  one.body = raw;
  return { status: 200, json: shown(one) };
};

/** A forge and the variables that its CI sets for pull request 7. */
export interface Stand {
  title: string;
  behaviour: Behaviour;
  env: (forge: FakeForge) => { [name: string]: string };
  token: string;
  /** First line of our comments. */
  tagLine: string;
}

const html = "<!-- evscope:report weekly -->";
const githubEnv = ({ origin }: FakeForge): { [name: string]: string } => ({
  GITHUB_ACTIONS: "true",
  GITHUB_API_URL: origin,
  GITHUB_REPOSITORY: "o/r",
  GITHUB_REF: "refs/pull/7/merge",
  GITHUB_TOKEN: SECRET,
});

export const STANDS: readonly Stand[] = [
  { title: "GitHub (workflow's token)", behaviour: githubServer(true), token: "GITHUB_TOKEN", tagLine: html, env: githubEnv },
  { title: "GitHub (a user's token)", behaviour: githubServer(false), token: "GITHUB_TOKEN", tagLine: html, env: githubEnv },
  {
    title: "GitLab",
    behaviour: gitlabServer,
    token: "GITLAB_TOKEN",
    tagLine: html,
    env: ({ origin }) => ({
      GITLAB_CI: "true",
      CI_API_V4_URL: `${origin}/api/v4`,
      CI_PROJECT_ID: "42",
      CI_PROJECT_URL: "https://gitlab.example.com/g/p",
      CI_MERGE_REQUEST_IID: "7",
      CI_JOB_TOKEN: "of-the-job",
      GITLAB_TOKEN: SECRET,
    }),
  },
  {
    title: "Azure Repos",
    behaviour: azureServer,
    token: "SYSTEM_ACCESSTOKEN",
    tagLine: html,
    env: ({ origin }) => ({
      TF_BUILD: "True",
      SYSTEM_COLLECTIONURI: `${origin}/fabrikam/`,
      SYSTEM_TEAMPROJECT: "My Project",
      BUILD_REPOSITORY_ID: "r-1",
      BUILD_REPOSITORY_PROVIDER: "TfsGit",
      SYSTEM_PULLREQUEST_PULLREQUESTID: "7",
      SYSTEM_ACCESSTOKEN: SECRET,
    }),
  },
  {
    title: "Bitbucket",
    behaviour: bitbucketServer,
    token: "BITBUCKET_TOKEN",
    tagLine: "[//]: # (evscope:report weekly)",
    env: ({ origin }) => ({
      BITBUCKET_BUILD_NUMBER: "12",
      BITBUCKET_API_URL: `${origin}/2.0`,
      BITBUCKET_WORKSPACE: "w",
      BITBUCKET_REPO_SLUG: "s",
      BITBUCKET_PR_ID: "7",
      BITBUCKET_TOKEN: SECRET,
    }),
  },
];
