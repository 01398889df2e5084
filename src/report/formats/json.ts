/** Any document -> JSON text, safe to show in a terminal. */

// JSON.stringify escapes C0 only; the rest of what a terminal may obey or hide can be escaped without changing the value
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Two spaces of indent, keys in the order of the document, no line end at the end. */
export function formatJson(document: { schemaVersion: 1 }): string {
  // Azure Pipelines obeys `##vso[` anywhere in a line
  return JSON.stringify(document, null, 2)
    .replace(/##(?=(?:vso)?\[)/gi, "#\\u0023")
    .replace(UNSAFE, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`);
}
