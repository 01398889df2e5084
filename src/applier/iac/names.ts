/** Names as templates write them: literal, or with parts that are known only when deployed. */
import { type IacFile, perFile } from "./files.ts";

/**
 * `orders-${var.stage}` -> matches `orders-prod`. null: nothing of it is fixed (fewer than three letters), so that it would match all, or a
 * part of it goes on beyond its quotes.
 */
export function namePattern(template: string): RegExp | null {
  const fixed = template.split(/[$#%]\{[^}]*\}/);
  const text = fixed.join("");
  if (/[$#%]\{/.test(text) || text.replace(/[^A-Za-z0-9]/g, "").length < 3) return null;
  return new RegExp(`^${fixed.map(escapeRegExp).join("[A-Za-z0-9_-]*")}$`);
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** 1-based line of a position in a text. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** The line around a position. */
export function lineTextAt(text: string, index: number): string {
  const end = text.indexOf("\n", index);
  return text.slice(text.lastIndexOf("\n", index - 1) + 1, end < 0 ? text.length : end);
}

/** Where each name stands in quotes, comments left out. Read once for all functions. */
export const quotedIn = perFile(({ text }: IacFile): ReadonlyMap<string, readonly number[]> => {
  const places = new Map<string, number[]>();
  for (const match of text.matchAll(/(["'`])([A-Za-z0-9_-]{1,64})\1/g)) {
    if (/^\s*(#|\/\/|\*|\/\*)/.test(lineTextAt(text, match.index))) continue;
    const known = places.get(match[2]!);
    if (known === undefined) places.set(match[2]!, [match.index]);
    else known.push(match.index);
  }
  return places;
});
