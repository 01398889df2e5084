/** What a report tells the CI server that it runs on: annotations, and one comment that later runs update. */
import { Flags } from "@oclif/core";
import type { Environment } from "../app/targets.ts";
import { publishComment, type PublishWorld } from "../app/publish.ts";
import { type ExitCode, UserError } from "../model/errors.ts";
import type { CostReport } from "../model/cost-report.ts";
import { annotationsText } from "../report/render.ts";
import { safeLines } from "./terminal-host.ts";

const group = { helpGroup: "CI" };
const FORGES = ["auto", "github", "gitlab", "azure-repos", "bitbucket"] as const;

export const ciFlags = {
  annotate: Flags.option({ ...group, options: ["auto", "github", "azure"] as const })({
    description:
      "print what is crossed as the CI server's own annotations (on stderr where stdout is for a machine); for GitLab: --out gl-code-quality.json",
  }),
  comment: Flags.option({ ...group, options: FORGES })({
    description:
      "write the report as one comment of the pull request (merge request), or update the one of an earlier run; auto: of the CI server that this runs on",
  }),
  "comment-tag": Flags.string({
    ...group,
    default: "report",
    helpValue: "TAG",
    description: "tells comments of several reports apart",
  }),
  "pull-request": Flags.integer({
    ...group,
    min: 1,
    dependsOn: ["comment"],
    helpValue: "N",
    description: "the one to comment; default: the one that CI runs for",
  }),
  issue: Flags.integer({
    ...group,
    min: 1,
    dependsOn: ["comment"],
    exclusive: ["pull-request"],
    helpValue: "N",
    description: "comment an issue instead (GitHub, GitLab), as scheduled runs do",
  }),
  "dry-run": Flags.boolean({
    ...group,
    dependsOn: ["comment"],
    description: "print the comment instead of the report, and write it nowhere",
  }),
};

export interface CiFlags {
  annotate?: "auto" | "github" | "azure" | undefined;
  comment?: (typeof FORGES)[number] | undefined;
  "comment-tag": string;
  "pull-request"?: number | undefined;
  issue?: number | undefined;
  "dry-run"?: boolean | undefined;
  format: string;
}

export interface Told {
  /** The comment, for printing; null: not asked for in place of the report. */
  print: string | null;
  /** Why the comment could not be written; null: it was, or none was asked for. */
  failure: ExitCode | null;
}

/** Annotates and comments. A comment that cannot be written is a warning here: it must not hide what the thresholds say. */
export async function tellCi(
  flags: CiFlags,
  { gates }: CostReport,
  markdown: () => string,
  env: Environment,
  world: PublishWorld,
): Promise<Told> {
  const server = flags.annotate === "auto" ? serverOf(env) : (flags.annotate ?? null);
  // servers promise to read stdout; JSON and CSV there must stay what they are
  const stream = ["table", "markdown"].includes(flags.format) ? process.stdout : process.stderr;
  if (server !== null) stream.write(annotationsText(gates, server));
  if (flags.comment === undefined) return { print: null, failure: null };
  const options = {
    forge: flags.comment === "auto" ? null : flags.comment,
    tag: flags["comment-tag"],
    pullRequest: flags["pull-request"] ?? null,
    issue: flags.issue ?? null,
    dryRun: flags["dry-run"] === true,
  };
  try {
    const { action, url, body } = await publishComment(markdown(), options, env, world);
    if (action === "dry-run") return { print: body, failure: null };
    world.host.note(`comment ${action}${url === null ? "" : `: ${url}`}`);
    return { print: null, failure: null };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    world.host.warn(
      safeLines([`the comment was not written: ${error.message}`, ...error.suggestions.map((one) => `  - ${one}`)].join("\n")),
    );
    return { print: null, failure: error.exitCode };
  }
}

function serverOf(env: Environment): "github" | "azure" | null {
  if (env["GITHUB_ACTIONS"] === "true") return "github";
  return env["TF_BUILD"] === undefined || env["TF_BUILD"] === "" ? null : "azure";
}
