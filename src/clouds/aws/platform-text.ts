/**
 * Lines that the Lambda platform writes as text: START, END, REPORT, INIT_START ...
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
 */
import type { Ms } from "../../model/units.ts";
import { isUuid } from "./names.ts";
import { line, type PlatformLine } from "./platform-fields.ts";

/** The platform's own lines in text form, found by their first word; null: not one. */
export function platformText(message: string): PlatformLine | null {
  switch (message.charCodeAt(0)) {
    case 82: // R
      if (message.startsWith("REPORT ")) return report(message);
      if (message.startsWith("RESTORE_")) return restore(message);
      return message.startsWith("RequestId: ") ? requestError(message) : null;
    case 83: // S
      return message.startsWith("START RequestId: ") ? start(message) : null;
    case 69: // E
      if (message.startsWith("END RequestId: ")) return line("end", { requestId: word(message, 15) });
      return message.startsWith("EXTENSION") ? extension(message) : null;
    case 73: // I
      if (message.startsWith("INIT_START")) return initStart("init_start", message);
      return message.startsWith("INIT_REPORT") ? initReport(message) : null;
    case 76: // L
      return message.startsWith("LOGS") ? extension(message) : null;
    case 84: // T
      return message.startsWith("TELEMETRY") ? extension(message) : null;
    case 85: // U
      return message.startsWith("Unknown application error occurred")
        ? line("error", { errorType: errorTypeOf(message) ?? "Runtime.Unknown" })
        : null;
    case 9: // indented, or behind an empty line
    case 10:
    case 13:
    case 32: {
      const bare = message.trimStart();
      return bare === message ? null : platformText(bare);
    }
    case 50: // 2, a year
      return message.includes("Task timed out after ") ? timedOut(message) : null;
    default:
      return message.startsWith(" Task timed out after ", 36) ? timedOut(message) : null;
  }
}

const CLASSIC =
  /^REPORT RequestId: ([0-9a-f-]{36})\tDuration: (\d+(?:\.\d+)?) ms\tBilled Duration: (\d+) ms\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB\t(?:Init Duration: (\d+(?:\.\d+)?) ms\t)?\n?(?:XRAY TraceId: ([^\s\\|]+)\tSegmentId: ([0-9a-f]+)\tSampled: (true|false)\t\n?)?$/;

function report(message: string): PlatformLine {
  const m = CLASSIC.exec(message);
  if (m === null) return reportOfKeys(message);
  const [durationMs, billedMs] = [Number(m[2]), Number(m[3])];
  const initMs = m[6] === undefined ? null : Number(m[6]);
  return line("report", {
    requestId: m[1]!,
    durationMs,
    billedMs,
    memoryMib: Number(m[4]),
    maxMemoryMib: Number(m[5]),
    initMs,
    initBilled: initBilled(durationMs, billedMs, initMs),
    coldStart: initMs !== null,
    xrayTraceId: m[7] ?? null,
    segmentId: m[8] ?? null,
    sampled: m[9] === undefined ? null : m[9] === "true",
  });
}

/** `Key: value` pairs in any order, between tabs, spaces or line breaks; escaped ones as well. A key of several words starts each word with a capital. */
const PAIR = /([A-Z][A-Za-z]*(?: [A-Z][A-Za-z]*)*): *([^\s|]+)/g;
/** No platform line comes near; a longer one is not searched to its end. */
const MAX_PLATFORM_CHARS = 2_048;
const NUMBER = /^\d+(?:\.\d+)?$/;

function pairs(message: string): Map<string, string> {
  const head = message.slice(0, MAX_PLATFORM_CHARS);
  const plain = head.includes("\\") ? head.replace(/\\+[tnr]/g, "\t") : head;
  const found = new Map<string, string>();
  for (const m of plain.matchAll(PAIR)) {
    // the unit before a key without a tab between: `128 MB Max Memory Used: ...`
    const key = m[1]!.replace(/^(?:MB|XRAY|REPORT|START|END|EXTENSION|LOGS|TELEMETRY) /, "");
    if (!found.has(key)) found.set(key, m[2]!);
  }
  return found;
}

/** The figure of a key: undefined if the key is not there, null if it is not a number. */
function figure(found: Map<string, string>, key: string): number | null | undefined {
  const value = found.get(key);
  if (value === undefined) return undefined;
  return NUMBER.test(value) ? Number(value) : null;
}

function reportOfKeys(message: string): PlatformLine {
  const found = pairs(message);
  const requestId = found.get("RequestId")?.toLowerCase() ?? null;
  const keys = [
    "Duration",
    "Billed Duration",
    "Memory Size",
    "Max Memory Used",
    "Init Duration",
    "Restore Duration",
    "Billed Restore Duration",
  ];
  const values = keys.map((key) => figure(found, key));
  const [durationMs, billedMs, memoryMib, maxMemoryMib, initMs, restoreMs, billedRestoreMs] = values.map((v) => v ?? null) as (
    | number
    | null
  )[];
  if (requestId === null || durationMs == null || values.includes(null)) {
    return line("malformed", { requestId: requestId !== null && isUuid(requestId) ? requestId : null });
  }
  const init = message.indexOf("Init Duration: ");
  const sampled = found.get("Sampled");
  return line("report", {
    requestId,
    durationMs,
    billedMs: billedMs ?? null,
    memoryMib: memoryMib ?? null,
    maxMemoryMib: maxMemoryMib ?? null,
    initMs: initMs ?? null,
    initBilled: initBilled(durationMs, billedMs ?? null, initMs ?? null),
    coldStart: initMs != null || restoreMs != null,
    restoreMs: restoreMs ?? null,
    billedRestoreMs: billedRestoreMs ?? null,
    snapStart: restoreMs != null,
    emulator: init >= 0 && init < message.search(/(?<!Init |Billed |Restore )Duration: /),
    xrayTraceId: found.get("TraceId") ?? null,
    segmentId: found.get("SegmentId")?.toLowerCase() ?? null,
    sampled: sampled === undefined ? null : sampled === "true",
    status: found.get("Status")?.toLowerCase() ?? null,
    errorType: found.get("Error Type") ?? null,
  });
}

/**
 * Whether the billed figure holds the init time: true since 2025-08-01 for every runtime, before that for custom runtimes and images
 * (https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/). The line itself tells by its figures,
 * which AWS rounds up to 1 ms (100 ms before 2020-12), sometimes by one step more. null: both or neither fit.
 */
export function initBilled(durationMs: Ms, billedMs: Ms | null, initMs: Ms | null): boolean | null {
  if (billedMs === null || initMs === null || initMs === 0) return null;
  const [without, within] = [billedMs - durationMs, billedMs - durationMs - initMs];
  const fits = (rest: number, step: number): boolean => rest > -0.01 && rest <= step;
  for (const step of billedMs % 100 === 0 ? [2, 100] : [2]) {
    if (fits(without, step) !== fits(within, step)) return fits(within, step);
    if (fits(without, step)) return null;
  }
  return null;
}

function start(message: string): PlatformLine {
  const requestId = word(message, 17);
  const at = message.indexOf("Version: ", 17);
  return line("start", { requestId, version: at < 0 ? null : word(message, at + 9) });
}

function requestError(message: string): PlatformLine | null {
  const requestId = word(message, 11);
  if (requestId === null || !isUuid(requestId)) return null;
  const at = message.indexOf(" Error: ");
  if (at < 0) {
    if (message.includes("Process exited before completing request")) return line("error", { requestId, errorType: "Runtime.ExitError" });
    return line("function", { requestId });
  }
  if (message.startsWith(" Error: Task timed out after ", at)) return line("error", { requestId, status: "timeout" });
  const errorType = errorTypeOf(message);
  if (errorType === "Runtime.OutOfMemory") return line("oom", { requestId, errorType });
  return line("error", { requestId, errorType });
}

/** `Runtime.ExitError` and the like at the end, on a line of its own as the platform writes it or behind a space as consoles show it. */
function errorTypeOf(message: string): string | null {
  return (
    /(?:^|\n|\\n|\s(?=Runtime\.|Extension\.|Sandbox\.))((?:Runtime|Extension|Sandbox|Function|Handler)\.\w+)(?:\s|\\n)*$/.exec(
      message,
    )?.[1] ?? null
  );
}

/** `2020-02-25T22:04:08.390Z <uuid> Task timed out after 3.00 seconds` */
function timedOut(message: string): PlatformLine | null {
  const m = /^(?:\S+[ \t])?([0-9a-fA-F-]{36})[ \t]Task timed out after [\d.]+ seconds/.exec(message);
  return m === null ? null : line("error", { requestId: m[1]!.toLowerCase(), status: "timeout" });
}

function extension(message: string): PlatformLine {
  const found = pairs(message);
  return line("extension", {
    name: found.get("Name") ?? null,
    status: found.get("State") ?? null,
    errorType: found.get("Error Type") ?? null,
  });
}

function initStart(kind: "init_start" | "restore_start", message: string): PlatformLine {
  const found = pairs(message);
  return line(kind, {
    runtimeVersion: found.get("Runtime Version") ?? null,
    runtimeVersionArn: found.get("Runtime Version ARN") ?? null,
  });
}

function initReport(message: string): PlatformLine {
  const found = pairs(message);
  const initMs = figure(found, "Init Duration") ?? null;
  if (initMs === null) return line("malformed");
  return line("init_report", {
    initMs,
    phase: found.get("Phase") ?? null,
    status: found.get("Status")?.toLowerCase() ?? null,
    errorType: found.get("Error Type") ?? null,
  });
}

function restore(message: string): PlatformLine | null {
  if (message.startsWith("RESTORE_START")) return initStart("restore_start", message);
  if (!message.startsWith("RESTORE_REPORT")) return null;
  const found = pairs(message);
  const restoreMs = figure(found, "Restore Duration") ?? null;
  if (restoreMs === null) return line("malformed");
  return line("restore_report", {
    restoreMs,
    status: found.get("Status")?.toLowerCase() ?? null,
    errorType: found.get("Error Type") ?? null,
  });
}

/** The run of non-space characters at `from`, cut at an escaped line end; lower case if it is a UUID. null: nothing there. */
function word(message: string, from: number): string | null {
  let end = from;
  while (end < message.length && message.charCodeAt(end) > 32 && message[end] !== "\\") end++;
  if (end === from) return null;
  const found = message.slice(from, end);
  return found.length === 36 ? found.toLowerCase() : found;
}

const OUT_OF_MEMORY =
  /runtime: out of memory|heap out of memory|java\.lang\.OutOfMemoryError|System\.OutOfMemoryException|Runtime\.OutOfMemory|^(?:\[ERROR\] )?MemoryError\b|NoMemoryError|Allowed memory size of \d+ bytes exhausted/;

/** The texts by which runtimes say that memory ran out (Go, Node.js, Java, .NET, Python, Ruby, PHP). */
export function isOutOfMemory(message: string): boolean {
  return message.includes("emory") && OUT_OF_MEMORY.test(message);
}
