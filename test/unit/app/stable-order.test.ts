import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeSimulation } from "../../../fixtures/simulator/index.ts";
import { listChains } from "../../../src/app/chains.ts";
import { compactDataset } from "../../../src/app/dataset.ts";
import { importFiles } from "../../../src/app/import/index.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { traceInDataset } from "../../../src/app/trace.ts";
import { walk } from "../../../src/archive/index.ts";
import { silentHost } from "../../../src/model/host.ts";

const never = new AbortController().signal;

/** Money to 12 digits: sums of fractions depend on their order in the last one. */
function text(answer: unknown): string {
  return JSON.stringify(answer, (_, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(12) : value,
  );
}

describe("answers do not depend on where rows lie", () => {
  it("the same chains and traces before and after compaction", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "evscope-order-"));
    writeSimulation(scratch, { seed: 3, orders: 12 });
    writeFileSync(join(scratch, "empty.yaml"), "");
    const settings = loadSettings(join(scratch, "empty.yaml"), scratch);
    const hints = { fn: null, account: null, region: null };
    const options = { correlationKeys: [], hints, host: silentHost, signal: never };
    const many = join(scratch, "many");
    const files = (await walk([join(scratch, "raw")])).map((input) => input.path).toReversed();
    for (const file of files) await importFiles([file], { ...options, dataDir: many });

    const answers = async (dir: string): Promise<string> => {
      const chains = await listChains(dir, { sort: "newest" }, settings, silentHost, never);
      const traces = [];
      for (const { id } of chains) traces.push((await traceInDataset(dir, id, settings, silentHost, never)).chain);
      return text([chains, traces]);
    };
    const expected = await answers(many);
    expect(expected).toContain("place-order");
    expect((await compactDataset(many, silentHost, never)).days).toBeGreaterThan(0);
    expect(await answers(many)).toBe(expected);
  }, 120_000);
});
