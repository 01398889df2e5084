/** Writes that survive a crash: content first, then the name. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { platform } from "node:process";

/** Content of an existing file reaches the disk. */
export function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Names in a folder reach the disk. Windows has no such call: names are journalled there. */
export function syncDir(path: string): void {
  if (platform === "win32") return;
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Replaces a file at once: readers see the old content or the new, never a part. */
export function writeDurably(path: string, content: string | Uint8Array): void {
  const draft = `${path}.tmp`;
  const file = openSync(draft, "w");
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncDir(dirname(path));
}
