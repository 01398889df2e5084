/** The shell scripts of the workflows in examples/ci, as their servers run them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const text = (name: string): string => readFileSync(fileURLToPath(new URL(`../../examples/ci/${name}`, import.meta.url)), "utf8");

interface GithubStep {
  run?: string;
  env?: { [name: string]: string };
}

/** `event`: what `github.event_name` is. Expressions of the step's environment are set as the server would. */
export function githubScript(event: "schedule" | "pull_request"): { script: string; env: { [name: string]: string } } {
  const { jobs } = parse(text("github-actions.yml")) as { jobs: { report: { steps: GithubStep[] } } };
  const steps = jobs.report.steps.filter((step) => step.run !== undefined);
  const env = { ...steps[0]!.env };
  const expected = "${{ github.event_name == 'pull_request' && '--comment github' || '' }}";
  if (env["COMMENT"] !== expected) throw new Error(`the example says COMMENT: ${env["COMMENT"]}`);
  // the second step runs always
  return {
    script: `(set -e; ${steps[0]!.run}\n); code=$?\n${steps[1]!.run}\nexit $code`,
    env: { COMMENT: event === "pull_request" ? "--comment github" : "" },
  };
}

export function gitlabScript(): string {
  const { evscope } = parse(text("gitlab-ci.yml")) as { evscope: { script: string[] } };
  return evscope.script.join("\n");
}

export function azureScript(): string {
  const { steps } = parse(text("azure-pipelines.yml")) as { steps: { task: string; inputs: { inlineScript?: string } }[] };
  return steps.find((step) => step.task.startsWith("AzureCLI"))!.inputs.inlineScript!;
}
