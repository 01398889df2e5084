import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makePlan } from "../../../src/applier/plan.ts";
import { keepPlan, keptPlan, readPlan, writePlan } from "../../../src/store/plan-file.ts";
import { FakeCloud, memoryChangeOf } from "../../support/fake-applier.ts";

const dir = mkdtempSync(join(tmpdir(), "evscope-plan-"));
const path = join(dir, "plan.json");
const cloud = new FakeCloud().add("a").add("b");
const plan = makePlan(
  [memoryChangeOf(cloud, "a", 512), memoryChangeOf(cloud, "b", 256)],
  [{ name: "c", why: "no evidence" }],
  1_790_000_000_000,
);

function edited(edit: (text: string) => string): string {
  writePlan(path, plan);
  writeFileSync(path, edit(readFileSync(path, "utf8")));
  return path;
}

describe("plan file", () => {
  it("comes back as it was written", () => {
    writePlan(path, plan);
    expect(readPlan(path)).toEqual(plan);
    keepPlan(dir, plan);
    expect(keptPlan(dir, plan.hash)).toEqual(plan);
  });

  it("keys in another order are the same plan", () => {
    writeFileSync(path, JSON.stringify({ ...plan, changes: plan.changes.map((one) => Object.fromEntries(Object.entries(one).reverse())) }));
    expect(readPlan(path).hash).toBe(plan.hash);
  });

  it.each([
    ["another size", (text: string) => text.replace('"memoryMib": 512', '"memoryMib": 128')],
    ["another resource", (text: string) => text.replace("function:a", "function:z")],
    ["no owners", (text: string) => text.replace('"revision": "rev-1"', '"revision": null')],
  ])("edited (%s): refused with exit code 5", (_, edit) => {
    expect(() => readPlan(edited(edit))).toThrow(expect.objectContaining({ exitCode: 5, message: expect.stringContaining("was edited") }));
  });

  it("says where it is wrong", () => {
    expect(() => readPlan(edited((text) => text.replace('"danger": "none"', '"danger": "some"')))).toThrow(
      /plan\.json:\d+:\d+: changes\.0\.danger/,
    );
    const line =
      readFileSync(path, "utf8")
        .split("\n")
        .findIndex((one) => one.includes('"some"')) + 1;
    expect(() => readPlan(path)).toThrow(`plan.json:${line}:`);
    expect(() => readPlan(edited((text) => text.slice(0, 40)))).toThrow(/plan\.json:\d+:\d+: not valid JSON/);
    expect(() => readPlan(edited((text) => text.replace('"kind": "evscope-plan"', '"kind": "x"')))).toThrow(/plan\.json:3:\d+: kind/);
  });

  it("a newer evscope's plan is named as such, not read in part", () => {
    expect(() => readPlan(edited((text) => text.replace('"schemaVersion": 1', '"schemaVersion": 2')))).toThrow(
      /is a plan of version 2; this evscope reads version 1/,
    );
  });

  it("two changes of one resource are refused", () => {
    const twice = makePlan([plan.changes[0]!, { ...plan.changes[0]!, id: "other" }], [], 1_790_000_000_000);
    writePlan(path, twice);
    expect(() => readPlan(path)).toThrow("two changes of arn:aws:lambda:eu-west-1:123456789012:function:a");
  });

  it("no file", () => {
    expect(() => readPlan(join(dir, "none.json"))).toThrow(/no plan file/);
  });
});
