/** The workflows in examples/ci against the vendors' schemas, as check-jsonschema carries them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

function has(): boolean {
  if (spawnSync("check-jsonschema", ["--version"]).status === 0) return true;
  const reason = "check-jsonschema is not installed (pip install check-jsonschema==0.39.0)";
  if (process.env["CI"] === "true") throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  return false;
}

const FILES = [
  ["github-actions.yml", "vendor.github-workflows", [], "runs-on: ubuntu-latest", "runs-of: ubuntu-latest"],
  ["gitlab-ci.yml", "vendor.gitlab-ci", ["--data-transform", "gitlab-ci"], "when: always", "when: sometimes"],
  [
    "azure-pipelines.yml",
    "vendor.azure-pipelines",
    ["--data-transform", "azure-pipelines", "--regex-variant", "python"],
    "displayName: Cost report",
    "displayNaem: Cost report",
  ],
] as const;

describe.skipIf(!has())("examples/ci", () => {
  it.each(FILES)("%s is what %s asks for, and a mistake in it is found", (name, schema, options, right, wrong) => {
    const path = fileURLToPath(new URL(`../../examples/ci/${name}`, import.meta.url));
    const check = (file: string): { status: number | null; said: string } => {
      const ran = spawnSync("check-jsonschema", ["--builtin-schema", schema, ...options, file], { encoding: "utf8" });
      return { status: ran.status, said: `${ran.stdout}${ran.stderr}` };
    };
    expect(check(path)).toMatchObject({ status: 0 });
    const text = readFileSync(path, "utf8");
    expect(text).toContain(right);
    const broken = join(mkdtempSync(join(tmpdir(), "evscope-lint-")), name);
    writeFileSync(broken, text.replace(right, wrong));
    expect(check(broken).status).toBe(1);
  });
});
