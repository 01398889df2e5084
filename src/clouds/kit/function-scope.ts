/** Which functions a target means: by name pattern and by tags. */
import type { Json } from "../../model/records.ts";

/** Name patterns with `*`, and tags that must all be there. Empty: all functions. */
export interface FunctionFilter {
  names: readonly string[];
  tags: Readonly<Record<string, string>>;
}

/** True if the target means this function. `tags` null: not known, which fits only a target that asks for none. */
export function functionScope(functions: FunctionFilter): (name: string, tags: { readonly [key: string]: Json } | null) => boolean {
  const patterns = functions.names.map(
    (name) => new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", ".*")}$`),
  );
  const wanted = Object.entries(functions.tags);
  return (name, tags) =>
    (patterns.length === 0 || patterns.some((pattern) => pattern.test(name))) && wanted.every(([key, value]) => tags?.[key] === value);
}

/** What a target's filter of functions adds to the name of a source that holds more functions than it means. Empty: no filter. */
export function filterName({ functions: { names, tags } }: { functions: FunctionFilter }): string {
  if (names.length === 0 && Object.keys(tags).length === 0) return "";
  return ` of ${JSON.stringify([names.toSorted(), Object.entries(tags).toSorted()])}`;
}
