/**
 * The workflows in examples/ci as far as they run here: their scripts, in bash, with the built CLI in place of npx, a dataset of imported
 * exports in place of the cloud (--offline), and a forge on 127.0.0.1.
 */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { CostReport } from "../../src/model/cost-report.ts";
import { azureScript, githubScript, gitlabScript } from "../support/ci-scripts.ts";
import { evscope, type Ran } from "../support/cli.ts";
import { STANDS } from "../support/forges/behaviours.ts";
import { fakeForge, SECRET } from "../support/forges/server.ts";
import { lambdaWeek } from "../support/lambda-export.ts";

const bin = fileURLToPath(new URL("../../bin/run.js", import.meta.url));

/** `npx --yes evscope@0.1 report --region R …` becomes this build, offline. */
function withShim(cwd: string): string {
  const folder = join(cwd, "shim");
  mkdirSync(folder);
  const path = join(folder, "npx");
  writeFileSync(
    path,
    `#!/usr/bin/env bash\n[ "$1 $2 $3 $4" = "--yes evscope@0.1 report --region" ] || [ "$1 $2 $3 $4" = "--yes evscope@0.1 report --subscription" ] || exit 99\nshift 5\nexec "${process.execPath}" "${bin}" report --offline "$@"\n`,
  );
  chmodSync(path, 0o755);
  return folder;
}

function bash(script: string, cwd: string, env: { [name: string]: string }): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", script], { cwd, env: { HOME: cwd, LANG: "C.UTF-8", CI: "true", ...env } });
    const ran: Ran = { code: null, stdout: "", stderr: "" };
    child.stdout.on("data", (data: Buffer) => void (ran.stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => void (ran.stderr += data.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...ran, code }));
  });
}

const week = (cwd: string, name: string, from: string, runsPerDay: number): string => {
  const path = join(cwd, `${name}.json`);
  writeFileSync(path, lambdaWeek({ fn: "checkout", from, runsPerDay, billedMs: 100, memoryMib: 1024 }));
  return path;
};

const SERVERS = [
  { stand: "GitHub (workflow's token)", script: githubScript, artifacts: ["report.html", "summary.md", "report.json", "junit.xml"] },
  {
    stand: "GitLab",
    script: () => ({ script: gitlabScript(), env: {} }),
    artifacts: ["report.html", "report.json", "junit.xml", "gl-code-quality.json"],
  },
  { stand: "Azure Repos", script: () => ({ script: azureScript(), env: {} }), artifacts: ["report.html", "report.json", "junit.xml"] },
];
/** Variables that only a pull request's run has. */
const OF_PULL_REQUEST = ["CI_MERGE_REQUEST_IID", "SYSTEM_PULLREQUEST_PULLREQUESTID"];

describe.each(SERVERS)("examples/ci on $stand", ({ stand: title, script, artifacts }) => {
  it("a baseline, then one comment and exit code 6, then the same comment updated", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "evscope-ci-"));
    const stand = STANDS.find((one) => one.title === title)!;
    const forge = await fakeForge(stand.behaviour);
    try {
      const shim = withShim(cwd);
      const run = (event: "schedule" | "pull_request"): Promise<Ran> => {
        const step = script(event);
        const ofCi = Object.entries(stand.env(forge)).filter(([name]) => event === "pull_request" || !OF_PULL_REQUEST.includes(name));
        const env = {
          ...Object.fromEntries(ofCi),
          ...step.env,
          GITHUB_STEP_SUMMARY: join(cwd, "step-summary.md"),
          AWS_TOKEN: "t",
          EVSCOPE_SUBSCRIPTION: "s",
        };
        return bash(step.script, cwd, { ...env, EVSCOPE_DATA: join(cwd, ".evscope"), PATH: `${shim}:/usr/bin:/bin` });
      };
      const load = async (path: string): Promise<void> => expect((await evscope(["import", path], { cwd })).code).toBe(0);

      await load(week(cwd, "first", "2026-11-02", 500));
      const first = await run("schedule");
      expect(first.code, first.stderr).toBe(0);
      expect(forge.comments).toEqual([]);
      for (const name of artifacts) expect(existsSync(join(cwd, "evscope", name)), name).toBe(true);
      const baseline = JSON.parse(readFileSync(join(cwd, "evscope/report.json"), "utf8")) as CostReport;
      expect(baseline.gates[0]).toMatchObject({ rule: "increase>10%", outcome: "no-baseline" });

      await load(week(cwd, "second", "2026-11-09", 1000));
      const second = await run("pull_request");
      expect(second.code, second.stderr).toBe(6);
      expect(forge.comments).toHaveLength(1);
      const comment = { ...forge.comments[0]! };
      expect(comment.body).toContain(stand.tagLine.replace("weekly", "report"));
      expect(comment.body).toContain("Cost report");
      // traffic doubled, nothing else changed: the cost doubled
      expect(comment.body).toMatch(/\+100 %|100 %/);
      const report = JSON.parse(readFileSync(join(cwd, "evscope/report.json"), "utf8")) as CostReport;
      expect(report.change!.share!).toBeCloseTo(1, 6);
      expect(report.gates[0]).toMatchObject({ outcome: "crossed" });

      await load(week(cwd, "third", "2026-11-16", 2500));
      const third = await run("pull_request");
      expect(third.code, third.stderr).toBe(6);
      expect(forge.comments).toHaveLength(1);
      expect(forge.comments[0]!.id).toBe(comment.id);
      expect(forge.comments[0]!.body).not.toBe(comment.body);
      expect(`${second.stdout}${second.stderr}${third.stdout}${third.stderr}`).not.toContain(SECRET);
      if (title.startsWith("GitHub")) {
        expect(third.stdout).toMatch(/^::error title=evscope%3A increase>10%25::/m);
        expect(readFileSync(join(cwd, "step-summary.md"), "utf8").match(/^## Cost report/gm)).toHaveLength(3);
      }
      if (title.startsWith("Azure")) expect(third.stdout).toMatch(/^##vso\[task\.logissue type=error\]/m);
      if (title === "GitLab")
        expect(JSON.parse(readFileSync(join(cwd, "evscope/gl-code-quality.json"), "utf8"))).toMatchObject([{ severity: "major" }]);
    } finally {
      await forge.close();
    }
  });
});

describe("report --comment", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-comment-"));
  const path = week(cwd, "first", "2026-11-02", 50);

  it("--dry-run prints the comment as it would be written, and needs no variables", async () => {
    const ran = await evscope(["report", path, "--comment", "gitlab", "--dry-run", "--comment-tag", "weekly"], { cwd });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^<!-- evscope:report weekly -->\n\n## Cost report\n/);
  });

  it("a comment that cannot be written is said, and hides no threshold", async () => {
    const missing = ["report", path, "--comment", "github"];
    const env = { GITHUB_TOKEN: "", GITHUB_REPOSITORY: "", GITHUB_ACTIONS: "" };
    const ran = await evscope(missing, { cwd, env });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("the comment was not written");
    expect(ran.stdout).toContain("Summary");
    expect((await evscope([...missing, "--fail-on", "cost>0"], { cwd, env })).code).toBe(6);
  });

  it("annotations leave JSON on stdout as it is", async () => {
    const ran = await evscope(["report", path, "--fail-on", "cost>0", "--annotate", "github", "--format", "json"], { cwd });
    expect(JSON.parse(ran.stdout)).toMatchObject({ kind: "evscope-report" });
    expect(ran.stderr).toMatch(/^::error /m);
  });

  it("--dry-run without --comment is a mistake", async () => {
    expect((await evscope(["report", path, "--dry-run"], { cwd })).code).toBe(2);
  });
});
