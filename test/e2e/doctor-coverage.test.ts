/** `doctor` without any account: correlation coverage of the simulated order system, of which is known what each function logs. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeSimulation } from "../../fixtures/simulator/index.ts";
import { evscope } from "../support/cli.ts";
import { schemaErrors } from "../support/json-schema.ts";

/** Nothing of the caller's that names a cloud. */
const env = { AWS_REGION: "", AWS_DEFAULT_REGION: "", AZURE_SUBSCRIPTION_ID: "", GOOGLE_CLOUD_PROJECT: "" };

describe("doctor of a dataset without an account", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-coverage-"));
  beforeAll(async () => {
    writeSimulation(cwd, { seed: 7, orders: 12 });
    expect((await evscope(["import", "raw"], { cwd })).code).toBe(0);
  });

  it("tells which functions never log an ID, and which always do", async () => {
    const ran = await evscope(["doctor", "--format", "json"], { cwd, env });
    expect(ran.code, ran.stderr).toBe(0);
    const document = JSON.parse(ran.stdout);
    expect(schemaErrors("doctor", document)).toEqual([]);
    expect([document.targets, document.blocked, document.unasked]).toEqual([[], false, "no account is configured"]);
    const shares = new Map<string, number>(
      document.coverage.functions.map((one: { fn: string; withCorrelation: number; runs: number }) => [
        one.fn,
        one.withCorrelation / one.runs,
      ]),
    );
    // clicks and the probe of the platform belong to no order (fixtures/simulator/clicks.ts, noise.ts)
    expect([shares.get("click-counter"), shares.get("health"), shares.get("payment")]).toEqual([0, 0, 1]);
    // the bus carries the order's ID in its detail (fixtures/simulator/events.ts)
    const bus = document.coverage.hops.find((one: { to: { fn: string } | null }) => one.to?.fn === "payment");
    expect(bus).toMatchObject({ from: { fn: "place-order" }, channel: "orders", channelKind: "bus", kept: bus.passes, lost: 0 });
  });

  it("prints lines to write, and that permissions were not looked at", async () => {
    const ran = await evscope(["doctor"], { cwd, env });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("Permissions and settings were not looked at: no account is configured.");
    expect(ran.stdout).toContain('    import { Logger } from "@aws-lambda-powertools/logger"');
  });

  it("says as before what is missing where nothing is held", async () => {
    const ran = await evscope(["doctor", "--data", "nowhere"], { cwd, env });
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("nothing says which cloud account and region to read")]);
  });
});
