/** What every command shares: flags, the host on stderr, the result on stdout, errors as one clear message and an exit code. */
import { Command, Flags } from "@oclif/core";
import { EXIT, type ExitCode, UserError } from "../model/errors.ts";
import type { LiveWorld } from "../app/live.ts";
import { loadSettings, type Settings } from "../app/settings.ts";
import type { Look } from "../report/formats/style.ts";
import type { Arranged } from "../report/render.ts";
import { systemClock } from "./clock.ts";
import { systemError } from "./system-error.ts";
import { arrangementOf } from "./table-flags.ts";
import { safeLines, terminalHost } from "./terminal-host.ts";

export const EXIT_CODES_HELP =
  "Exit codes: 0 done, 1 a bug of evscope, 2 usage, 3 credentials or permission, 4 partial data (the result is printed, the gaps are listed), 5 conflict, 6 a report threshold was crossed, 130 stopped by Ctrl-C.";

/** Help text as written in the source: single line ends are joined, so that the terminal's own width decides; empty lines part paragraphs. */
export function prose(text: string): string {
  return text.replace(/([^\n])\n(?!\n)/g, "$1 ");
}

const dataFlag = Flags.directory({
  helpGroup: "GLOBAL",
  helpValue: "DIR",
  env: "EVSCOPE_DATA",
  default: ".evscope",
  description: "folder of the local dataset",
});
const configFlag = Flags.file({
  helpGroup: "GLOBAL",
  helpValue: "FILE",
  env: "EVSCOPE_CONFIG",
  description: "configuration file (default: evscope.yaml here, if there is one)",
});
const quietFlag = Flags.boolean({
  helpGroup: "GLOBAL",
  char: "q",
  description: "no notes and no progress, only the result, warnings and errors",
});

/** Signals closer together than this are one. */
const ONE_SIGNAL_MS = 500;
/** A command that has not come to a safe point by then is ended; a batch is whole or not there at any moment. */
const LONGEST_STOP_MS = 10_000;

export abstract class BaseCommand extends Command {
  static override baseFlags = { data: dataFlag, config: configFlag, quiet: quietFlag };

  /** Ends at Ctrl-C; use cases stop at the next safe point. */
  protected readonly abort = new AbortController();
  protected host = terminalHost({ interactive: false, quiet: false });
  /** Exit code of a command that was stopped: 128 and the signal's number. */
  private stoppedWith = 130;

  override async init(): Promise<void> {
    await super.init();
    const ci = process.env["CI"] !== undefined && process.env["CI"] !== "" && process.env["CI"] !== "false";
    const quiet = this.argv.includes("--quiet") || this.argv.includes("-q");
    this.host = terminalHost({ interactive: process.stderr.isTTY === true && !ci && !quiet, quiet });
    let askedAt: number | null = null;
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      process.on(signal, () => {
        // Ctrl-C may come twice: from the terminal, and passed on by the process that started this one
        if (askedAt !== null && performance.now() - askedAt < ONE_SIGNAL_MS) return;
        if (askedAt !== null) process.exit(code);
        askedAt = performance.now();
        this.stoppedWith = code;
        this.host.warn("stopping at the next safe point (once more to stop at once)");
        this.abort.abort();
        // input that never comes has no safe point
        setTimeout(() => process.exit(code), LONGEST_STOP_MS).unref();
      });
    }
  }

  /** Reads evscope.yaml, or the file given. */
  protected settings(flags: { config: string | undefined }): Settings {
    return loadSettings(flags.config ?? null, process.cwd());
  }

  /** What live work needs. */
  protected world(settings: Settings): LiveWorld {
    return { host: this.host, signal: this.abort.signal, clock: systemClock, keys: settings.keys };
  }

  /** Writes the result. Nothing else goes to stdout. */
  protected print(text: string): void {
    this.host.clear();
    process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  /** Ends with a code other than 0 after the result was printed. */
  protected exitWith(code: ExitCode): void {
    if (code !== EXIT.done) process.exitCode = code;
  }

  /** How wide and how coloured a table may be, and how its rows and columns are asked for. */
  protected terminal(flags?: Parameters<typeof arrangementOf>[0]): Look & Arranged {
    const width = Number(process.env["COLUMNS"]) || process.stdout.columns || (process.stdout.isTTY ? 80 : 160);
    const plain = process.env["NO_COLOR"] !== undefined && process.env["NO_COLOR"] !== "";
    const forced = process.env["FORCE_COLOR"] !== undefined && process.env["FORCE_COLOR"] !== "0";
    const utf8 = /utf-?8/i.test(process.env["LC_ALL"] || process.env["LC_CTYPE"] || process.env["LANG"] || "utf-8");
    const look = { width: Math.max(60, Math.min(width, 240)), color: !plain && (forced || process.stdout.isTTY === true), unicode: utf8 };
    const arrangement = flags === undefined ? undefined : arrangementOf(flags);
    return arrangement === undefined ? look : { ...look, arrangement };
  }

  protected override async catch(caught: Error & { exitCode?: number; oclif?: { exit?: number } }): Promise<void> {
    const error = caught.oclif === undefined && !(caught instanceof UserError) ? (systemError(caught) ?? caught) : caught;
    this.host.clear();
    if (error instanceof UserError) {
      const hints = error.suggestions.map((s) => `  - ${s}\n`).join("");
      process.stderr.write(safeLines(`error: ${error.message}\n${hints ? `Try:\n${hints}` : ""}`));
      process.exitCode = error.exitCode;
      return;
    }
    if (this.abort.signal.aborted || error.name === "AbortError") {
      process.stderr.write("stopped; what was finished before is kept\n");
      process.exitCode = this.stoppedWith;
      return;
    }
    if ("oclif" in error && error.oclif !== undefined) throw error; // usage: oclif prints it and exits with 2
    const stack = process.env["EVSCOPE_DEBUG"] ? `\n${error.stack ?? ""}` : "";
    const report = `Please report it with the command line${stack ? "" : "; EVSCOPE_DEBUG=1 shows where it happened"}.`;
    process.stderr.write(safeLines(`error: a bug of evscope: ${error.message}${stack}\n${report}\n`));
    process.exitCode = EXIT.bug;
  }
}
