/** Which format a document is of, from its content. */
import type { Format } from "../model/formats.ts";
import type { Json } from "../model/records.ts";
import { printable } from "./sniff.ts";

/** While a source has given fewer documents than this, every format is asked about each. */
const EAGER_DOCUMENTS = 64;
const BEGINS_CHARS = 60;

export interface Recogniser {
  /** The format of this document; null: no format knows it. Stays with the format in use as long as that one knows the document. */
  of(document: Json): Format | null;
}

function score(format: Format, document: Json): number {
  try {
    return format.recognise(document);
  } catch {
    // a document so odd (deep, say) that looking at it fails is not of that format
    return 0;
  }
}

function best(formats: readonly Format[], document: Json): { format: Format; score: number } | null {
  let found: { format: Format; score: number } | null = null;
  for (const format of formats) {
    const s = score(format, document);
    if (s > 0 && (found === null || s > found.score)) found = { format, score: s };
  }
  return found;
}

/** Recognises the documents of one source, of one kind (`json` or `text`). */
export function recogniser(formats: readonly Format[], kind: Format["kind"], first: Format | null = null): Recogniser {
  const mine = formats.filter((f) => f.kind === kind);
  let current = first;
  let currentScore = 0;
  let asked = 0;
  return {
    of(document) {
      asked++;
      // lines between the platform's own are recognised by nobody, and belong to the log they stand in
      if (current !== null && kind === "text") return current;
      if (current !== null && asked > EAGER_DOCUMENTS && score(current, document) >= Math.max(1, currentScore)) return current;
      const found = best(mine, document);
      if (found !== null) {
        current = found.format;
        currentScore = found.score;
      }
      return found?.format ?? null;
    },
  };
}

/** The text format that knows the most specific of these lines. */
export function textFormatOf(formats: readonly Format[], lines: readonly string[]): Format | null {
  const texts = formats.filter((f) => f.kind === "text");
  let found: { format: Format; score: number } | null = null;
  for (const line of lines) {
    const here = best(texts, line);
    if (here !== null && (found === null || here.score > found.score)) found = here;
  }
  return found?.format ?? null;
}

/** What a source that nothing matched is told: how it begins, and what would have been recognised. */
export interface Unrecognised {
  /** First characters, control characters escaped. */
  begins: string;
  /** `lookedFor` of the formats, nearest first. */
  lookedFor: { format: string; title: string; lookedFor: string }[];
}

/** Nearest first: formats that share words with the file's beginning. */
export function unrecognised(head: Uint8Array, formats: readonly Format[]): Unrecognised {
  const words = new Set(wordsOf(Buffer.from(head.subarray(0, 4096)).toString("latin1")));
  const kind = /^\s*[[{]/.test(Buffer.from(head.subarray(0, 256)).toString("latin1")) ? "json" : "text";
  const near = formats.map((f) => {
    const own = wordsOf(f.lookedFor);
    const shared = own.filter((w) => words.has(w)).length;
    return { format: f, nearness: (f.kind === kind ? 1 : 0) + (own.length === 0 ? 0 : shared / own.length) };
  });
  near.sort((a, b) => b.nearness - a.nearness);
  return {
    begins: printable(Buffer.from(head.subarray(0, 4 * BEGINS_CHARS)).toString("utf8"), BEGINS_CHARS),
    lookedFor: near.map(({ format }) => ({ format: format.id, title: format.title, lookedFor: format.lookedFor })),
  };
}

const wordsOf = (text: string): string[] => [...new Set(text.toLowerCase().match(/[a-z_]{4,}/g) ?? [])];
