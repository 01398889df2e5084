/** Shows what a use case says on stderr: progress on anything over a second, notes and warnings as lines. */
import type { Host, ProgressUnit } from "../model/host.ts";
import { escapeTerminal } from "../report/formats/text.ts";

const SHOW_AFTER_MS = 1000;
const REDRAW_MS = 100;

/** Messages quote names and answers of clouds: line ends stay, whatever else could steer a terminal becomes a visible escape. */
export function safeLines(text: string): string {
  return text.split("\n").map(escapeTerminal).join("\n");
}

/** What only the commands need of it: `clear` wipes the progress line, `show` writes text of a format, which is safe and may be coloured. */
export interface TerminalHost extends Host {
  clear(): void;
  show(text: string): void;
}

/** `interactive` false (not a terminal, CI): no progress, only notes and warnings. `quiet` drops notes as well. */
export function terminalHost(options: { interactive: boolean; quiet: boolean }): TerminalHost {
  const startedAt = performance.now();
  let drawnAt = 0;
  let drawn = false;
  function clear(): void {
    if (drawn) process.stderr.write("\r\u001b[K");
    drawn = false;
  }
  return {
    clear,
    progress(step, done, total, unit) {
      const now = performance.now();
      if (!options.interactive || now - startedAt < SHOW_AFTER_MS || now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      drawn = true;
      process.stderr.write(`\r\u001b[K${progressLine(step, done, total, unit, (now - startedAt) / 1000)}`);
    },
    note(message) {
      if (options.quiet) return;
      clear();
      process.stderr.write(`${safeLines(message)}\n`);
    },
    warn(message) {
      clear();
      process.stderr.write(`warning: ${safeLines(message)}\n`);
    },
    show(text) {
      if (options.quiet) return;
      clear();
      process.stderr.write(`${text}\n`);
    },
  };
}

/** `import [#####-----] 52 % 512 of 984 MB, 140 MB/s`. `elapsedS`: seconds since the work began. */
export function progressLine(step: string, done: number, total: number | null, unit: ProgressUnit, elapsedS: number): string {
  const amount = (n: number): string => (unit === "bytes" ? `${Math.round(n / 1e6)} MB` : n.toLocaleString("en-US"));
  const rate = unit === "bytes" && elapsedS > 0 ? `, ${Math.round(done / 1e6 / elapsedS)} MB/s` : "";
  if (total === null || total <= 0) return `${step} ${amount(done)}${unit === "bytes" ? "" : ` ${unit}`}${rate}`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * 20);
  return `${step} [${"#".repeat(filled)}${"-".repeat(20 - filled)}] ${Math.floor(share * 100)} % ${amount(done)} of ${amount(total)}${unit === "bytes" ? "" : ` ${unit}`}${rate}`;
}
