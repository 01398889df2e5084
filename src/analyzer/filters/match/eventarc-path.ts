/**
 * Path patterns of Eventarc: `*` within a segment, `**` over segments, captures `{name}`, `{name=*}`, `{name=**}`.
 * https://cloud.google.com/eventarc/docs/path-patterns
 */

/** One segment: any number of segments, or the literal parts between its `*` (one part: no wildcard). */
type Segment = { kind: "many" } | { kind: "one"; parts: readonly string[] };

/** Segments in order; a string: why it is none. */
export function parsePathPattern(pattern: string): readonly Segment[] | string {
  if (pattern === "") return "an empty path pattern";
  const segments: Segment[] = [];
  for (const text of trimmed(pattern).split("/")) {
    const capture = /^\{([A-Za-z_]\w*)(?:=(\*{1,2}))?\}$/.exec(text);
    const plain = capture === null ? text : (capture[2] ?? "*");
    if (/[{}]/.test(plain)) return `the capture in ${JSON.stringify(text)} is not {name}, {name=*} or {name=**} alone in its segment`;
    if (plain === "**") segments.push({ kind: "many" });
    else if (plain.includes("**")) return `** stands alone in its segment, unlike in ${JSON.stringify(text)}`;
    else segments.push({ kind: "one", parts: plain.split("*") });
  }
  if (segments.filter((one) => one.kind === "many").length > 1) return "only one ** is allowed";
  return segments;
}

/** Whether the whole path matches. Work grows with the length of the path only: there is at most one `**`. */
export function matchesPath(pattern: readonly Segment[], path: string): boolean {
  const segments = trimmed(path).split("/");
  const many = pattern.findIndex((one) => one.kind === "many");
  if (many < 0) return pattern.length === segments.length && pattern.every((one, i) => segmentMatches(one, segments[i]!));
  const behind = pattern.slice(many + 1);
  if (segments.length < pattern.length - 1) return false;
  const tail = segments.slice(segments.length - behind.length);
  return (
    pattern.slice(0, many).every((one, i) => segmentMatches(one, segments[i]!)) && behind.every((one, i) => segmentMatches(one, tail[i]!))
  );
}

function trimmed(path: string): string {
  return path.replace(/^\//, "");
}

function segmentMatches(pattern: Segment, text: string): boolean {
  if (pattern.kind === "many") return true;
  const { parts } = pattern;
  if (parts.length === 1) return parts[0] === text;
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  // the earliest place for each part in between leaves most room for the next
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
