/** The built CLI's entry: hands the arguments to oclif and turns what comes back into an exit code. */
import { flush, handle, run } from "@oclif/core";

/** `packageJson`: path of the package file that names the commands. */
export async function start(packageJson: string): Promise<void> {
  // a pipe that is closed early (`| head`) is a normal end
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    await run(process.argv.slice(2), packageJson);
    await flush();
  } catch (error) {
    await handle(error as Error);
  }
}
