/** Checks -> GitLab's Code Quality report (docs.gitlab.com/ci/testing/code_quality, "Code Quality report format"), which merge requests show. */
import { createHash } from "node:crypto";
import type { Checks } from "../report.ts";
import { escapeTerminal } from "./text.ts";

const SEVERITY = { failed: "major", error: "major", warned: "minor", skipped: "info" } as const;

/** Those not passed, as JSON. GitLab wants a file for each: the configuration file stands for what is not in any. */
export function formatCodeQuality({ checks }: Checks): string {
  const issues = checks.flatMap(({ name, status, message }) =>
    status === "passed"
      ? []
      : [
          {
            description: escapeTerminal(message),
            check_name: escapeTerminal(name),
            // the same rule is the same finding in the next run, whatever its value
            fingerprint: createHash("sha256").update(`evscope\n${name}`).digest("hex"),
            severity: SEVERITY[status],
            location: { path: "evscope.yaml", lines: { begin: 1 } },
          },
        ],
  );
  return `${JSON.stringify(issues, null, 2)}\n`;
}
