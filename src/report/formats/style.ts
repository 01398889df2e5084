/** Colours that mean something; never the only sign. */

/** How text may look where it goes. */
export interface Look {
  /** Terminal cells of a line. */
  width: number;
  color: boolean;
  /** false: ASCII only. */
  unicode: boolean;
}

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39], cyan: [36, 39] } as const;

export type Paint = (style: keyof typeof CODES, text: string) => string;

/** SGR colouring, or none. */
export function painter(color: boolean): Paint {
  if (!color) return (_style, text) => text;
  return (style, text) => (text === "" ? "" : `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m`);
}

const WORDS: Record<string, keyof typeof CODES> = {
  error: "red",
  failed: "red",
  timeout: "red",
  oom: "red",
  throttled: "yellow",
  partly: "yellow",
  unknown: "yellow",
};

/** Colours a word that is a state; the word says the same. */
export function paintWord(paint: Paint, word: string): string {
  const style = WORDS[word.trim()];
  return style === undefined ? word : paint(style, word);
}
