/** Runs the built CLI as a child process. `npm test` builds it first. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../bin/run.js", import.meta.url));

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `evscope ...args` in `cwd`, with `stdin` if given and nothing of the caller's evscope settings. */
export function evscope(
  args: readonly string[],
  options: { cwd: string; stdin?: string | Buffer; env?: Record<string, string> },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const { EVSCOPE_DATA: _data, EVSCOPE_CONFIG: _config, NO_COLOR: _plain, ...env } = process.env;
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: options.cwd,
      env: { ...env, CI: "true", COLUMNS: "120", ...options.env },
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (data: Buffer) => out.push(data));
    child.stderr.on("data", (data: Buffer) => err.push(data));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }));
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
  });
}
