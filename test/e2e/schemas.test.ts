/** What the commands print as JSON is what `schemas/` promises, on all clouds at once. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeSimulation } from "../../fixtures/simulator/index.ts";
import { schemaErrors } from "../support/json-schema.ts";
import { evscope } from "../support/cli.ts";

describe("--format json", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-schemas-"));
  let id = "";
  beforeAll(async () => {
    writeSimulation(cwd, { seed: 7, orders: 12 });
    const imported = await evscope(["import", "raw", "--format", "json"], { cwd });
    expect(schemaErrors("import", JSON.parse(imported.stdout))).toEqual([]);
    const { chains } = JSON.parse((await evscope(["chains", "--format", "json"], { cwd })).stdout);
    id = chains[0].id;
  });

  it.each([
    ["chains", ["chains", "--top", "100"]],
    ["cost", ["cost"]],
    ["cost", ["cost", "--by", "service"]],
    ["cost", ["cost", "--by", "cloud"]],
    ["cost", ["cost", "--by", "route"]],
    ["cost", ["cost", "--by", "chain"]],
    ["cost", ["cost", "--since", "2099-01-01"]],
    ["dataset-info", ["dataset", "info"]],
    ["trace", ["trace", "ID"]],
    ["trace", ["trace", "ID", "--parts"]],
    ["batching", ["batching"]],
    ["rightsize", ["rightsize"]],
    ["rightsize", ["rightsize", "--optimize", "balanced", "--top", "3"]],
    ["rightsize", ["rightsize", "--since", "2099-01-01"]],
    ["filters", ["filters"]],
    ["filters", ["filters", "--since", "2099-01-01"]],
    ["report", ["report"]],
    ["report", ["report", "--no-chains", "--baseline", "none"]],
    ["ttl", ["ttl"]],
    ["ttl", ["ttl", "--keep", "90d", "--top", "2"]],
  ])("%s: %j", async (schema, args) => {
    const ran = await evscope([...args.map((arg) => (arg === "ID" ? id : arg)), "--format", "json"], { cwd });
    expect([0, 4]).toContain(ran.code);
    expect(schemaErrors(schema, JSON.parse(ran.stdout))).toEqual([]);
  });
});
