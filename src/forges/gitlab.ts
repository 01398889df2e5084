/** GitLab: notes of a merge request or an issue (https://docs.gitlab.com/api/notes/). */
import { EXIT, UserError } from "../model/errors.ts";
import { booleanAt, isObject, objectAt, textAt } from "../model/json.ts";
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
  type Posted,
  required,
} from "./forge.ts";
import { apiOf, pagesOf, selfOf } from "./http.ts";

export const gitlabFacts: ForgeFacts = { name: "gitlab", title: "GitLab", maxLength: 1_000_000, tagLine: htmlTag };

const PERMISSION = [
  "a project access token with the scope `api` and the role Reporter or higher, as the masked CI/CD variable GITLAB_TOKEN",
  "CI_JOB_TOKEN cannot write notes (https://docs.gitlab.com/ci/jobs/ci_job_token/)",
  "protected variables are not there on unprotected branches",
];

/** Throws UserError (exit 3) where a variable is missing, or the token is the job's own. */
export function gitlab({ env, overrides, world }: ForgeContext): Forge {
  const { title } = gitlabFacts;
  const token = required(env, "GITLAB_TOKEN", title, PERMISSION);
  if (token === env["CI_JOB_TOKEN"]?.trim()) {
    throw new UserError("GITLAB_TOKEN holds the job's own token (CI_JOB_TOKEN), which cannot write notes", {
      exitCode: EXIT.credentials,
      suggestions: PERMISSION,
    });
  }
  const base = required(env, "CI_API_V4_URL", title, ["https://gitlab.example.com/api/v4, as GitLab CI sets it"]);
  const here = required(env, "CI_PROJECT_ID", title, ["the project's number, as GitLab CI sets it"]);
  const ofRun = overrides.pullRequest === null && overrides.issue === null;
  // in a pipeline of a fork, the merge request is the target's
  const project = (ofRun ? env["CI_MERGE_REQUEST_PROJECT_ID"] : undefined) || here;
  const page = (ofRun ? env["CI_MERGE_REQUEST_PROJECT_URL"] : undefined) || env["CI_PROJECT_URL"] || null;
  const kind = overrides.issue === null ? "merge_requests" : "issues";
  const number =
    overrides.issue ??
    overrides.pullRequest ??
    numberFrom(env["CI_MERGE_REQUEST_IID"]) ??
    noPlace("CI_MERGE_REQUEST_IID", title, ["--pull-request N", "--issue N"]);
  const api = apiOf({
    title,
    base,
    baseName: "CI_API_V4_URL",
    token,
    tokenName: "GITLAB_TOKEN",
    permission: PERMISSION,
    headers: (secret) => ({ "private-token": secret }),
    ...world,
  });
  const notes = `projects/${encodeURIComponent(project)}/${kind}/${number}/notes`;
  const posted = (json: Json): Posted => {
    const id = textAt(isObject(json) ? json : {}, "id") ?? "";
    return { id, url: page === null ? null : `${page}/-/${kind}/${number}#note_${id}` };
  };
  const listed = (json: Json): Listed[] =>
    (Array.isArray(json) ? json : [])
      .filter(isObject)
      .filter((note) => booleanAt(note, "system") !== true)
      .map((note) => ({
        ...posted(note),
        body: textAt(note, "body") ?? "",
        createdAt: textAt(note, "created_at") ?? "",
        author: textAt(objectAt(note, "author") ?? {}, "id"),
      }));

  return {
    ...gitlabFacts,
    async find(tag) {
      const first = `${notes}?per_page=100&sort=asc&order_by=created_at`;
      // https://docs.gitlab.com/api/rest/#offset-based-pagination
      const pages = await pagesOf(api, first, title, ({ headers }) => {
        const next = numberFrom(headers.get("x-next-page") ?? undefined);
        return next === null ? null : `${first}&page=${next}`;
      });
      const tagged = pages.flatMap(listed).filter(({ body }) => isTagged(body, htmlTag(tag)));
      if (tagged.length === 0) return null;
      return oldestOf(tagged, await selfOf(api, "user", (json) => (isObject(json) ? textAt(json, "id") : null)));
    },
    create: async (body) => posted((await api.send("POST", notes, { body })).json),
    update: async (id, body) => posted((await api.send("PUT", `${notes}/${id}`, { body })).json),
  };
}
