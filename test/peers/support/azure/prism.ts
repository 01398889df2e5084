/**
 * The vendor's specification as a judge between a client and our fake: one `prism proxy --errors` over the specifications of all areas,
 * put together into one file. It answers 422 to a request and 500 to an answer that breaks the specification.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { shared } from "../../../support/shared.ts";
import { freePort } from "../servers.ts";

const SPECS = [
  "web/prism/WebApps.2025-05-01.json",
  "eventgrid/prism/EventGrid.2022-06-15.json",
  "servicebus/prism/ServiceBus.2021-11-01.json",
  "cosmosdb/prism/CosmosDB.2026-03-15.json",
  "metrics/prism/metrics_API.2024-02-01.json",
  "metrics/prism/metricBatch.2024-02-01.json",
  "resourcegraph/prism/ResourceGraph.2024-04-01.json",
  "loganalytics/prism/OperationalInsights.v1.json",
];
const READY_WITHIN_MS = 60_000;
const LONGEST_LIFE_S = 900;

export interface Judge {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** The specifications are on this machine. Prints why not, and throws under CI where they are missing from a shared folder that is there. */
export function hasSpecs(): boolean {
  if (shared("") === null) return false;
  const found = SPECS.every((path) => shared(`azure-specs/${path}`) !== null);
  if (!found && process.env["CI"] === "true") throw new Error("specifications are missing from ../shared/azure-specs");
  return found;
}

/** All areas in one document: names of definitions and parameters get their area in front. */
function together(): object {
  const whole = { swagger: "2.0", info: { title: "Azure", version: "1" }, consumes: ["application/json"], produces: ["application/json"] };
  const paths: Record<string, unknown> = {};
  const named: Record<string, Record<string, unknown>> = { definitions: {}, parameters: {} };
  for (const [i, path] of SPECS.entries()) {
    const raw = readFileSync(shared(`azure-specs/${path}`)!, "utf8");
    const spec = JSON.parse(raw.replaceAll(/"#\/(definitions|parameters)\//g, `"#/$1/a${i}.`)) as Record<string, Record<string, unknown>>;
    Object.assign(paths, spec["paths"]);
    for (const section of ["definitions", "parameters"] as const)
      for (const [name, value] of Object.entries(spec[section] ?? {})) named[section]![`a${i}.${name}`] = value;
  }
  return { ...whole, paths, ...named };
}

export async function startPrism(upstream: string): Promise<Judge> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "prism-"));
  const file = join(folder, "azure.json");
  writeFileSync(file, JSON.stringify(together()));
  const bin = join(dirname(createRequire(import.meta.url).resolve("@stoplight/prism-cli/package.json")), "dist/index.js");
  const args = [bin, "proxy", "--errors", "-h", "127.0.0.1", "-p", String(port), file, upstream];
  const child = spawn("timeout", [String(LONGEST_LIFE_S), process.execPath, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-4000)));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    endGroup(child);
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!/listening on/i.test(said)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`prism did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url: `http://127.0.0.1:${port}`, pid: child.pid!, stop };
}

/** The judge leads a process group of its own, named by its pid. */
function endGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, "SIGTERM");
  } catch {
    // ended by itself
  }
}
