import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openDataset } from "../../../../src/store/index.ts";

const child = fileURLToPath(new URL("child.ts", import.meta.url));

function collect(dir: string, killAt: number): { signal: string | null; fetched: number; renames: number } {
  const ran = spawnSync(process.execPath, [child, dir, String(killAt)], { encoding: "utf8" });
  if (ran.signal === null && ran.status !== 0) throw new Error(ran.stderr);
  return { signal: ran.signal, fetched: 0, renames: 0, ...(ran.stdout === "" ? {} : (JSON.parse(ran.stdout) as object)) };
}

it("killed at any file that gets its name, a collection loses nothing and the next run doubles nothing", { timeout: 240_000 }, async () => {
  const all = mkdtempSync(join(tmpdir(), "evscope-kill-"));
  const { renames } = collect(all, 0);
  rmSync(all, { recursive: true, force: true });
  expect(renames).toBeGreaterThan(10);
  const again: number[] = [];
  for (let killAt = 1; killAt <= renames; killAt++) {
    const dir = mkdtempSync(join(tmpdir(), "evscope-kill-"));
    expect(collect(dir, killAt).signal).toBe("SIGKILL");
    again.push(collect(dir, 0).fetched);
    const dataset = await openDataset(dir);
    const { rows } = await dataset.info();
    await dataset.close();
    expect([killAt, rows.log]).toEqual([killAt, 20]);
    rmSync(dir, { recursive: true, force: true });
  }
  // early on both windows are read again, at the end none is
  expect([again[0], again.at(-1)]).toEqual([2, 0]);
});
