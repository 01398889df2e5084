import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "../../../src/model/errors.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { SettingsFile } from "../../../src/app/settings-file.ts";

function folder(yaml: string | null): string {
  const dir = mkdtempSync(join(tmpdir(), "evscope-settings-"));
  if (yaml !== null) writeFileSync(join(dir, "evscope.yaml"), yaml);
  return dir;
}

const PACE = { requestsPerS: null, requestTimeoutMs: 10_000, patienceMs: 60_000 };

describe("loadSettings", () => {
  it("works without a file", () => {
    expect(loadSettings(null, folder(null)).correlationKeys).toEqual([]);
  });

  it("adds correlation keys, in any spelling", () => {
    const settings = loadSettings(null, folder("correlation:\n  keys: [bookingRef]\n"));
    expect(settings.keys.inText('{"booking_ref":"BR-77"}')).toEqual([{ kind: "correlation", value: "BR-77" }]);
  });

  it("names file, line and column of a key it does not know", () => {
    const dir = folder("correlation:\n  keys: []\n  kees: [x]\n");
    expect(() => loadSettings(null, dir)).toThrow(/evscope\.yaml:3:9: correlation\.kees/);
  });

  it("names line and column of a value of the wrong kind, and of broken YAML", () => {
    expect(() => loadSettings(null, folder("correlation:\n  keys: nope\n"))).toThrow(/evscope\.yaml:2:9: correlation\.keys/);
    expect(() => loadSettings(null, folder("correlation: [\n"))).toThrow(/evscope\.yaml:\d+:\d+: not valid YAML/);
  });

  it("takes a section whose lines are commented out as not there", () => {
    expect(loadSettings(null, folder("correlation:\n#  keys: [x]\nprices:\n"))).toMatchObject({ correlationKeys: [], pricesFile: null });
    expect(loadSettings(null, folder("correlation:\n  keys:\n")).correlationKeys).toEqual([]);
  });

  it("refuses an alias of nothing, and a folder, as errors of the user", () => {
    expect(() => loadSettings(null, folder("prices: *nope\n"))).toThrow(UserError);
    expect(() => loadSettings(".", folder(null))).toThrow(/a folder, no file/);
  });

  it("refuses a named file that is missing", () => {
    expect(() => loadSettings("other.yaml", folder(null))).toThrow(/no configuration file at other\.yaml/);
  });

  it("names the place of what is wrong in an account, and what may stand there", () => {
    const yaml = ["aws:", "  accounts:", "    - name: shop", "      regions: [eu-central-1]", "      regoins: [x]", ""].join("\n");
    expect(() => loadSettings(null, folder(yaml))).toThrow(/evscope\.yaml:5:16: aws\.accounts\.0\.regoins/);
    try {
      loadSettings(null, folder(yaml));
    } catch (error) {
      expect((error as UserError).suggestions).toEqual([
        "known settings of aws.accounts.0: name, account, profile, roleArn, externalId, regions, functions",
      ]);
    }
    expect(() => loadSettings(null, folder("window: soon\n"))).toThrow(/evscope\.yaml:1:9: window: a span of time/);
    expect(() => loadSettings(null, folder("maxQueryUsd: -1\n"))).toThrow(/evscope\.yaml:1:14: maxQueryUsd/);
    expect(() => loadSettings(null, folder("signals: [logs, smoke]\n"))).toThrow(/evscope\.yaml:1:17: signals\.1/);
    // a missing key is named where its owner stands
    expect(() => loadSettings(null, folder("aws:\n  accounts:\n    - name: shop\n"))).toThrow(
      /evscope\.yaml:3:7: aws\.accounts\.0\.regions: is missing/,
    );
    // a mistyped name says more than that the right one is missing
    expect(() => loadSettings(null, folder("aws:\n  accounts:\n    - name: shop\n      region: [x]\n"))).toThrow(
      /evscope\.yaml:4:15: aws\.accounts\.0\.region: Unrecognized key/,
    );
    expect(() => loadSettings(null, folder("window: 14\n"))).toThrow(/window: a span of time such as/);
    // an account ID without quotes is a number, and would lose leading zeros
    expect(() => loadSettings(null, folder("aws:\n  accounts: [{ name: a, account: 111122223333, regions: [x] }]\n"))).toThrow(
      /evscope\.yaml:2:34: aws\.accounts\.0\.account/,
    );
  });

  it("refuses credentials without repeating them", () => {
    const key = ["AKIA", "IOSFODNN7EXAMPLE"].join("");
    for (const [yaml, place] of [
      [`aws:\n  accessKeyId: ${key}\n`, /:2:16: aws\.accessKeyId: looks like a credential/],
      ["aws:\n  secret_access_key: abc\n", /:2:22: aws\.secret_access_key: looks like a credential/],
      [`aws:\n  accounts: [{ name: a, profile: ${key}, regions: [x] }]\n`, /:2:34: aws\.accounts\.0\.profile: looks like a credential/],
    ] as const) {
      expect(() => loadSettings(null, folder(yaml))).toThrow(place);
      expect(() => loadSettings(null, folder(yaml))).not.toThrow(key);
    }
  });

  it("fills in what the file leaves out", () => {
    const { live } = loadSettings(null, folder("aws:\n  accounts:\n"));
    expect(live).toEqual({
      windowMs: 14 * 86_400_000,
      settleMs: 120_000,
      maxQueryUsd: 1,
      signals: ["logs", "metrics", "traces", "histories"],
      logs: "platform",
      paces: { aws: PACE, azure: PACE, gcp: PACE },
      accounts: [],
    });
  });

  it("reads subscriptions and projects, and refuses what can be none", () => {
    const id = "AAAAAAAA-2222-3333-4444-555555555555";
    const yaml = `azure: { retryFor: 5s, subscriptions: [{ name: bill, subscription: ${id}, regions: [WestEurope], cloud: china, endpoints: { logs: https://logs.example } }] }
gcp: { projects: [{ name: ship, project: shipping-prod, impersonate: a@b.iam.gserviceaccount.com }] }
`;
    const { live } = loadSettings(null, folder(yaml));
    expect(live.paces).toEqual({ aws: PACE, azure: { ...PACE, patienceMs: 5000 }, gcp: PACE });
    expect(live.accounts).toEqual([
      expect.objectContaining({
        cloud: "azure",
        account: id.toLowerCase(),
        regions: ["westeurope"],
        azure: { cloud: "china", tenant: null, workspaces: [] },
        endpoints: { logs: "https://logs.example" },
      }),
      expect.objectContaining({ cloud: "gcp", account: "shipping-prod", regions: [], gcp: { impersonate: "a@b.iam.gserviceaccount.com" } }),
    ]);
    const azure = (part: string): string => `azure: { subscriptions: [{ name: x, ${part} }] }\n`;
    expect(() => loadSettings(null, folder(azure("subscription: shop")))).toThrow(
      /evscope\.yaml:1:\d+: azure\.subscriptions\.0\.subscription/,
    );
    expect(() => loadSettings(null, folder(azure(`subscription: ${id}, endpoints: { arm: x }`)))).toThrow(/endpoints\.arm/);
    expect(() => loadSettings(null, folder('gcp: { projects: [{ name: x, project: "123456789012" }] }\n'))).toThrow(/project ID/);
  });
});

describe("schemas/evscope-yaml.schema.json", () => {
  it("is the shape that is checked", async () => {
    const { $schema, ...shape } = z.toJSONSchema(SettingsFile, { io: "input" });
    const named = { $schema, $id: "urn:evscope:schema:evscope-yaml:1", title: "evscope.yaml", ...shape };
    // `vitest run test/unit/app/settings.test.ts -u` writes it
    await expect(`${JSON.stringify(named, null, 2)}\n`).toMatchFileSnapshot("../../../schemas/evscope-yaml.schema.json");
  });
});
