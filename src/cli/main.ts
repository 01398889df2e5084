/** The built CLI's entry: hands the arguments to oclif and turns what comes back into an exit code. */
import { flush, handle, run } from "@oclif/core";
import { EXIT } from "../model/errors.ts";
import { systemError } from "./system-error.ts";
import { safeLines } from "./terminal-host.ts";

/** `packageJson`: path of the package file that names the commands. */
export async function start(packageJson: string): Promise<void> {
  // a pipe that is closed early (`| head`) is a normal end
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    fail(error);
  });
  process.stderr.on("error", () => process.exit(EXIT.bug));
  process.on("uncaughtException", fail);
  try {
    await run(process.argv.slice(2), packageJson);
    await flush();
  } catch (error) {
    await handle(error as Error);
  }
}

/** Ends with one line instead of a stack trace. */
function fail(error: Error): never {
  const known = systemError(error);
  const stack = process.env["EVSCOPE_DEBUG"] ? `\n${error.stack ?? ""}` : "";
  process.stderr.write(safeLines(`error: ${known?.message ?? `a bug of evscope: ${error.message}`}${stack}\n`));
  process.exit(known?.exitCode ?? EXIT.bug);
}
