/** Regular expressions that users write, of which none may take long on a line of a log, whatever stands in it. */

/** Longer ones are not meant for words. */
const MOST_CHARACTERS = 200;
/** Parts that may each match any number of characters: the time grows with the length of the text to this power. */
const MOST_OPEN = 2;
/** Parts that may be there or not: the time doubles with each. */
const MOST_OPTIONAL = 6;
/** A part repeated more often than this counts as open. */
const MOST_REPEATS = 10;

/** Why the expression is not taken; null: it is. Repeated groups, back references and look-around are what makes an expression explode. */
export function unsafeWhy(text: string): string | null {
  if (text.length > MOST_CHARACTERS) return `longer than ${MOST_CHARACTERS} characters`;
  try {
    void new RegExp(text, "i");
  } catch (error) {
    return error instanceof Error ? error.message : "no regular expression";
  }
  // what is escaped and what stands in classes is one character each
  const plain = text.replaceAll(/\\./g, (pair) => (/\\[1-9k]/.test(pair) ? "\u0001" : "a")).replaceAll(/\[[^\]]*\]/g, "a");
  if (plain.includes("\u0001")) return "back references are not taken";
  if (/\(\?(?:[=!]|<[=!])/.test(plain)) return "look-ahead and look-behind are not taken";
  if (/\)(?:[*+]|\{\d)/.test(plain)) return "a group may not be repeated";
  const open = [...plain.matchAll(/[*+]|\{(\d+)(,?)(\d*)\}/g)].filter(
    ([, least, comma, most]) => least === undefined || (comma === "," && (most === "" || Number(most) > MOST_REPEATS)),
  );
  if (open.length > MOST_OPEN) return `more than ${MOST_OPEN} parts of any length (.*)`;
  return (plain.match(/[^(*+]\?/g)?.length ?? 0) > MOST_OPTIONAL ? `more than ${MOST_OPTIONAL} optional parts` : null;
}
