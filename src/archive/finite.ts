/** The last guard before the dataset: a record holds no NaN and no Infinity. */
import type { Rec } from "../model/records.ts";

/** Name of the first field whose number is not finite (JSON.parse makes Infinity of 1e999); null: none. */
export function notFinite(record: Rec): string | null {
  // what there are millions of
  if (record.type === "log") return !Number.isFinite(record.at) ? "at" : Number.isFinite(record.sizeBytes) ? null : "sizeBytes";
  const fields = record as unknown as Record<string, unknown>;
  for (const name in fields) {
    const value = fields[name];
    if (typeof value === "number" && !Number.isFinite(value)) return name;
  }
  if (record.type === "span") return inside("attributes", record.attributes, 0);
  return record.type === "config" ? inside("settings", record.settings, 0) : null;
}

function inside(path: string, value: unknown, depth: number): string | null {
  if (typeof value === "number") return Number.isFinite(value) ? null : path;
  if (typeof value !== "object" || value === null || depth > 20) return null;
  for (const [name, inner] of Object.entries(value)) {
    const found = inside(`${path}.${name}`, inner, depth + 1);
    if (found !== null) return found;
  }
  return null;
}
