/** Recorded telemetry that lies beside the checkout on some machines. Tests that need it skip with a printed reason where it is missing. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../shared/", import.meta.url));

/** Path inside the shared folder, or null (with a printed reason) where that folder is missing. */
export function shared(path: string): string | null {
  const full = root + path;
  if (existsSync(full)) return full;
  console.warn(`skipped: ../shared/${path} is not on this machine`);
  return null;
}
