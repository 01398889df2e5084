/** Python's way to print a dict (`print(event)`): single quotes, True, False, None. */

/** Words of Python as JSON. */
const WORDS: { readonly [word: string]: string } = { True: "true", False: "false", None: "null" };

/** JSON text of a printed dict or list; null: something in it that JSON cannot say (an object, a bytes literal, a cut text). */
export function jsonOfPython(literal: string): string | null {
  let out = "";
  for (let i = 0; i < literal.length;) {
    const c = literal[i]!;
    if (c === "'" || c === '"') {
      const end = endOfString(literal, i);
      if (end < 0) return null;
      out += jsonString(literal.slice(i + 1, end), c);
      i = end + 1;
    } else if (/[A-Za-z]/.test(c)) {
      const word = /^\w+/.exec(literal.slice(i, i + 16))![0];
      const json = WORDS[word];
      if (json === undefined) return null;
      out += json;
      i += word.length;
    } else {
      out += c;
      i++;
    }
  }
  return out;
}

/** Place of the quote that closes the string that opens at `from`; -1: none. */
function endOfString(literal: string, from: number): number {
  const quote = literal[from]!;
  for (let i = from + 1; i < literal.length; i++) {
    if (literal[i] === "\\") i++;
    else if (literal[i] === quote) return i;
  }
  return -1;
}

/** The inside of a Python string as a JSON string. */
function jsonString(inside: string, quote: string): string {
  const escaped = inside.replace(/\\(x[0-9a-fA-F]{2}|[\s\S])|"/g, (match, escape: string | undefined) => {
    if (escape === undefined) return quote === "'" ? '\\"' : match;
    if (escape[0] === "x" && escape.length === 3) return `\\u00${escape.slice(1)}`;
    if (escape === "'") return "'";
    return 'bfnrtu"\\/'.includes(escape) ? match : `\\\\${escape}`;
  });
  // eslint-disable-next-line no-control-regex
  return `"${escaped.replace(/[\u0000-\u001f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
}
