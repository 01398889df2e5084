/** What README.md shows is tried. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { compactDataset } from "../../../src/app/dataset.ts";
import { importFiles } from "../../../src/app/import/index.ts";
import { ratesWith } from "../../../src/app/rates.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { silentHost } from "../../../src/model/host.ts";
import { Engine } from "../../../src/store/duckdb.ts";

// prices have a page of their own
const readme = ["README.md", "docs/prices.md"].map((page) => readFileSync(new URL(`../../../${page}`, import.meta.url), "utf8")).join("\n");
const block = (language: string, holding: string): string =>
  [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].find(([, of, text]) => of === language && text!.includes(holding))![2]!;

const T0 = Date.UTC(2026, 10, 20, 10);
const REPORT = ["Duration: 99.20 ms", "Billed Duration: 100 ms", "Memory Size: 512 MB", "Max Memory Used: 80 MB", "\n"].join("\t");

/** `runs` runs of 100 billed ms each, from minute `minute` on. */
function runs(count: number, minute: number): string {
  const events = Array.from({ length: count }, (_, i) => ({
    logGroup: "/aws/lambda/checkout",
    logStreamName: "2026/11/20/[$LATEST]a",
    timestamp: T0 + minute * 60_000 + i * 1000,
    message: `REPORT RequestId: 0000000${i}-0000-4000-8000-0000000000${String(minute).padStart(2, "0")}\t${REPORT}`,
  }));
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

describe("README.md", () => {
  let scratch = "";
  let dataDir = "";
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "evscope-readme-"));
    dataDir = join(scratch, "data");
    const options = {
      dataDir,
      correlationKeys: [],
      hints: { fn: null, account: null, region: null },
      host: silentHost,
      signal: new AbortController().signal,
    };
    for (const [minute, count] of [
      [1, 2],
      [30, 3],
    ] as const) {
      const path = join(scratch, `${minute}.ndjson`);
      writeFileSync(path, runs(count, minute));
      await importFiles([path], options);
    }
  });

  it("reads the dataset with DuckDB, also right after a compaction, when replaced files still lie there", async () => {
    const sql = block("sql", "getvariable").replaceAll(".evscope/", `${dataDir}/`);
    const [files, question] = sql.split(/;\n/);
    const ask = async (): Promise<unknown[][]> => {
      const engine = await Engine.open({ threads: 1, memoryMib: 200, spillDir: null });
      try {
        await engine.run(files!);
        return (await engine.rows(question!)).map((row) => row.map((cell) => (typeof cell === "string" ? cell : Number(cell))));
      } finally {
        engine.close();
      }
    };
    // 2 + 3 runs of 100 ms
    expect(await ask()).toEqual([["checkout", 5, 500]]);
    expect(await compactDataset(dataDir, silentHost, new AbortController().signal)).toMatchObject({ days: 1 });
    expect(await ask()).toEqual([["checkout", 5, 500]]);
  });

  it("shows a price file and settings that are valid", () => {
    const path = join(scratch, "prices.yaml");
    writeFileSync(path, block("yaml", "lambda.requests"));
    const { prices } = ratesWith(path);
    expect(prices.find("aws", "lambda.requests", "", "us-east-1")!.usdPerUnit).toBeCloseTo(0.16 / 1e6, 15);
    expect(prices.find("aws", "lambda.duration", "arm64", "eu-central-1")!.usdPerUnit).toBeCloseTo(0.0000133334 / 1_024_000, 20);
    writeFileSync(join(scratch, "evscope.yaml"), block("yaml", "correlation:"));
    expect(loadSettings("evscope.yaml", scratch)).toMatchObject({ correlationKeys: ["bookingRef", "x-case-id"], pricesFile: path });
  });
});
