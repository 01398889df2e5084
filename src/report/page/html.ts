/** Text made safe for HTML, where it stands between tags, in quoted attributes and in data blocks. */
import { escapeTerminal } from "../formats/text.ts";

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Control characters, bidirectional marks and half surrogate pairs become visible escapes; markup becomes text. */
export function escapeHtml(text: string): string {
  return escapeTerminal(text).replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** Markup, and what would turn or hide the source's text for one who reads it. */
const STEERING = /[<>&\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** JSON for a `<script type="application/json">`: nothing in it can end the element or begin a comment, and half surrogate pairs are replaced. */
export function jsonBlock(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "string" ? inner.toWellFormed() : inner)).replace(
    STEERING,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Name of an element from its title: letters, digits and `-`. */
export function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
}
