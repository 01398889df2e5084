/** Small files that people write: configuration, prices. */
import { readFileSync, statSync } from "node:fs";
import { UserError } from "../model/errors.ts";

/** null: there is no such file. Throws UserError if it is a folder or device. */
export function readText(path: string): string | null {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (facts === undefined) return null;
  if (!facts.isFile()) throw new UserError(`${path}: ${facts.isDirectory() ? "a folder" : "a pipe or device"}, no file`);
  return readFileSync(path, "utf8");
}
