/** Asks before something is changed or paid. */
import { createInterface } from "node:readline/promises";
import { UserError } from "../model/errors.ts";
import { safeLines } from "./terminal-host.ts";

/**
 * True for `y` or `yes` (Enter is no). Asks on stderr, so that stdout holds the result alone. Throws UserError where nobody can answer (no
 * terminal, CI); `yesFlag` is what to give then.
 */
export async function confirm(question: string, signal: AbortSignal, yesFlag = "--yes"): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    throw new UserError("this has to be confirmed, and there is no terminal to ask on", {
      suggestions: [`${yesFlag} goes ahead without asking`],
    });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${safeLines(question)} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
