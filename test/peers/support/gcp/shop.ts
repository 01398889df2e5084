/** The order system on the test servers and Google's Pub/Sub emulator, and the built CLI in a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evscope, type Ran } from "../../../support/cli.ts";
import { type Gcp, startGcp } from "./index.ts";
import { type OrderWorld, orderWorld } from "./orders.ts";
import { type Pubsub, startPubsub } from "./pubsub.ts";

export interface Shop {
  gcp: Gcp;
  world: OrderWorld;
  pubsub: Pubsub | null;
  home: string;
  env: { [name: string]: string };
  cli(...args: string[]): Promise<Ran>;
  cliWith(more: { [name: string]: string }, ...args: string[]): Promise<Ran>;
  /** A command's JSON, with `exitCode` and `stderr`; fails where there is none. */
  json(...args: string[]): Promise<any>;
  /** Writes evscope.yaml. `gcp`: further settings of the cloud. `paced`: at Google's quotas, which the servers do not have. */
  configure(settings?: { project?: string; gcp?: string; paced?: boolean }): void;
  stop(): Promise<void>;
}

/** `pubsub`: with the emulator, else the servers list topics and subscriptions themselves. */
export async function startShop(options: { pubsub: boolean; orders?: number }): Promise<Shop> {
  const home = mkdtempSync(join(tmpdir(), "evscope-gcp-shop-"));
  const world = orderWorld(Date.now(), options.orders);
  const [gcp, pubsub] = await Promise.all([startGcp(world), options.pubsub ? startPubsub(world.project) : null]);
  for (const one of pubsub === null ? [] : world.topics) await pubsub!.put(shortName(one["name"]), {});
  for (const { name, state: _state, ...one } of pubsub === null ? [] : world.subscriptions) await pubsub!.put(shortName(name), one);
  const env = gcp.env(home);
  const endpoints = { ...gcp.endpoints, ...(pubsub === null ? {} : { pubsub: pubsub.url }) };
  const cliWith: Shop["cliWith"] = (more, ...args) => evscope(args, { cwd: home, env: { ...env, ...more } });
  const cli: Shop["cli"] = (...args) => cliWith({}, ...args);
  const shop: Shop = {
    gcp,
    world,
    pubsub,
    home,
    env,
    cli,
    cliWith,
    async json(...args) {
      const ran = await cli(...args, "--format", "json");
      if (ran.stdout === "") throw new Error(`${args.join(" ")}: ${ran.code}\n${ran.stderr}`);
      return {
        ...JSON.parse(ran.stdout),
        exitCode: ran.code,
        stderr: ran.stderr,
      };
    },
    configure({ project = world.project, gcp: settings = "", paced = false } = {}) {
      const lines = [
        "settle: 0s",
        "logs: all",
        "window: 2h",
        "gcp:",
        ...(paced ? [] : ["  requestsPerSecond: 200"]),
        ...settings.split(", ").map((one) => `  ${one}`),
        `  projects: [{ name: shop, project: ${project}, endpoints: ${JSON.stringify(endpoints)} }]`,
      ];
      writeFileSync(join(home, "evscope.yaml"), lines.filter((line) => line.trim() !== "").join("\n") + "\n");
    },
    async stop() {
      await Promise.all([gcp.stop(), pubsub?.stop()]);
      rmSync(home, {
        recursive: true,
        force: true,
      });
    },
  };
  shop.configure();
  return shop;
}

/** `projects/P/topics/T` -> `topics/T`. */
const shortName = (name: string): string => name.split("/").slice(2).join("/");
