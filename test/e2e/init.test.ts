/** `init` on machines that the clouds' own tools were set up on; no cloud is asked. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSettings } from "../../src/app/settings.ts";
import { evscope } from "../support/cli.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SUBSCRIPTION = "11111111-2222-4333-8444-555555555555";
const TENANT = "99999999-2222-4333-8444-555555555555";

/** Files as the tools write them. */
const FILES: { [path: string]: string } = {
  ".aws/config": `[default]\nregion = eu-central-1\noutput = json\n\n[profile shop-prod]\nsso_session = corp\nsso_account_id = 111122223333\nregion = eu-west-1\ns3 =\n  region = us-east-1\n\n[profile deploy]\nrole_arn = arn:aws:iam::444455556666:role/Deploy\nsource_profile = default\nregion=us-east-1\n\n[sso-session corp]\nsso_region = eu-west-1\n\n[profile nowhere]\n`,
  ".aws/credentials": `[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = ${SECRET}\n`,
  ".azure/azureProfile.json": `\ufeff${JSON.stringify({
    installationId: "x",
    subscriptions: [
      { id: SUBSCRIPTION, name: 'Shop "prod": #1', state: "Enabled", tenantId: TENANT, environmentName: "AzureCloud", isDefault: true },
      { id: "22222222-2222-4333-8444-555555555555", name: "old", state: "Disabled", tenantId: TENANT },
    ],
  })}`,
  ".config/gcloud/configurations/config_default": "[core]\naccount = ada@example.com\nproject = shop-prod-123456\n",
  ".config/gcloud/application_default_credentials.json": JSON.stringify({
    client_secret: SECRET,
    quota_project_id: "shop-data-1",
    type: "authorized_user",
  }),
};

function machine(files: { [path: string]: string } = FILES): { cwd: string; env: Record<string, string> } {
  const home = mkdtempSync(join(tmpdir(), "evscope-init-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  const cwd = join(home, "work");
  mkdirSync(cwd);
  const none = [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AZURE_CONFIG_DIR",
    "AZURE_SUBSCRIPTION_ID",
    "CLOUDSDK_CONFIG",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_APPLICATION_CREDENTIALS",
  ];
  return { cwd, env: { ...Object.fromEntries(none.map((name) => [name, ""])), HOME: home } };
}

describe("init", () => {
  it("writes what the tools know as a file that evscope reads, without a secret", async () => {
    const { cwd, env } = machine();
    const ran = await evscope(["init", "--yes", "--offline", "--keys", "bookingRef,tenantOrder"], { cwd, env });
    expect(ran.code, ran.stderr).toBe(0);
    const text = readFileSync(join(cwd, "evscope.yaml"), "utf8");
    expect(`${text}${ran.stdout}${ran.stderr}`).not.toContain(SECRET);
    expect(`${text}${ran.stdout}${ran.stderr}`).not.toContain("AKIAIOSFODNN7EXAMPLE");
    const { correlationKeys, live } = loadSettings(join(cwd, "evscope.yaml"), cwd);
    expect(correlationKeys).toEqual(["bookingRef", "tenantOrder"]);
    expect(live.accounts).toMatchObject([
      { cloud: "aws", name: "default", profile: "default", account: null, regions: ["eu-central-1"] },
      { cloud: "aws", name: "shop-prod", profile: "shop-prod", account: "111122223333", regions: ["eu-west-1"] },
      { cloud: "aws", name: "deploy", profile: "deploy", account: "444455556666", regions: ["us-east-1"] },
      { cloud: "azure", name: 'Shop "prod": #1', account: SUBSCRIPTION },
      { cloud: "gcp", name: "shop-prod-123456", account: "shop-prod-123456" },
      { cloud: "gcp", name: "shop-data-1", account: "shop-data-1" },
    ]);
    // a profile without a region is not guessed at
    expect(text).toContain("# nowhere: its region is not known");
  });

  it("prints the file where nobody can be asked, and writes nothing", async () => {
    const { cwd, env } = machine();
    const ran = await evscope(["init"], { cwd, env });
    expect(ran.code).toBe(0);
    expect(existsSync(join(cwd, "evscope.yaml"))).toBe(false);
    expect(ran.stderr).toContain("evscope init --yes");
    writeFileSync(join(cwd, "printed.yaml"), ran.stdout);
    expect(loadSettings(join(cwd, "printed.yaml"), cwd).live.accounts).toHaveLength(6);
  });

  it("a file that is there stays, unless --force", async () => {
    const { cwd, env } = machine();
    writeFileSync(join(cwd, "evscope.yaml"), "window: 3d\n");
    const refused = await evscope(["init", "--yes", "--offline"], { cwd, env });
    expect(refused.code).toBe(5);
    expect(readFileSync(join(cwd, "evscope.yaml"), "utf8")).toBe("window: 3d\n");
    expect((await evscope(["init", "--yes", "--offline", "--force"], { cwd, env })).code).toBe(0);
    expect(readFileSync(join(cwd, "evscope.yaml"), "utf8")).toContain("shop-prod");
  });

  it("a machine that knows nothing gets examples; broken files of others are no error", async () => {
    const machines: { [path: string]: string }[] = [
      {},
      { ".aws/config": "\u0000[[[", ".azure/azureProfile.json": "{", ".config/gcloud/configurations/config_x": "project" },
    ];
    for (const files of machines) {
      const { cwd, env } = machine(files);
      const ran = await evscope(["init", "--yes"], { cwd, env });
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).toContain("found no profile, subscription or project");
      expect(loadSettings(join(cwd, "evscope.yaml"), cwd).live.accounts).toEqual([]);
      expect(readFileSync(join(cwd, "evscope.yaml"), "utf8")).toContain("# aws:");
    }
  });
});
