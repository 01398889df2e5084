/** Exit codes of every command; listed in `--help`. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  credentials: 3,
  partial: 4,
  conflict: 5,
  threshold: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * An error that the user can act on. The message says what is wrong and where; `suggestions` say what to do next.
 * Anything else that is thrown is a bug of ours (exit code 1).
 */
export class UserError extends Error {
  readonly exitCode: ExitCode;
  readonly suggestions: readonly string[];
  constructor(message: string, options: { exitCode?: ExitCode; suggestions?: readonly string[]; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "UserError";
    this.exitCode = options.exitCode ?? EXIT.usage;
    this.suggestions = options.suggestions ?? [];
  }
}
