/** The order system on our Azure, and the built CLI in a folder of its own that is told of it. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Truth } from "../../../../fixtures/simulator/index.ts";
import { evscope, type Ran } from "../../../support/cli.ts";
import { GROUP, orderWorld, runOrders, SETTING_SECRET, SUBSCRIPTION } from "./orders.ts";
import { SECRET } from "./identity.ts";
import { type Azure, startAzure } from "./server.ts";
import type { Resource, World } from "./world.ts";

const HOUR_MS = 3_600_000;

export interface AzureOrders {
  azure: Azure;
  world: World;
  truth: Truth;
  site(app: string): Resource;
  cli(...args: string[]): Promise<Ran>;
  /** A command that prints JSON, with its exit code and what it said beside. */
  json(...args: string[]): Promise<any>;
  /** A command, and the requests of it that could have changed something. */
  watched(...args: string[]): Promise<Ran & { writes: string[] }>;
  /** Files that evscope wrote, and outputs so far, that hold a secret. */
  leaks(): string[];
  stop(): Promise<void>;
}

/** `settings`: further lines of evscope.yaml. */
export async function startAzureOrders(
  options: { orders?: number; judged?: boolean; settings?: string; pace?: string } = {},
): Promise<AzureOrders> {
  const world = orderWorld();
  const truth = runOrders(world, { seed: 7, orders: options.orders ?? 40, startAt: Date.now() - 2 * HOUR_MS });
  const azure = await startAzure(world, { judged: options.judged ?? true });
  const { url } = azure;
  // rows are there at once, and this Azure has no quotas
  writeFileSync(
    join(azure.home, "evscope.yaml"),
    `settle: 0s
logs: all
window: 4h
${options.settings ?? ""}
azure:
  requestsPerSecond: 500
  ${options.pace ?? ""}
  subscriptions:
    - name: shop
      subscription: ${SUBSCRIPTION}
      endpoints: { management: "${url}", logs: "${url}", metrics: "${url}", authority: "${url}" }
`,
  );
  const said: string[] = [];
  const cli = async (...args: string[]): Promise<Ran> => {
    const ran = await evscope(args, { cwd: azure.home, env: azure.env });
    said.push(`${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
    return ran;
  };
  return {
    azure,
    world,
    truth,
    site: (app) => world.resources.get(`/subscriptions/${SUBSCRIPTION}/resourcegroups/${GROUP}/providers/microsoft.web/sites/${app}`)!,
    cli,
    async json(...args) {
      const ran = await cli(...args, "--format", "json");
      if (ran.stdout === "") throw new Error(`${args.join(" ")}: ${ran.code}\n${ran.stderr}`);
      return { ...JSON.parse(ran.stdout), exitCode: ran.code, stderr: ran.stderr };
    },
    async watched(...args) {
      const before = azure.writes().length;
      const ran = await cli(...args);
      return { ...ran, writes: azure.writes().slice(before) };
    },
    leaks() {
      const files = filesIn(join(azure.home, ".evscope")).map((path) => ({ path, text: readFileSync(path, "latin1") }));
      const texts = [...files, ...said.map((text) => ({ path: text.slice(0, 40), text }))];
      const secret = new RegExp([SETTING_SECRET, SECRET, "SharedAccessKey", String.raw`eyJ[\w-]{10,}\.`].join("|"));
      return texts.filter(({ text }) => secret.test(text)).map(({ path }) => path);
    },
    stop: () => azure.stop(),
  };
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
