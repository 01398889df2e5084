/**
 * Free-text logs of the oslo.log form, where a request's ID stands in brackets:
 * `[file ]2017-05-16 00:00:00.008 25746 INFO nova.api.server [req-38101a0b-… user tenant - - -] text`
 * (https://docs.openstack.org/oslo.log/latest/configuration/). Times have no zone and are taken as UTC.
 */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { type Id, normaliseId } from "../../model/ids.ts";
import type { Json, LogEvent } from "../../model/records.ts";

const LINE =
  /^(?:(\S+)\s+)?(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3}) \d+ (TRACE|DEBUG|INFO|AUDIT|WARNING|ERROR|CRITICAL) (\S+) \[([^\]]*)\] ?(.*)$/s;
const LEVELS: { readonly [level: string]: string } = { AUDIT: "INFO", WARNING: "WARN", CRITICAL: "FATAL" };
const REQUEST = /^req-[0-9a-f-]{36}\b/i;
/** Lines without a head belong to the one before (stack traces), up to this. */
const MAX_MESSAGE_CHARS = 256 * 1024;

/** `nova-api.log.1.2017-05-16_13:53:08` -> `nova-api`; without a file the first part of the logger's name. */
function serviceOf(file: string | undefined, logger: string): string {
  return file?.replace(/\.log\b.*$/, "") ?? logger.split(".")[0]!;
}

function eventOf(line: string, source: Source, keys: IdKeys): LogEvent | null {
  const m = LINE.exec(line);
  if (m === null) return null;
  const [, file, year, month, day, hour, minute, second, ms, level, logger, context, text] = m;
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), Number(ms));
  const request = REQUEST.exec(context!)?.[0];
  const ids: Id[] = request === undefined ? [] : [{ kind: "correlation", value: normaliseId(request) }];
  for (const id of keys.inText(text!)) if (!ids.some((other) => other.value === id.value)) ids.push(id);
  return {
    type: "log",
    cloud: "other",
    account: source.account,
    region: source.region,
    at,
    fn: source.fn ?? serviceOf(file, logger!),
    stream: file ?? null,
    kind: "function",
    level: LEVELS[level!] ?? level!,
    requestId: null,
    traceId: null,
    spanId: null,
    message: `${logger} [${context}] ${text}`,
    sizeBytes: Buffer.byteLength(line),
    ids,
  };
}

function reader(source: Source, sink: Sink, keys: IdKeys): Reader {
  let held: LogEvent | null = null;
  function give(): void {
    if (held !== null) sink.record(held);
    held = null;
  }
  return {
    read(document: Json, at: Position) {
      if (typeof document !== "string") return sink.broken("not a line of text", at);
      const event = eventOf(document, source, keys);
      if (event !== null) {
        give();
        held = event;
      } else if (held === null) {
        if (document.trim() !== "") sink.ignored("text before the first line with a time");
      } else if (held.message.length < MAX_MESSAGE_CHARS) {
        held.message += `\n${document}`;
        held.sizeBytes += Buffer.byteLength(document) + 1;
      } else sink.ignored("further lines of a message that is too long");
    },
    end: give,
  };
}

export const osloLog: Format = {
  id: "text.oslo-log",
  title: "Free-text log with request IDs (oslo.log)",
  kind: "text",
  lookedFor: "lines `2017-05-16 00:00:00.008 25746 INFO name [req-… ] text`",
  recognise: (document) => (typeof document === "string" && LINE.test(document) ? 60 : 0),
  open: reader,
};
