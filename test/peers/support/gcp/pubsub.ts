/** Google's own Pub/Sub emulator (part of the Google Cloud CLI, needs Java), on a free port of 127.0.0.1, ended by its own pid. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../servers.ts";

/** Where the CLI and its packages put their components. */
const ROOTS = ["/usr/lib/google-cloud-sdk", "/usr/share/google-cloud-sdk", "/opt/google-cloud-sdk", "/snap/google-cloud-cli/current"];
const READY_WITHIN_MS = 60_000;
/** No server of a test lives longer. */
const LONGEST_LIFE_S = 900;

function binary(): string | null {
  const own = process.env["PUBSUB_EMULATOR"];
  if (own !== undefined) return own;
  const within = (root: string): string => join(root, "platform/pubsub-emulator/bin/cloud-pubsub-emulator");
  const known = ROOTS.map(within).find((path) => existsSync(path));
  if (known !== undefined) return known;
  const root = spawnSync("gcloud", ["info", "--format=value(installation.sdk_root)"], { encoding: "utf8" }).stdout?.trim();
  return root && existsSync(within(root)) ? within(root) : null;
}

/** The emulator and Java are there. Prints why not, and throws under CI, where nothing may be skipped. */
export function hasPubsub(): boolean {
  const java = spawnSync("java", ["-version"]).status === 0;
  if (java && binary() !== null) return true;
  const reason = `Google's Pub/Sub emulator is not installed (${java ? "apt-get install google-cloud-cli-pubsub-emulator" : "Java is missing"})`;
  if (process.env["CI"] === "true") throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  return false;
}

export interface Pubsub {
  /** `http://127.0.0.1:PORT`, as an endpoint and for REST. */
  url: string;
  /** Makes a topic or subscription by REST: `put("topics/mail", {})`. */
  put(path: string, body: object): Promise<void>;
  stop(): Promise<void>;
}

export async function startPubsub(project: string): Promise<Pubsub> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "pubsub-"));
  // a process group of its own: the start script's Java ends with it
  const child = spawn("timeout", [String(LONGEST_LIFE_S), binary()!, "--host=127.0.0.1", `--port=${port}`], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr!.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-2000)));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    try {
      process.kill(-child.pid!, "SIGTERM");
    } catch {
      // ended by itself
    }
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + READY_WITHIN_MS; ;) {
    if (child.exitCode !== null) throw new Error(`the Pub/Sub emulator ended with ${child.exitCode}: ${said}`);
    const ready = await fetch(`${url}/v1/projects/${project}/topics`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) break;
    if (Date.now() > deadline) {
      await stop();
      throw new Error(`the Pub/Sub emulator did not answer within ${READY_WITHIN_MS} ms: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    async put(path, body) {
      const answer = await fetch(`${url}/v1/projects/${project}/${path}`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    },
    stop,
  };
}
