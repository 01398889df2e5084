/** One plan of several kinds of advice, from one export. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { evscope } from "../support/cli.ts";
import { schemaErrors } from "../support/json-schema.ts";
import { NOTIFIER, writeNotifierExport } from "../support/notifier-export.ts";

const cwd = mkdtempSync(join(tmpdir(), "evscope-plan-kinds-"));
const run = (...args: string[]) => evscope(args, { cwd });

interface Planned {
  changes: { id: string; kind: string; name: string; after: { pattern?: string }; danger: string; first?: string[] }[];
  skipped: { name: string; why: string }[];
}
const plan = async (kind: string): Promise<Planned> => {
  const { stdout, stderr, code } = await run("plan", "--kind", kind, "--offline", "--min-saving", "0", "--format", "json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Planned;
};

describe("plan --kind", () => {
  beforeAll(async () => {
    writeNotifierExport(join(cwd, "export"), { orders: 1600 });
    const { code, stderr } = await run("import", "export");
    expect(code, stderr).toBe(0);
  });

  it("filters: the rule, with its danger and what to do first", async () => {
    const made = await plan("filters");
    expect(schemaErrors("plan", made)).toEqual([]);
    expect(made.changes).toMatchObject([{ kind: "events.rule", name: NOTIFIER.rule, danger: "data-loss" }]);
    expect(made.changes[0]!.first).not.toEqual([]);
  });

  it("all: what each recommender leaves out is said beside what one proposes; memory alone plans no rule", async () => {
    const all = await plan("all");
    expect(all.changes.map(({ kind }) => kind)).toEqual(["events.rule"]);
    expect(all.skipped.map(({ name }) => name)).toContain(NOTIFIER.fn);
    expect((await plan("memory")).changes).toEqual([]);
  });
});
