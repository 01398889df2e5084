/** All forges, and which of them a CI job runs for. */
import { UserError } from "../model/errors.ts";
import { azureRepos, azureReposFacts } from "./azure-repos.ts";
import { bitbucket, bitbucketFacts } from "./bitbucket.ts";
import type { Forge, ForgeContext, ForgeEnvironment, ForgeFacts, ForgeName, ForgeWorld, Overrides } from "./forge.ts";
import { github, githubFacts } from "./github.ts";
import { gitlab, gitlabFacts } from "./gitlab.ts";

interface Entry {
  facts: ForgeFacts;
  open: (context: ForgeContext) => Forge;
  /** Variable that the CI of this forge sets in every job. */
  mark: string;
}

const FORGES: { readonly [name in ForgeName]: Entry } = {
  github: { facts: githubFacts, open: github, mark: "GITHUB_ACTIONS" },
  gitlab: { facts: gitlabFacts, open: gitlab, mark: "GITLAB_CI" },
  "azure-repos": { facts: azureReposFacts, open: azureRepos, mark: "TF_BUILD" },
  bitbucket: { facts: bitbucketFacts, open: bitbucket, mark: "BITBUCKET_BUILD_NUMBER" },
};

export const FORGE_NAMES = Object.keys(FORGES) as ForgeName[];

/** The forge whose CI this is, by the variable that it sets in every job; null: none is recognised. */
function recognised(env: ForgeEnvironment): ForgeName | null {
  return FORGE_NAMES.find((name) => (env[FORGES[name].mark] ?? "") !== "") ?? null;
}

/** What a comment there looks like, with no variable needed and nobody asked. `name` null: as the environment says, else GitHub. */
export function factsOf(name: ForgeName | null, env: ForgeEnvironment): ForgeFacts {
  return FORGES[name ?? recognised(env) ?? "github"].facts;
}

/** The forge to write to; asks nobody yet. Throws UserError when none is recognised (exit 2), or a variable is missing (exit 3). */
export function forgeOf(name: ForgeName | null, env: ForgeEnvironment, overrides: Overrides, world: ForgeWorld): Forge {
  if (overrides.pullRequest !== null && overrides.issue !== null) throw new UserError("--pull-request and --issue exclude each other");
  for (const [flag, number] of [
    ["--pull-request", overrides.pullRequest],
    ["--issue", overrides.issue],
  ] as const) {
    if (number !== null && !(Number.isSafeInteger(number) && number > 0)) throw new UserError(`${flag} ${number} is no number of one`);
  }
  const chosen = name ?? recognised(env);
  if (chosen === null) {
    throw new UserError("this is no CI job of a forge that evscope knows: nothing says where to write the comment", {
      suggestions: [`--forge ${FORGE_NAMES.join("|")}, with the variables that its CI sets`, "--dry-run prints the comment"],
    });
  }
  return FORGES[chosen].open({ env, overrides, world });
}
