/** Names as templates write them: literal, or with parts that are known only when deployed. */

/** `orders-${var.stage}` -> matches `orders-prod`. null: nothing of it is fixed (fewer than three letters), so that it would match all. */
export function namePattern(template: string): RegExp | null {
  const fixed = template.split(/[$#%]\{[^}]*\}/);
  if (fixed.join("").replace(/[^A-Za-z0-9]/g, "").length < 3) return null;
  return new RegExp(`^${fixed.map(escapeRegExp).join("[A-Za-z0-9_-]*")}$`);
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** 1-based line of a position in a text. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
