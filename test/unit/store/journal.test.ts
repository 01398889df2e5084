import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createDataset } from "../../../src/store/layout.ts";
import { type NewEntry, openJournal, readJournal } from "../../../src/store/journal.ts";

const entry = (note: string): NewEntry => ({
  at: 1_790_000_000_000,
  run: "r1",
  step: "run-begin",
  undoes: null,
  planHash: null,
  change: null,
  live: null,
  publishedVersion: null,
  note,
});

function journalOf(...notes: string[]): { dir: string; file: string } {
  const dir = mkdtempSync(join(tmpdir(), "evscope-journal-"));
  const journal = openJournal(dir);
  for (const note of notes) journal.append(entry(note));
  journal.close();
  return { dir, file: join(dir, "journal/journal.ndjson") };
}
const notes = (dir: string): (string | null)[] => readJournal(dir).entries.map((one) => one.note);

describe("journal", () => {
  it("keeps what was appended, over several openings", () => {
    const { dir } = journalOf("one", "two");
    const again = openJournal(dir);
    expect(again.entries.map((one) => one.seq)).toEqual([1, 2]);
    again.append(entry("three"));
    again.close();
    expect(notes(dir)).toEqual(["one", "two", "three"]);
  });

  it("is a chain that anybody can check: SHA-256 over the entry with sorted keys, which holds the hash before", () => {
    const { file } = journalOf("one", "two");
    const lines = readFileSync(file, "utf8").trim().split("\n");
    let previous = "0".repeat(64);
    for (const line of lines) {
      const { hash, ...rest } = JSON.parse(line);
      expect(rest.previous).toBe(previous);
      // no nesting here, so that sorted keys are the whole of the canonical form
      const sorted = JSON.stringify(rest, Object.keys(rest).sort());
      expect(hash).toBe(createHash("sha256").update(sorted).digest("hex"));
      previous = hash;
    }
  });

  it("no journal: no entries", () => {
    expect(readJournal(mkdtempSync(join(tmpdir(), "evscope-journal-")))).toEqual({ entries: [], tornBytes: 0 });
  });

  it("is readable by its owner alone", () => {
    const { file } = journalOf("one");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each([1, 20, 150])("drops a last line torn after %i bytes, and says so", (kept) => {
    const { dir, file } = journalOf("one", "two");
    const lines = readFileSync(file, "utf8").split("\n");
    appendFileSync(file, lines[1]!.slice(0, kept));
    expect(readJournal(dir).tornBytes).toBe(kept);
    const journal = openJournal(dir);
    expect(journal.tornBytes).toBe(kept);
    journal.append(entry("three"));
    journal.close();
    expect(notes(dir)).toEqual(["one", "two", "three"]);
  });

  it("a crash between an entry and its head loses nothing", () => {
    const { dir, file } = journalOf("one");
    const head = join(dir, "journal/head.json");
    const old = readFileSync(head);
    const journal = openJournal(dir);
    journal.append(entry("two"));
    journal.close();
    writeFileSync(head, old);
    expect(notes(dir)).toEqual(["one", "two"]);
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(3);
  });

  it("an entry that could not be written whole is the last: nothing is put behind it, and the next opening goes on", () => {
    const { dir, file } = journalOf("a", "b");
    const journal = openJournal(dir);
    // the draft of the new head cannot be made, as on a full disk
    mkdirSync(join(dir, "journal/head.json.tmp"));
    expect(() => journal.append(entry("c"))).toThrow(/EISDIR/);
    rmdirSync(join(dir, "journal/head.json.tmp"));
    expect(() => journal.append(entry("d"))).toThrow(/could not be written to a moment ago/);
    journal.close();
    expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(3);
    const next = openJournal(dir);
    next.append(entry("e"));
    next.close();
    expect(notes(dir)).toEqual(["a", "b", "c", "e"]);
  });

  it("notices an edited entry, with its line", () => {
    const { dir, file } = journalOf("one", "two", "three");
    writeFileSync(file, readFileSync(file, "utf8").replace('"two"', '"2"'));
    expect(() => openJournal(dir)).toThrow(/journal\.ndjson:2: this is not what evscope wrote/);
    expect(() => readJournal(dir)).toThrow(expect.objectContaining({ exitCode: 5 }));
    // the lock is not left behind
    writeFileSync(file, readFileSync(file, "utf8").replace('"2"', '"two"'));
    openJournal(dir).close();
  });

  it.each([
    ["a line taken out", (lines: string[]) => [lines[0]!, lines[2]!]],
    ["lines swapped", (lines: string[]) => [lines[1]!, lines[0]!, lines[2]!]],
    ["the last line taken off", (lines: string[]) => lines.slice(0, 2)],
    ["all lines taken out", () => []],
  ])("notices %s", (_, edit) => {
    const { dir, file } = journalOf("one", "two", "three");
    const lines = readFileSync(file, "utf8").trim().split("\n");
    writeFileSync(
      file,
      edit(lines)
        .map((line) => `${line}\n`)
        .join(""),
    );
    expect(() => readJournal(dir)).toThrow(expect.objectContaining({ exitCode: 5 }));
  });

  it("notices that the end was cut within the last whole line, since that line was acted upon", () => {
    const { dir, file } = journalOf("one", "two");
    truncateSync(file, statSync(file).size - 5);
    expect(() => readJournal(dir)).toThrow(/its end was cut off/);
  });

  it("notices that the file or its head is gone", () => {
    const { dir, file } = journalOf("one", "two");
    rmSync(join(dir, "journal/head.json"));
    expect(() => readJournal(dir)).toThrow(/head\.json is missing/);
    const other = journalOf("one", "two");
    rmSync(other.file);
    expect(() => readJournal(other.dir)).toThrow(/cut off/);
    expect(file).not.toBe(other.file);
  });

  it("excludes a second run, and a dead one does not hold it", () => {
    const { dir } = journalOf("one");
    const journal = openJournal(dir);
    expect(() => openJournal(dir)).toThrow(expect.objectContaining({ exitCode: 5 }));
    journal.close();
    const script = `import { openJournal } from ${JSON.stringify(new URL("../../../src/store/journal.ts", import.meta.url).href)};
      openJournal(${JSON.stringify(dir)}); process.kill(process.pid, "SIGKILL");`;
    const killed = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
    expect(killed.signal).toBe("SIGKILL");
    openJournal(dir).close();
  });

  it("may lie in a folder that becomes a dataset later", () => {
    const { dir } = journalOf("one");
    createDataset(dir);
    expect(notes(dir)).toEqual(["one"]);
  });
});
