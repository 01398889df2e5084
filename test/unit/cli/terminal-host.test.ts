/** What reaches stderr: names and answers of clouds are data, even in a message. */
import { afterEach, expect, it, vi } from "vitest";
import { safeLines, terminalHost } from "../../../src/cli/terminal-host.ts";

const ESC = String.fromCharCode(0x1b);
/** Clears the screen, retitles the window, C1's form of ESC[, and turns the direction of what follows. */
const HOSTILE = `a${ESC}[2J${ESC}]0;x${String.fromCharCode(7)}${String.fromCharCode(0x9b)}31m${String.fromCharCode(0x202e)}b`;
const SHOWN = "a\\x1b[2J\\x1b]0;x\\x07\\x9b31m\\u202eb";

const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
afterEach(() => written.mockClear());
const said = (): string => written.mock.calls.map(([text]) => String(text)).join("");

it("notes and warnings show what a server sent as visible escapes, and keep their own line ends", () => {
  const host = terminalHost({ interactive: false, quiet: false });
  host.note(`two\n${HOSTILE}`);
  host.warn(HOSTILE);
  expect(said()).toBe(`two\n${SHOWN}\nwarning: ${SHOWN}\n`);
  expect(safeLines(`error: ${HOSTILE}\n`)).toBe(`error: ${SHOWN}\n`);
});

it("text of a format keeps its colours, and is dropped with --quiet", () => {
  terminalHost({ interactive: false, quiet: false }).show(`${ESC}[1mdiff${ESC}[0m`);
  expect(said()).toBe(`${ESC}[1mdiff${ESC}[0m\n`);
  written.mockClear();
  terminalHost({ interactive: false, quiet: true }).show("diff");
  expect(said()).toBe("");
});
