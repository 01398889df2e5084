/** Commands without `--apply` send nothing that writes, whatever Azure answers; and nothing that it answers is more than data to them. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AzureOrders, startAzureOrders } from "../support/azure/azure-orders.ts";
import { type Fault, throttled } from "../support/azure/faults.ts";
import { WORKSPACE_GUID } from "../support/azure/orders.ts";
import { numbers, spoilt } from "../support/azure/spoilt.ts";

const NO_TOKENS = /^(?!.*oauth2|.*openid)/;

describe("commands that read", () => {
  let orders: AzureOrders;
  let order: string;

  beforeAll(async () => {
    orders = await startAzureOrders({ orders: 8, judged: false });
    order = orders.truth.chains.find((chain) => chain.hops.some((hop) => hop.cloud === "azure"))!.id;
  });
  afterAll(() => orders?.stop());
  beforeEach(() => {
    orders.azure.rules.length = 0;
    rmSync(join(orders.azure.home, ".evscope"), { recursive: true, force: true });
  });

  const now = numbers(11);
  /** An error's body in the place of one answer in five. */
  const anError = { error: { code: "InternalServerError", message: "The server encountered an internal error." } };
  const answers: [string, Fault | null][] = [
    ["all is well", null],
    ["answers are errors with the status of success", { change: (body) => (now() < 0.2 ? anError : body) }],
    ["one answer in a hundred fields is another", { change: (body) => spoilt(body, now, 100) ?? {} }],
    ["one answer in a thousand fields is another", { change: (body) => spoilt(body, now, 1000) ?? {} }],
    ["the first calls are throttled", throttled("0")],
  ];
  it.each(answers)("write nothing when %s", async (_, fault) => {
    if (fault !== null) orders.azure.rules.push({ match: NO_TOKENS, fault, ...(answers[4]![1] === fault ? { times: 3 } : {}) });
    const commands = [
      ["collect", "--timeout", "2s"],
      ["trace", order, "--live"],
      ["cost", "--offline"],
      ["rightsize", "--offline", "--format", "csv"],
      ["rightsize"],
      ["plan", "--out", "plan.json", "--force"],
      ["doctor"],
    ];
    for (const command of commands) {
      const ran = await orders.watched(...command);
      expect(ran.writes, command.join(" ")).toEqual([]);
      const said = ran.stdout + ran.stderr;
      expect(said, command.join(" ")).not.toMatch(/Please report it|TypeError|RangeError|Cannot read|is not a function|\n\s+at \S+ \(/);
      // a terminal obeys none of it
      for (const control of ["\u001B[2J", "\u001B]8"]) expect(said).not.toContain(control);
      expect(ran.code, `${command.join(" ")}: ${said.slice(0, 3000)}`).not.toBe(1);
    }
    expect(orders.leaks()).toEqual([]);
  });

  it("IDs, names of apps and of functions are text in every query", async () => {
    const evil = [`x' | take 1 //`, `"); AppTraces | take 5 //`, `\\" or 1==1 //`, "a\n| union *", `@'x`, "```", "\u001B[2J"];
    await orders.cli("collect");
    orders.azure.requests.length = 0;
    for (const id of evil) {
      const ran = await orders.watched("trace", id, "--live");
      expect(ran.writes).toEqual([]);
      expect([1, 2, 4], `${id}: ${ran.stdout}${ran.stderr}`).toContain(ran.code);
      expect(ran.stdout + ran.stderr).not.toMatch(/shipping-quote|Please report it/);
    }
    const queries = orders.azure.requests.filter((one) => one.path.endsWith("/query"));
    expect(queries.length).toBeGreaterThan(3);
    const rows = orders.world.rows.get(WORKSPACE_GUID)!["AppRequests"]!;
    expect(rows.length).toBeGreaterThan(5);
    expect(orders.azure.violations).toEqual([]);
  });
});
