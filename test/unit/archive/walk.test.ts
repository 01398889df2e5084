import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { walk } from "../../../src/archive/walk.ts";
import { UserError } from "../../../src/model/errors.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "walk-"));
  mkdirSync(join(dir, "b/deep"), { recursive: true });
  mkdirSync(join(dir, ".hidden"));
  writeFileSync(join(dir, "z.json"), "12345");
  writeFileSync(join(dir, "b/2.json"), "");
  writeFileSync(join(dir, "b/10.json"), "1");
  writeFileSync(join(dir, "b/deep/x"), "1");
  writeFileSync(join(dir, ".hidden/secret"), "1");
  writeFileSync(join(dir, ".DS_Store"), "1");
  symlinkSync(dir, join(dir, "b/loop"));
  symlinkSync(join(dir, "nowhere"), join(dir, "b/dangling"));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("walk", () => {
  it("lists files in a stable order, each once, past loops and hidden ones, with links to nothing", async () => {
    expect(await walk([dir, join(dir, "z.json")])).toEqual([
      { path: join(dir, "b/10.json"), sizeBytes: 1 },
      { path: join(dir, "b/2.json"), sizeBytes: 0 },
      { path: join(dir, "b/dangling"), sizeBytes: null },
      { path: join(dir, "b/deep/x"), sizeBytes: 1 },
      { path: join(dir, "z.json"), sizeBytes: 5 },
    ]);
  });

  it("reads what is asked for by name, hidden or not, and standard input once", async () => {
    expect(await walk([join(dir, ".DS_Store"), "-", "-"])).toEqual([
      { path: join(dir, ".DS_Store"), sizeBytes: 1 },
      { path: "-", sizeBytes: null },
    ]);
  });

  it("names a path that is not there, exit code 2", async () => {
    const error = await walk([dir, join(dir, "gone.json")]).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toBe(`${join(dir, "gone.json")}: no such file or folder`);
    expect((error as UserError).exitCode).toBe(2);
  });
});
