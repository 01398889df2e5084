/** What the first bytes of a file say about it. */

export type Container = "gzip" | "zstd";

const starts = (head: Uint8Array, ...bytes: number[]): boolean => bytes.every((b, i) => head[i] === b);
const ascii = (head: Uint8Array, at: number, text: string): boolean =>
  head.length >= at + text.length && [...text].every((c, i) => head[at + i] === c.charCodeAt(0));

/** Compression, by its magic bytes. null: none that evscope reads. */
export function containerOf(head: Uint8Array): Container | null {
  if (starts(head, 0x1f, 0x8b)) return "gzip";
  if (starts(head, 0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  // a skippable frame may come first
  if (head.length >= 4 && head[0]! >= 0x50 && head[0]! <= 0x5f && starts(head.subarray(1), 0x2a, 0x4d, 0x18)) return "zstd";
  return null;
}

const REFUSED: readonly (readonly [(head: Uint8Array) => boolean, string])[] = [
  [(h) => starts(h, 0x50, 0x4b, 3, 4) || starts(h, 0x50, 0x4b, 5, 6), "a zip archive: unpack it and give the folder"],
  [(h) => ascii(h, 257, "ustar"), "a tar archive: unpack it and give the folder"],
  [(h) => ascii(h, 0, "PAR1"), "a Parquet file: export it as JSON lines"],
  [(h) => ascii(h, 0, "ORC"), "an ORC file: export it as JSON lines"],
  [(h) => ascii(h, 0, "Obj\u0001"), "an Avro file: export it as JSON lines"],
  [(h) => ascii(h, 0, "BZh"), "bzip2: unpack it first"],
  [(h) => starts(h, 0xfd, 0x37, 0x7a, 0x58, 0x5a), "xz: unpack it first"],
  [(h) => starts(h, 0x04, 0x22, 0x4d, 0x18), "lz4: unpack it first"],
  [(h) => starts(h, 0xff, 0x06, 0x00, 0x00) && ascii(h, 4, "sNaPpY"), "framed Snappy: unpack it first"],
  [(h) => starts(h, 0x37, 0x7a, 0xbc, 0xaf), "a 7z archive: unpack it and give the folder"],
  [(h) => ascii(h, 0, "SQLite format 3"), "an SQLite database"],
  [(h) => ascii(h, 8, "DUCK"), "a DuckDB database"],
  [(h) => ascii(h, 0, "%PDF"), "a PDF"],
  [(h) => starts(h, 0x89, 0x50, 0x4e, 0x47), "a PNG image"],
  [(h) => starts(h, 0x7f, 0x45, 0x4c, 0x46), "a program (ELF)"],
];

/** Why a file that begins like this cannot be telemetry that evscope reads; null: it may be. `head`: the first bytes, at least 512 where there are as many. */
export function refusalOf(head: Uint8Array): string | null {
  for (const [matches, reason] of REFUSED) if (matches(head)) return reason;
  const sample = head.subarray(0, 4096);
  let control = 0;
  let nul = 0;
  for (const b of sample) {
    if (b === 0) nul++;
    else if (b < 0x20 && b !== 0x09 && b !== 0x0a && b !== 0x0d && b !== 0x1b && b !== 0x1e) control++;
  }
  // a hole of NUL bytes is what a crash or a log rotation leaves, and text may follow; other control characters do not come in text
  const rest = sample.length - nul;
  if (control > 8 && control > rest / 20) return "binary data";
  let leading = 0;
  while (leading < sample.length && sample[leading] === 0) leading++;
  if (nul - leading > sample.length / 8) return "binary data";
  return null;
}

/** Byte order mark, or the zeros that UTF-16 has between ASCII letters. */
export function utf16Of(head: Uint8Array): "utf-16le" | "utf-16be" | null {
  if (starts(head, 0xff, 0xfe)) return "utf-16le";
  if (starts(head, 0xfe, 0xff)) return "utf-16be";
  const pairs = Math.min(32, head.length >> 1);
  if (pairs < 4) return null;
  let le = 0;
  let be = 0;
  for (let i = 0; i < pairs; i++) {
    const a = head[2 * i]!;
    const b = head[2 * i + 1]!;
    if (a !== 0 && b === 0) le++;
    if (a === 0 && b !== 0) be++;
  }
  if (le === pairs) return "utf-16le";
  return be === pairs ? "utf-16be" : null;
}

export const hasUtf8Bom = (head: Uint8Array): boolean => starts(head, 0xef, 0xbb, 0xbf);

/** Text from a stranger's file, short and harmless for a terminal: control characters escaped. */
export function printable(text: string, limit: number): string {
  let shown = "";
  for (const c of text) {
    if (shown.length >= limit) return `${shown}…`;
    const code = c.codePointAt(0)!;
    if (c === "\n") shown += "\\n";
    else if (c === "\r") shown += "\\r";
    else if (c === "\t") shown += "\\t";
    else if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || isDirection(code)) shown += `\\u${code.toString(16).padStart(4, "0")}`;
    else shown += c;
  }
  return shown;
}

/** Characters that turn the direction of text or have no width. */
function isDirection(code: number): boolean {
  return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code === 0xfeff;
}
