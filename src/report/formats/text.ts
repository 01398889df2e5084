/** Text from telemetry made safe for a terminal, and its width there. */

/**
 * What a terminal may obey or hide: C0 (with ESC, tab, line ends) and C1 controls, DEL, bidirectional overrides and marks, line and
 * paragraph separators, invisible characters, tag characters, half surrogate pairs. (Unicode TR 36, "Trojan source" CVE-2021-42574.)
 */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

/**
 * What CI servers would carry out where it stands in a job's output: `##vso[…` and `##[…` anywhere in a line, `::name …::` where a line may begin
 * (learn.microsoft.com "Logging commands", docs.github.com "Workflow commands").
 */
const CI_COMMAND = /##(?=(?:vso)?\[)|(?<=^|\s)::(?=[a-z-]+[^:]*::)/gi;

const NAMED: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Every character that could steer a terminal or hide in it becomes a visible escape: `\x1b`, `\n`, `\u202e`; so does what a CI server would obey. Everything else stays. */
export function escapeTerminal(text: string): string {
  return text
    .replace(CI_COMMAND, (c) => `${c[0]}${escapeCode(c.codePointAt(1)!)}`)
    .replace(UNSAFE, (c) => NAMED[c] ?? escapeCode(c.codePointAt(0)!));
}

function escapeCode(code: number): string {
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}

// East Asian Wide and Fullwidth blocks and emoji (Unicode TR 11); combining marks and variation selectors take no cell
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Terminal cells of one line of safe text (no escape sequences). */
export function displayWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of graphemes.segment(text))
    cells += WIDE.test(segment) || /^\p{Extended_Pictographic}\ufe0f/u.test(segment) ? 2 : /^\p{M}/u.test(segment) ? 0 : 1;
  return cells;
}

/** Cells of the widest of these texts; 0: none. (Not `Math.max(...)`: a call takes only so many arguments.) */
export function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, displayWidth(text)), 0);
}

/** Cuts to `width` cells with an ellipsis as its last cell. */
export function truncate(text: string, width: number, ellipsis = "…"): string {
  if (displayWidth(text) <= width) return text;
  if (width <= displayWidth(ellipsis)) return ellipsis.slice(0, Math.max(0, width));
  let cells = 0;
  let kept = "";
  for (const { segment } of graphemes.segment(text)) {
    const next = displayWidth(segment);
    if (cells + next > width - displayWidth(ellipsis)) break;
    cells += next;
    kept += segment;
  }
  return kept + ellipsis;
}

/** Characters of a name or message that people are shown; machine-readable forms have all of it. */
const MOST_CHARACTERS = 1000;

/** Cuts what nobody reads to its end, and says how much was left out. Not yet escaped text: half a surrogate pair is never left. */
export function shorten(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  const kept = text.slice(0, MOST_CHARACTERS).replace(/[\ud800-\udbff]$/, "");
  return `${kept}… (${text.length - kept.length} more characters)`;
}

/** Fills up to `width` cells; longer text stays as it is. */
export function pad(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "left" ? text + space : space + text;
}

/** Breaks into lines of at most `width` cells at spaces; words longer than a line are cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  // a word of a megabyte is not measured again for each of its lines
  const far = width * 8;
  for (let word of text.split(" ")) {
    while (word.length > far || displayWidth(word) > width) {
      if (line !== "") lines.push(line);
      line = "";
      const head = truncate(word.slice(0, far), width, "");
      if (head === "") break;
      lines.push(head);
      word = word.slice(head.length);
    }
    if (line === "") line = word;
    else if (displayWidth(line) + 1 + displayWidth(word) <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}
