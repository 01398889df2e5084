/** What progress is counted in. */
export type ProgressUnit =
  | "bytes"
  | "files"
  | "records"
  | "windows"
  | "permissions"
  | "descriptions"
  | "IDs"
  | "changes"
  | "rounds"
  | "days";

/** What a use case may say while it works. The engine never prints: the CLI decides what is shown, and on which stream. */
export interface Host {
  /** Long work moved on. `done` and `total` in `unit`; total null: not known. */
  progress(step: string, done: number, total: number | null, unit: ProgressUnit): void;
  /** Something the user should know that is not the result. */
  note(message: string): void;
  /** Something that makes the result less than asked for. */
  warn(message: string): void;
}

/** A host that stays silent, for tests and for embedding. */
export const silentHost: Host = { progress() {}, note() {}, warn() {} };
