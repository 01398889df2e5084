import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSimulation } from "../../../fixtures/simulator/index.ts";
import { importFiles } from "../../../src/app/import/index.ts";
import { rightsize } from "../../../src/app/rightsize.ts";
import { withDataset } from "../../../src/app/scratch.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { silentHost } from "../../../src/model/host.ts";
import type { Sizing } from "../../../src/model/sizing.ts";

const scratch = mkdtempSync(join(tmpdir(), "evscope-paths-"));
const dataDir = join(scratch, "dataset");
const settings = loadSettings(null, scratch);
const { signal } = new AbortController();
let raw: string;

beforeAll(async () => {
  ({ raw } = writeSimulation(scratch, { seed: 5, orders: 60 }));
  await importFiles([raw], {
    dataDir,
    correlationKeys: [],
    hints: { fn: null, account: null, region: null },
    host: silentHost,
    signal,
  });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const asked = async (paths: readonly string[]): Promise<Sizing> => {
  const objective = { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 0 } as const;
  return (await rightsize(dataDir, paths, { functions: null, objective }, settings, silentHost, signal)).sizing;
};

test("files read directly give the advice of a dataset made of them", async () => {
  const whole = await asked([]);
  expect(whole.functions.length).toBeGreaterThan(5);
  const direct = await asked([raw]);
  // sums of several threads differ in the last digits
  const rounded = (sizing: Sizing): unknown =>
    JSON.parse(JSON.stringify(sizing, (_, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(10)) : value)));
  expect(rounded(direct)).toEqual(rounded(whole));
});

test("of the log lines only those that say which time is covered are kept for it", async () => {
  const ask = { host: silentHost, signal };
  const all = await withDataset("", [raw], settings, ask, async (dataset) => [await dataset.span(), (await dataset.info()).rows.log]);
  const few = await withDataset("", [raw], settings, { ...ask, wanted: ["invocation"] }, async (dataset) => [
    await dataset.span(),
    (await dataset.info()).rows.log,
  ]);
  expect(few.value[0]).toEqual(all.value[0]);
  expect(all.value[1]).toBeGreaterThan(1000);
  expect(few.value[1]).toBeLessThanOrEqual(2 * readdirSync(raw, { recursive: true }).length);
});
