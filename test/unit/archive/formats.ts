/** Small formats for tests of the archive: they give one Gap record per thing they read, which says what and where. */
import type { Format, Position, Source } from "../../../src/model/formats.ts";
import type { Json, Rec } from "../../../src/model/records.ts";

const gap = (what: string, at: Position, source: Source): Rec => ({
  type: "gap",
  cloud: "other",
  account: source.account,
  region: source.region,
  what,
  why: `${at.line}:${at.byte}`,
  from: null,
  to: null,
});

const field = (document: Json, name: string): Json | undefined =>
  typeof document === "object" && document !== null && !Array.isArray(document) ? document[name] : undefined;

/** Objects with the field `name`; lists of it one by one. */
export function jsonFormat(name: string, score = 50): Format {
  return {
    id: `test.${name}`,
    title: `Test ${name}`,
    kind: "json",
    lookedFor: `an object with \`${name}\``,
    recognise: (document) => (field(document, name) === undefined ? 0 : score),
    open: (source, sink) => ({
      read(document, at) {
        const value = field(document, name);
        if (value === "ignore") return sink.ignored("told to");
        if (value === "break") return sink.broken("told to", at);
        if (value === "throw") throw new TypeError("a bug");
        if (value === "nothing") return;
        for (const one of Array.isArray(value) ? value : [value]) sink.record(gap(`${name}=${JSON.stringify(one)}`, at, source));
      },
      end() {},
    }),
  };
}

/** Lines that begin with LOG; the others in the same file belong to it. Says at the end how many lines there were. */
export const textFormat: Format = {
  id: "test.text",
  title: "Test text",
  kind: "text",
  lookedFor: "lines that begin with LOG",
  recognise: (document) => (typeof document === "string" && document.startsWith("LOG") ? 40 : 0),
  open(source, sink) {
    let lines = 0;
    return {
      read(document, at) {
        lines++;
        sink.record(gap(String(document), at, source));
      },
      end() {
        sink.record(gap(`${lines} lines`, { line: null, byte: null }, source));
      },
    };
  },
};
