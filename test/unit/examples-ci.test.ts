/** The workflows in examples/ci: they parse, and what they call exists. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const folder = fileURLToPath(new URL("../../examples/ci/", import.meta.url));
const bin = fileURLToPath(new URL("../../bin/run.js", import.meta.url));

describe("examples/ci", () => {
  it.each(readdirSync(folder))("%s calls evscope with flags that it has", (name) => {
    const text = readFileSync(`${folder}${name}`, "utf8");
    expect(typeof parse(text)).toBe("object");
    const lines = text.split("\n");
    const first = lines.findIndex((line) => line.includes("evscope@"));
    const rest = lines.slice(first);
    const call = rest
      .slice(
        0,
        rest.findIndex((line) => !line.includes(" --")),
      )
      .join(" ");
    const flags = [...new Set(call.slice(call.indexOf("evscope@")).match(/--[a-z-]+/g))];
    expect(flags).toContain("--fail-on");
    const help = execFileSync(process.execPath, [bin, "report", "--help"], { encoding: "utf8" });
    for (const flag of flags) expect(help).toMatch(new RegExp(`${flag}\\b`));
  });
});
