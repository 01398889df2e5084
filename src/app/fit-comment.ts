/** A comment that is longer than a forge takes, cut so that what is left still reads as Markdown. */

const PAIRED = /<(\/?)(details|summary|table|thead|tbody|tr|td|th)\b[^>]*>/gi;

/** What is open after a line: HTML elements from the outermost, and the fence of a code block. */
interface Open {
  elements: readonly string[];
  fence: string | null;
}

/**
 * At most `max` characters (UTF-16 units): `body` itself where it fits, else its first lines, whatever is open in them closed, and a sentence
 * that says how many lines are missing. A table is not cut between its header and the line that makes it one.
 */
export function fitComment(body: string, max: number): string {
  if (body.length <= max) return body;
  const lines = body.split("\n");
  const open: Open[] = [];
  const ends: number[] = [];
  let state: Open = { elements: [], fence: null };
  let length = -1;
  for (const line of lines) {
    state = after(state, line);
    open.push(state);
    ends.push((length += line.length + 1));
  }
  for (let kept = lines.length - 1; kept > 0; kept--) {
    if (ends[kept - 1]! > max || isTableMark(lines[kept]!)) continue;
    const tail = endOf(open[kept - 1]!, lines.length - kept, max);
    if (ends[kept - 1]! + tail.length <= max) return lines.slice(0, kept).join("\n") + tail;
  }
  return body.slice(0, max).replace(/[\uD800-\uDBFF]$/, "");
}

/** The line under a table's header. */
const isTableMark = (line: string): boolean => line.includes("-") && /^\s*\|?(\s*:?-+:?\s*\|)+\s*(:?-+:?\s*)?$/.test(line);

function endOf({ elements, fence }: Open, missing: number, max: number): string {
  const closing = elements.toReversed().map((name) => `</${name}>`);
  const said = `_Cut here: ${missing} more line${missing === 1 ? "" : "s"}, since a comment holds ${max} characters at most. The report itself has them all._`;
  return [...(fence === null ? [] : [fence]), "", ...(closing.length === 0 ? [] : [closing.join(""), ""]), said]
    .map((line) => `\n${line}`)
    .join("");
}

function after(before: Open, line: string): Open {
  const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
  if (before.fence !== null) {
    const closes = fence !== null && fence[1]!.startsWith(before.fence) && fence[2]!.trim() === "";
    return closes ? { ...before, fence: null } : before;
  }
  if (fence !== null && !(fence[1]!.startsWith("`") && fence[2]!.includes("`"))) return { ...before, fence: fence[1]! };
  const elements = [...before.elements];
  for (const [, slash, name] of line.replace(/`[^`]*`/g, "").matchAll(PAIRED)) {
    const lower = name!.toLowerCase();
    if (slash === "") elements.push(lower);
    else if (elements.includes(lower)) elements.length = elements.lastIndexOf(lower);
  }
  return { elements, fence: null };
}
