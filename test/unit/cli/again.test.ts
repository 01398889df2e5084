import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { again } from "../../../src/cli/again.ts";

describe("flags that a printed command repeats", () => {
  it("nothing where nothing was said", () => {
    expect(again({ data: ".evscope" })).toBe("");
  });

  it("all that lead to the dataset and the account", () => {
    expect(again({ data: "/srv/ev", config: "a.yaml", account: ["prod"], profile: "p", region: ["eu-west-1", "us-east-1"] })).toBe(
      " --data /srv/ev --config a.yaml --account prod --profile p --region eu-west-1 --region us-east-1",
    );
  });

  it.skipIf(process.platform === "win32")("a shell reads them back as they were", () => {
    const data = 'it\'s $HOME; rm `x` "y"';
    expect(execFileSync("/bin/sh", ["-c", `printf '%s|'${again({ data })}`], { encoding: "utf8" })).toBe(`--data|${data}|`);
  });
});
