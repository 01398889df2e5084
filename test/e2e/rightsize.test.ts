/** `rightsize` as a child process, on files read directly. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { schemaErrors } from "../support/json-schema.ts";
import { evscope } from "../support/cli.ts";

const START = Date.UTC(2026, 9, 1);
const HOUR = 3_600_000;

/** `waits` ran a week at 1024 MB and a week at 2048 MB, hardly faster; `single` ran at one size. REPORT lines only, as FilterLogEvents returns them. */
function logs(): string {
  const lines: string[] = [];
  const add = (fn: string, id: number, at: number, memory: number, ms: number): void => {
    const requestId = `${String(id).padStart(8, "0")}-1111-4111-8111-111111111111`;
    const report = `REPORT RequestId: ${requestId}\tDuration: ${ms.toFixed(2)} ms\tBilled Duration: ${Math.ceil(ms)} ms\tMemory Size: ${memory} MB\tMax Memory Used: 90 MB\t\n`;
    const logStreamName = `2026/10/01/[$LATEST]${(id % 40).toString(16).padStart(32, "0")}`;
    lines.push(JSON.stringify({ logGroup: `/aws/lambda/${fn}`, logStreamName, timestamp: at, message: report }));
  };
  for (let hour = 0; hour < 2 * 168; hour++) {
    for (let i = 0; i < 6; i++) {
      // deterministic spread of +-10 %
      const spread = 0.9 + ((hour * 7 + i * 3) % 21) / 100;
      const at = START + hour * HOUR + i * 600_000;
      const id = (hour * 6 + i) * 2;
      add("waits", id, at, hour < 168 ? 1024 : 2048, (hour < 168 ? 202 : 200) * spread);
      add("single", id + 1, at, 512, 150 * spread);
    }
  }
  return lines.join("\n");
}

describe("rightsize PATH", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-rightsize-"));
  beforeAll(() => writeFileSync(join(cwd, "logs.ndjson"), logs()));

  it("proposes what two sizes show and refuses what one cannot", async () => {
    const ran = await evscope(["rightsize", "logs.ndjson", "--min-saving", "0", "--format", "json"], { cwd });
    expect(ran.code).toBe(0);
    const document = JSON.parse(ran.stdout);
    expect(schemaErrors("rightsize", document)).toEqual([]);
    const [waits, single] = document.functions;
    expect(waits).toMatchObject({
      function: "waits",
      currentMib: 2048,
      proposedMib: 1024,
      tier: 2,
      confidence: "high",
      refusal: null,
      floorMib: 128,
    });
    expect(waits.evidence).toMatchObject({ invocations: 2016, warm: 2016, sizesMib: [1024, 2048], sandboxes: 40 });
    // 2,016 runs in 14 days, each 1 GB x 0.2005 s less or so at 0.0000166667 USD: 4,383 x 3.3e-6
    expect(waits.savingUsdPerMonth.p50).toBeGreaterThan(0.0138);
    expect(waits.savingUsdPerMonth.p50).toBeLessThan(0.0147);
    expect(single).toMatchObject({ function: "single", proposedMib: null, tier: 0 });
    expect(single.refusal).toContain("one memory size only");
  });

  it("--function narrows, --explain draws, and what is not there is said", async () => {
    const narrowed = JSON.parse((await evscope(["rightsize", "logs.ndjson", "--function", "sing*", "--format", "json"], { cwd })).stdout);
    expect(narrowed.functions.map((one: { function: string }) => one.function)).toEqual(["single"]);
    const drawn = await evscope(["rightsize", "logs.ndjson", "--explain", "waits"], { cwd });
    expect(drawn.stdout).toMatch(/2048 MiB .*now/);
    const missing = await evscope(["rightsize", "logs.ndjson", "--explain", "nobody"], { cwd });
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("no function nobody")]);
  });

  it("wrong amounts are usage errors", async () => {
    expect((await evscope(["rightsize", "logs.ndjson", "--min-saving", "much"], { cwd })).code).toBe(2);
    expect((await evscope(["rightsize", "logs.ndjson", "--max-slowdown", "slow"], { cwd })).code).toBe(2);
  });
});
