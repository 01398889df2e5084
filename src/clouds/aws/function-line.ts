/**
 * Lines that functions write: level, request and trace in the forms of the managed runtimes and common loggers.
 * Node.js `<time>\t<request>\t<LEVEL>\t...`, Python `[LEVEL]\t<time>\t<request>\t...`, Java `<request> LEVEL ...`, JSON of Lambda and Powertools.
 */
import { isUuid, levelOf } from "./names.ts";
import type { PlatformLine } from "./platform-fields.ts";
import type { Obj } from "./schema.ts";
import { text } from "./schema.ts";

/** Level and request that a function's own line names; nulls where it names none. */
export function functionLine(message: string, json: Obj | null): Pick<PlatformLine, "requestId" | "level"> {
  if (json !== null) return jsonLine(json);
  const { requestId, level } = prefixOf(message);
  return { requestId, level };
}

/** What the runtime or a logger wrote before the words of a line of text. */
export interface Prefix extends Pick<PlatformLine, "requestId" | "level"> {
  /** Characters of it; 0: none. */
  length: number;
}

const NODE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t([^\t]*)\t(?:([A-Z]+|trce|dbug|info|warn|fail|crit)\t)?/;
const PYTHON = /^\[([A-Z]+)\](?:[\t ]\S+[\t ]([0-9a-fA-F-]{36})(?=\s))?/;
/** The logger of the Ruby runtime. */
const RUBY = /^[A-Z], \[[^\]]*\] +([A-Z]+) -- (?:([0-9a-fA-F-]{36}):)?/;
const JAVA = /^([0-9a-fA-F]{8}-[0-9a-fA-F-]{27})[ \t]+(?:\[?([A-Z]+)\]?[ \t:])?/;
const TIMED = /^\S+ (?:\S+ )?([0-9a-fA-F]{8}-[0-9a-fA-F-]{27}) (?:\[?([A-Z]+)\]?[ \t:])?/;

/** The prefix of a line of text; all empty where there is none. */
export function prefixOf(message: string): Prefix {
  const first = message.charCodeAt(0);
  if (first === 91) return fields(PYTHON.exec(message), 2, 1); // [
  if (message.charCodeAt(1) === 44) return fields(RUBY.exec(message), 2, 1); // ,
  if (first === 50) return fields(NODE.exec(message) ?? TIMED.exec(message.slice(0, 128)), 1, 2);
  return fields(JAVA.exec(message), 1, 2);
}

function fields(m: RegExpExecArray | null, id: number, level: number): Prefix {
  const requestId = m?.[id];
  const word = m?.[level];
  return {
    requestId: requestId !== undefined && isUuid(requestId) ? requestId.toLowerCase() : null,
    level: word === undefined ? null : levelOf(word),
    length: m === null ? 0 : m[0].length,
  };
}

function jsonLine(json: Obj): Pick<PlatformLine, "requestId" | "level"> {
  const level = json["level"] ?? json["severity"] ?? json["logLevel"] ?? json["log_level"] ?? json["levelname"] ?? json["log.level"];
  const requestId = text(
    json["function_request_id"] ??
      json["requestId"] ??
      json["awsRequestId"] ??
      json["AWSRequestId"] ??
      json["aws_request_id"] ??
      json["lambda_request_id"],
  );
  return {
    requestId: requestId !== null && isUuid(requestId) ? requestId.toLowerCase() : null,
    level: typeof level === "string" || typeof level === "number" ? levelOf(level) : null,
  };
}
