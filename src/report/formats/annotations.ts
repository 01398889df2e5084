/**
 * Checks -> lines that a CI server reads from a job's output and shows beside the change. What they contain is escaped as the servers undo it:
 * GitHub (github.com/actions/toolkit, packages/core/src/command.ts), Azure Pipelines (learn.microsoft.com, "Logging commands").
 */
import type { Checks } from "../report.ts";
import { escapeTerminal } from "./text.ts";

type Check = Checks["checks"][number];

/** One line per check that is not passed: errors where it fails the job, else warnings. Empty: all passed. */
export function formatAnnotations({ title, checks }: Checks, server: "github" | "azure"): string {
  return checks
    .map((check) => {
      const level = levelOf(check);
      if (level === null) return "";
      const heading = escapeTerminal(`${title}: ${check.name}`);
      const message = escapeTerminal(check.message);
      return server === "github"
        ? `::${level} title=${githubProperty(heading)}::${githubData(message)}\n`
        : `##vso[task.logissue type=${level}]${azureData(`${heading}: ${message}`)}\n`;
    })
    .join("");
}

function levelOf({ status }: Check): "error" | "warning" | null {
  if (status === "failed" || status === "error") return "error";
  return status === "warned" || status === "skipped" ? "warning" : null;
}

function githubData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function githubProperty(text: string): string {
  return githubData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

function azureData(text: string): string {
  return text.replaceAll("%", "%AZP25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
