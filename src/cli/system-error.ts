/** What the operating system refuses is not a bug of ours: it is said in words, with what to do. */
import { EXIT, UserError } from "../model/errors.ts";

interface Cause {
  /** The code of Node's errors, or the words of the system, as DuckDB passes them on. */
  pattern: RegExp;
  what: string;
  suggestion: string;
  exitCode?: typeof EXIT.credentials;
}

const CAUSES: readonly Cause[] = [
  {
    pattern: /\b(ENOSPC|EDQUOT)\b|No space left on device|Disk quota exceeded/i,
    what: "the disk is full",
    suggestion:
      "make room, or name a folder on another disk (--data; TMPDIR for demo and for cost PATH), and run the command again: a dataset keeps what was finished",
  },
  {
    pattern: /\bEROFS\b|Read-only file system/i,
    what: "the file system is read-only",
    suggestion: "name a folder that can be written with --data",
    exitCode: EXIT.credentials,
  },
  {
    pattern: /\b(EACCES|EPERM)\b|Permission denied|Operation not permitted/i,
    what: "no permission",
    suggestion: "look at the rights of that path: answers need to read the dataset, import and dataset compact | prune to write to it",
    exitCode: EXIT.credentials,
  },
  {
    pattern: /\b(EMFILE|ENFILE)\b|Too many open files/i,
    what: "too many open files",
    suggestion: "raise the limit (ulimit -n 4096), or run evscope dataset compact",
  },
  {
    pattern: /\b(ENOTDIR|EISDIR|ENAMETOOLONG)\b|Not a directory/i,
    what: "a path is not what it should be",
    suggestion: "look at --data and at the paths given",
  },
  { pattern: /\bEIO\b|Input\/output error/i, what: "the disk reports an error", suggestion: "copy the files to another disk" },
];

/** null: not the system's. The message names the path, as far as the error does. */
export function systemError(error: Error): UserError | null {
  const cause = CAUSES.find(({ pattern }) => pattern.test(error.message));
  if (cause === undefined) return null;
  const path = /["']([^"'\n]+)["']/.exec(error.message)?.[1];
  return new UserError(`${cause.what}${path === undefined ? "" : `: ${path}`}`, {
    ...(cause.exitCode === undefined ? {} : { exitCode: cause.exitCode }),
    suggestions: [cause.suggestion],
    cause: error,
  });
}
