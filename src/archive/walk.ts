/** The paths a user gave, as the inputs to read. */
import type { Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../model/errors.ts";
import type { Bytes } from "../model/units.ts";

/** One file, or standard input (`-`). */
export interface SourceInput {
  path: string;
  /** null: not known (standard input, pipes). */
  sizeBytes: Bytes | null;
}

/**
 * Files of these paths, folders walked to the bottom, in a stable order, each real file once; hidden files and folders (`.git`,
 * `.DS_Store`) inside folders are passed over. What cannot be looked at inside a folder is listed too, so that reading it says why. Throws UserError (exit 2) for a path that is not there, cannot be
 * read, or is a pipe or device.
 */
export async function walk(paths: readonly string[]): Promise<SourceInput[]> {
  const inputs: SourceInput[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    if (path === "-") {
      if (!seen.has("-")) inputs.push({ path, sizeBytes: null });
      seen.add("-");
      continue;
    }
    const facts = await given(path);
    if (!facts.isFile() && !facts.isDirectory()) {
      // opening a pipe that nobody writes to would wait for ever
      throw new UserError(`${path}: a pipe or device, no file`, { suggestions: [`read it on standard input: evscope import - < ${path}`] });
    }
    await visit(path, facts, seen, inputs);
  }
  return inputs;
}

async function given(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw new UserError(`${path}: ${whyNot(error)}`, {
      suggestions: ["give files or folders of exported telemetry, or - for standard input"],
      cause: error,
    });
  }
}

/** What a failed file operation means, in words. */
export function whyNot(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "no such file or folder";
  if (code === "EACCES" || code === "EPERM") return "no permission to read it";
  if (code === "ELOOP") return "a symbolic link that leads to itself";
  if (code === "EISDIR") return "a folder";
  return code === "" ? "cannot be read" : `cannot be read (${code})`;
}

async function visit(path: string, facts: Stats, seen: Set<string>, inputs: SourceInput[]): Promise<void> {
  const real = await realpath(path).catch(() => path);
  if (seen.has(real)) return;
  seen.add(real);
  if (!facts.isDirectory()) {
    inputs.push({ path, sizeBytes: facts.isFile() ? facts.size : null });
    return;
  }
  const names = await readdir(path).catch(() => null);
  if (names === null) {
    inputs.push({ path, sizeBytes: null });
    return;
  }
  for (const name of names.sort()) {
    if (name.startsWith(".")) continue;
    const inner = join(path, name);
    const innerFacts = await stat(inner).catch(() => null);
    if (innerFacts === null) inputs.push({ path: inner, sizeBytes: null });
    // a pipe or device inside a folder is nobody's telemetry, and might never end
    else if (innerFacts.isDirectory() || innerFacts.isFile()) await visit(inner, innerFacts, seen, inputs);
  }
}
