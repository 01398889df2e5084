/**
 * Which lines of a log group are asked for: the platform's own, by the words they hold, or those that hold an ID. The same words make a
 * filter pattern, an Insights query and a check of our own, since some servers ignore what they are asked for and answer with every line.
 */

/**
 * Words of the lines that bills, cold starts and outcomes are read from (`platform-text.ts`, `platform-record.ts`, `error-line.ts`): START,
 * REPORT, inits and restores, time-outs, crashes, memory that ran out, unhandled errors. END is left out: REPORT says the same moment.
 */
export const PLATFORM_TERMS: readonly string[] = [
  "START RequestId:",
  "REPORT RequestId:",
  "INIT_START",
  "INIT_REPORT",
  "RESTORE_START",
  "RESTORE_REPORT",
  "platform.",
  "Task timed out after",
  "Process exited before completing request",
  "Unknown application error occurred",
  "Error: Runtime exited",
  "Runtime.",
  "Extension.",
  "Sandbox.",
  "out of memory",
  "OutOfMemory",
  "MemoryError",
  "Allowed memory size of",
  "Traceback",
  "Invoke Error",
  "Uncaught Exception",
  "Unhandled Promise Rejection",
];

/** Longest filter pattern: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
export const MAX_PATTERN_CHARS = 1_024;

/**
 * Filter pattern for lines with any of these words. null: it would be longer than a pattern may be.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html ("?" before each of several terms)
 */
export function anyTermPattern(terms: readonly string[]): string | null {
  const quoted = terms.map(quotedTerm);
  const pattern = quoted.length === 1 ? quoted[0]! : quoted.map((term) => `?${term}`).join(" ");
  return pattern.length > MAX_PATTERN_CHARS ? null : pattern;
}

/** What a word takes in a pattern with others: itself, its "?" and a space. */
export const charsInPattern = (term: string): number => quotedTerm(term).length + 2;

const quotedTerm = (term: string): string => `"${term.replace(/["\\]/g, "\\$&")}"`;

/** The regular expression of an Insights `like` for any of these words. `anyCase`: letters in either case. */
export function anyTermRegex(terms: readonly string[], anyCase = false): string {
  return `/${anyCase ? "(?i)" : ""}(${terms.map(escapedTerm).join("|")})/`;
}

/** What a word takes in such an expression, with its "|". */
export const charsInRegex = (term: string): number => escapedTerm(term).length + 1;

const escapedTerm = (term: string): string => term.replace(/[\\^$.*+?()[\]{}|/"']/g, "\\$&");

/** True if the line holds one of the words. */
export function holdsAny(message: string, terms: readonly string[]): boolean {
  return terms.some((term) => message.includes(term));
}
