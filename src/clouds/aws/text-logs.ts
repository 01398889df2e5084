/** CloudWatch Logs as text: S3 export tasks, `sam logs`, `aws logs tail`, console tables, and lines copied without times. */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { functionLine } from "./function-line.ts";
import { logNormaliser } from "./normalise.ts";
import { parsePlatformLine } from "./platform-line.ts";
import { type Bare, unwrap } from "./text-line.ts";

const PLATFORM =
  /^\s*(?:(?:START|END|REPORT) RequestId: [0-9a-fA-F-]{36}|INIT_START Runtime Version|INIT_REPORT Init|RESTORE_START |RESTORE_REPORT Restore)/;

/** Longest message put together from continuation lines; CloudWatch events are at most 1 MB. */
const MAX_MESSAGE_CHARS = 1_048_576;

export const textLogs: Format = {
  id: "aws.lambda-text-logs",
  title: "Lambda logs as text",
  kind: "text",
  lookedFor: "lines that start with a time (S3 export, `sam logs`, `aws logs tail`, console table), among them START, END or REPORT lines",
  recognise(document) {
    if (typeof document !== "string") return 0;
    const line = document.replace(/^\uFEFF/, "");
    const bare = unwrap(line);
    if (bare !== null) {
      if (PLATFORM.test(bare.message)) return 95;
      // a time alone is any program's log; a request ID in one of the runtimes' forms is Lambda's
      if (bare.stream !== null) return 80;
      if (bare.message.startsWith("{")) return scoreJson(bare.message);
      return functionLine(bare.message, null).requestId === null ? 0 : 60;
    }
    return PLATFORM.test(line) ? 90 : 0;
  },
  open: openText,
};

/** A line of Lambda's JSON log format behind a time. */
function scoreJson(message: string): number {
  const found = parsePlatformLine(message);
  if (found.kind !== "function") return 95;
  return found.requestId === null ? 0 : 60;
}

/** An event whose continuation lines may still come. */
interface Held extends Bare {
  position: Position;
}

function openText(source: Source, sink: Sink, keys: IdKeys): Reader {
  const logs = logNormaliser(source, sink, keys);
  const stream = streamOfPath(source.segments);
  let held: Held | null = null;
  let untimed = 0;

  function flush(): void {
    if (held === null) return;
    logs.event(held.at, held.message, null, held.stream ?? stream, held.position);
    held = null;
  }

  function continuation(line: string, position: Position): void {
    if (held !== null && held.message.length < MAX_MESSAGE_CHARS) {
      held.message += `\n${line}`;
    } else if (line.trim() !== "") {
      untimed++;
      if (PLATFORM.test(line)) sink.broken(`a platform line without a time: ${line.trim().slice(0, 60)}`, position);
      else sink.ignored("text before the first line with a time");
    }
  }

  /** Rows of a console table without a time: borders, the header, and the further lines of a cell. */
  function tableRow(line: string, position: Position): void {
    const cells = line.split("|").map((cell) => cell.trim());
    if (/^[-+|=\s]*$/.test(line) || /^timestamp$/i.test(cells[1] ?? "")) return;
    continuation(cells.slice(1).join(" ").trim(), position);
  }

  return {
    read(document, position) {
      if (typeof document !== "string") return sink.broken("not a line of text", position);
      const line = document.replace(/^\uFEFF/, "");
      const bare = unwrap(line);
      if (bare === null) return isTableRow(line) ? tableRow(line, position) : continuation(line, position);
      flush();
      held = { ...bare, position };
    },
    end() {
      flush();
      if (untimed > 0) sink.ignored("text lines that follow no line with a time");
      logs.end();
    },
  };
}

function isTableRow(line: string): boolean {
  return /^\s*[|+][-+=| ]/.test(line) && /[|+]\s*$/.test(line.slice(-8));
}

/** Log stream in the folder name of an S3 export (`2020-03-05-[$LATEST]20bd...`: slashes written as dashes); null: not there. */
function streamOfPath(segments: readonly string[]): string | null {
  const found = segments.findLast((segment) => /^\d{4}-\d\d-\d\d-(?:[\w-]+)?\[[\w$-]+\][0-9a-f]{32}$/.test(segment));
  return found === undefined ? null : found.replace(/^(\d{4})-(\d\d)-(\d\d)-/, "$1/$2/$3/");
}
