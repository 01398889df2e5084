/**
 * Starts AWS emulators that nobody here wrote, each on a free port of 127.0.0.1, and ends them by their own pid.
 * `moto`: wide and exact in what it keeps, runs no code. `ministack`: fewer APIs, but functions really run.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Peer {
  url: string;
  pid: number;
  /** Environment for a client or a child process that shall talk to it, with an empty HOME. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

const COMMANDS = { moto: "moto_server", ministack: "ministack" } as const;
const READY_WITHIN_MS = 60_000;
/** No server of a test lives longer. */
const LONGEST_LIFE_S = 900;

/** The binary is there. Prints why not, and throws under CI, where nothing may be skipped. */
export function has(peer: keyof typeof COMMANDS): boolean {
  const found = spawnSync("sh", ["-c", `command -v ${COMMANDS[peer]}`]).status === 0;
  if (found) return true;
  const reason = `${COMMANDS[peer]} is not installed (pip install 'moto[server]==5.2.5' ministack==1.5.33)`;
  if (process.env["CI"] === "true") throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  return false;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a server and waits until it answers. `env`: further settings of the server. */
export async function start(peer: keyof typeof COMMANDS, env: Record<string, string> = {}): Promise<Peer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), `${peer}-`));
  // code of functions runs below this folder: a package.json further up must not make modules of it
  writeFileSync(join(folder, "package.json"), "{}");
  const url = `http://127.0.0.1:${port}`;
  const [args, settings, probe] =
    peer === "moto"
      ? [["-H", "127.0.0.1", "-p", String(port)], {}, "/moto-api/reset"]
      : [
          [],
          {
            BIND_HOST: "127.0.0.1",
            GATEWAY_PORT: String(port),
            MINISTACK_HOST: "127.0.0.1",
            IOT_MTLS_ENABLED: "0",
            SFTP_ENABLED: "0",
            STATE_DIR: join(folder, "state"),
            S3_DATA_DIR: join(folder, "s3"),
          },
          "/_ministack/health",
        ];
  const child = spawn("timeout", [String(LONGEST_LIFE_S), COMMANDS[peer], ...args], {
    cwd: folder,
    env: { ...process.env, TMPDIR: folder, ...settings, ...env },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let said = "";
  child.stderr!.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-2000)));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    endGroup(child);
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${peer} ended with ${child.exitCode}: ${said}`);
    try {
      const answer = await fetch(url + probe, peer === "moto" ? { method: "POST" } : {});
      if (answer.ok) break;
    } catch {
      // not listening yet
    }
    if (Date.now() > deadline) {
      await stop();
      throw new Error(`${peer} did not answer within ${READY_WITHIN_MS} ms: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, pid: child.pid!, env: clientEnv(url, folder), stop };
}

/** The server leads a process group of its own, named by its pid. */
function endGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, "SIGTERM");
  } catch {
    // ended by itself
  }
}

/** What a client needs, and nothing of the machine's own credentials. */
export function clientEnv(url: string, home: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: join(home, "no-config"),
    AWS_SHARED_CREDENTIALS_FILE: join(home, "no-credentials"),
    HOME: home,
  };
}
