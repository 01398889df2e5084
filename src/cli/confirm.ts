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

/** Names, separated by commas; Enter: none. */
export async function askNames(text: string, signal: AbortSignal): Promise<string[]> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${safeLines(text)} `, { signal });
    return answer
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "");
  } finally {
    terminal.close();
  }
}

/** Those of the list that are named by number; Enter: all. Throws UserError: a number that is not there. */
export async function choose<Item>(text: string, items: readonly Item[], signal: AbortSignal): Promise<Item[]> {
  return chosenOf(await askNames(`${text} [all]`, signal), items);
}

/** `words`: `all`, `none`, or numbers from 1. */
export function chosenOf<Item>(words: readonly string[], items: readonly Item[]): Item[] {
  if (words.length === 0 || words.join() === "all") return [...items];
  if (words.join() === "none") return [];
  return words.map((word) => {
    const item = /^\d+$/.test(word) ? items[Number(word) - 1] : undefined;
    if (item === undefined) throw new UserError(`${JSON.stringify(word)} is not one of 1 to ${items.length}, all, none`);
    return item;
  });
}
