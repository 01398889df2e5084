import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { iacFiles } from "../../../src/app/iac-files.ts";
import { silentHost } from "../../../src/model/host.ts";

function folder(files: { [path: string]: string }): string {
  const root = mkdtempSync(join(tmpdir(), "evscope-iac-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
const pathsIn = (root: string, warnings: string[] = []): string[] =>
  iacFiles(root, { ...silentHost, warn: (message) => warnings.push(message) }).map((file) => file.path);

describe("infrastructure as code in the working folder", () => {
  it("finds what describes functions, and the sources beside a program that does", () => {
    const root = folder({
      "infra/main.tf": "",
      "infra/prod.tfvars": "",
      "live/terragrunt.hcl": "",
      "t.yaml": "Type: AWS::Serverless::Function",
      "docker-compose.yaml": "services: {}",
      "cdk/cdk.json": "{}",
      "cdk/lib/a.ts": "",
      "src/a.ts": "",
      "README.md": "",
      "node_modules/x/main.tf": "",
      ".terraform/modules/x/main.tf": "",
    });
    expect(pathsIn(root).sort()).toEqual(
      ["cdk/cdk.json", "cdk/lib/a.ts", "infra/main.tf", "infra/prod.tfvars", "live/terragrunt.hcl", "t.yaml"].sort(),
    );
  });

  it("follows no symbolic link, out of the folder or in a circle", () => {
    const outside = folder({ "main.tf": "" });
    const root = folder({ "a/b.tf": "" });
    symlinkSync(outside, join(root, "out"));
    symlinkSync(join(outside, "main.tf"), join(root, "file.tf"));
    symlinkSync(root, join(root, "a/loop"));
    expect(pathsIn(root)).toEqual(["a/b.tf"]);
  });

  it("is bounded, and says that it was", () => {
    const root = folder(Object.fromEntries(Array.from({ length: 20_001 }, (_, i) => [`d${i % 40}/${i}.txt`, ""])));
    const warnings: string[] = [];
    expect(pathsIn(root, warnings)).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("too large to be searched whole")]);
  });
});
