/** Changes of Flex apps by the built CLI that is killed, by an Azure that breaks, and beside others; what happened is read from the server. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makePlan } from "../../../src/applier/plan.ts";
import type { Change, Settings } from "../../../src/model/plan.ts";
import { writePlan } from "../../../src/store/plan-file.ts";
import type { Fault, Rule } from "../support/azure/faults.ts";
import { armError } from "../support/azure/http.ts";
import { SECRET } from "../support/azure/identity.ts";
import { flexApp, GROUP, orderWorld, SETTING_SECRET, SUBSCRIPTION } from "../support/azure/orders.ts";
import { type Azure, startAzure } from "../support/azure/server.ts";
import { type Resource, touch, type World } from "../support/azure/world.ts";

const BIN = fileURLToPath(new URL("../../../bin/run.js", import.meta.url));
const BATCH = "host.extensions.serviceBus.maxMessageBatchSize";
const BATCH_SETTING = "AzureFunctionsJobHost__extensions__serviceBus__maxMessageBatchSize";
/** Written in this order. */
const SIZED = ["quote-fn", "third-fn"];
const idOf = (app: string): string => `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Web/sites/${app}`;
const conflict = armError(409, "Conflict", "Cannot modify this site because another operation is in progress.");

interface Ran {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

describe("changes of Flex apps", () => {
  let azure: Azure;
  let world: World;
  let cwd: string;
  let outputs: string[];

  const site = (app: string): Resource => world.resources.get(idOf(app).toLowerCase())!;
  const settings = (app: string): Record<string, string> => world.appSettings.get(idOf(app).toLowerCase())!;
  const memory = (app: string): number => site(app).properties["functionAppConfig"].scaleAndConcurrency.instanceMemoryMB;
  const writes = (): string[] => azure.writes().map((one) => one.split("/sites/")[1]!);

  /** All apps and their settings, but for when they were written. */
  function whole(): unknown {
    const apps = [...world.resources.values()].filter((one) => one.type === "Microsoft.Web/sites");
    const bare = structuredClone(apps).map(({ etag: _e, ...one }) => one);
    for (const one of bare) delete one.properties!["lastModifiedTimeUtc"];
    return { apps: bare.sort((a, b) => (a.id! < b.id! ? -1 : 1)), settings: Object.fromEntries(structuredClone(world.appSettings)) };
  }

  function change(app: string, before: Settings, after: Settings): Change {
    const facts = { revision: null, fingerprint: "", alias: null, aliasVersion: null, aliasTarget: null, owners: [], expected: null };
    const ref = {
      cloud: "azure",
      account: SUBSCRIPTION,
      region: "eastus",
      kind: "azure.function-app",
      resource: idOf(app),
      name: app,
    } as const;
    return { id: `size:${app}`, ...ref, ...facts, before, after, danger: "restart", reasons: [] };
  }
  const sizes = (...apps: string[]): Change[] => apps.map((app) => change(app, { memoryMib: 2048 }, { memoryMib: 512 }));
  const batch = (): Change => change("tracker-fn", { [BATCH]: null }, { [BATCH]: 50 });

  function plan(...changes: Change[]): string {
    writePlan(join(cwd, "plan.json"), makePlan(changes, [], Date.now()));
    return "plan.json";
  }

  /** `killAt`: the request at which the CLI is killed, before or after the server does it. */
  async function cli(args: string[], killAt: (Omit<Rule, "fault"> & { when: "before" | "after" }) | null = null): Promise<Ran> {
    const env = { PATH: process.env["PATH"]!, ...azure.env, HOME: cwd, CI: "true", EVSCOPE_DEBUG: "1" };
    const child = spawn(process.execPath, [BIN, ...args], { cwd, env, timeout: 120_000 });
    if (killAt !== null) {
      const { when, ...at } = killAt;
      const kill = <T>(answer: T): T => (child.kill("SIGKILL"), answer);
      const fault: Fault = when === "before" ? { answer: () => kill(armError(500, "Killed", "")) } : { change: (body) => kill(body) };
      azure.rules.push({ times: 1, ...at, fault });
    }
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    const ran = await new Promise<Ran>((resolve) => child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr })));
    outputs.push(stdout, stderr);
    return ran;
  }
  const apply = (...more: string[]): Promise<Ran> => cli(["apply", "plan.json", "--yes", "--format", "json", ...more]);
  const journal = async (): Promise<any[]> => JSON.parse((await cli(["journal", "--format", "json"])).stdout).runs;
  const states = (run: any): string[] => run.changes.map((one: { name: string; state: string }) => `${one.name} ${one.state}`).sort();

  beforeAll(async () => {
    world = orderWorld();
    azure = await startAzure(world, { judged: false });
  });
  afterAll(() => azure?.stop());

  beforeEach(() => {
    const fresh = orderWorld();
    const workspace = [...fresh.resources.values()].find((one) => one.type === "Microsoft.OperationalInsights/workspaces")!;
    flexApp(fresh, "third-fn", "third", { type: "httpTrigger", name: "req", direction: "in" }, workspace);
    Object.assign(world, { ...fresh, polls: 1, doneAfterMs: null });
    [azure.rules.length, azure.requests.length] = [0, 0];
    outputs = [];
    cwd = mkdtempSync(join(azure.home, "run-"));
    const { url } = azure;
    writeFileSync(
      join(cwd, "evscope.yaml"),
      `azure:
  requestsPerSecond: 500
  subscriptions:
    - name: shop
      subscription: ${SUBSCRIPTION}
      endpoints: { management: "${url}", logs: "${url}", metrics: "${url}", authority: "${url}" }
`,
    );
  });

  /** What evscope wrote and said, with the plan of the test. */
  function nothingLeaks(): void {
    const files = readdirSync(cwd, { recursive: true, encoding: "utf8" }).map((name) => join(cwd, name));
    const texts = [...files.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, "latin1")), ...outputs];
    expect(texts.length).toBeGreaterThan(3);
    for (const text of texts) for (const secret of [SETTING_SECRET, SECRET, /eyJ[\w-]{10,}\./]) expect(text).not.toMatch(secret);
    for (const text of outputs) expect(text).not.toMatch(/TypeError|RangeError|Cannot read|is not a function|\[object Object\]/);
    rmSync(cwd, { recursive: true, force: true });
  }

  it.each([
    { at: "before the first PUT", match: /^PUT .*sites\/quote-fn$/, when: "before" },
    { at: "after the first PUT", match: /^PUT .*sites\/quote-fn$/, when: "after" },
    { at: "while the operation is asked for", match: /^GET .*\/operations?\w*\//, when: "after" },
    { at: "after all app settings were replaced", match: /^PUT .*config\/appsettings$/, when: "after" },
  ] as const)("killed $at: the same command finishes it, and undo takes it back", async ({ match, when }) => {
    world.doneAfterMs = 50;
    const before = whole();
    const held = { ...settings("tracker-fn") };
    plan(...sizes("quote-fn"), batch(), ...sizes("third-fn"));
    expect((await cli(["apply", "plan.json", "--yes"], { match, when })).signal).toBe("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 200));
    const again = await apply();
    expect(again.code, again.stderr + again.stdout).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ state: "applied", resumed: true });
    expect(SIZED.map(memory)).toEqual([512, 512]);
    expect(settings("tracker-fn")).toEqual({ ...held, [BATCH_SETTING]: "50" });
    // the killed one was not seen by the server; nothing else is sent twice
    expect(writes().toSorted()).toEqual(
      ["quote-fn", "third-fn", "tracker-fn/config/appsettings", ...(when === "before" ? ["quote-fn"] : [])].toSorted(),
    );
    const [run, ...others] = await journal();
    expect(others).toEqual([]);
    expect(states(run)).toEqual(["quote-fn done", "third-fn done", "tracker-fn done"]);
    const undone = await cli(["undo", "--last", "--yes"]);
    expect(undone.code, undone.stderr).toBe(0);
    expect(whole()).toEqual(before);
    nothingLeaks();
  });

  it("what the API will have one day survives a write, nulls are not sent, and identities stay", async () => {
    const app = site("quote-fn");
    Object.assign(app, { zonesToCome: ["1", { a: [null, 1.5] }], managedByToCome: "x" });
    app["identity"] = {
      type: "SystemAssigned, UserAssigned",
      principalId: "7b0f1c7e-0a5e-4d1c-8a55-7e1b2c9d4f10",
      userAssignedIdentities: { [`${idOf("x")}/identity`]: { principalId: "p", clientId: "c" } },
    };
    const { properties } = app;
    Object.assign(properties, { kindToCome: { deep: [{ b: "…\u{1F600}" }] }, storageToCome: "" });
    Object.assign(properties["siteConfig"], { settingToCome: 3, appSettings: null, acrUserManagedIdentityID: null });
    const config = properties["functionAppConfig"];
    Object.assign(config, { quotaToCome: { gib: 9 } });
    Object.assign(config.scaleAndConcurrency, {
      burstToCome: true,
      triggers: null,
      alwaysReady: [{ name: "http", instanceCount: 1, x: 1 }],
    });
    touch(app, Date.now());
    const expected = structuredClone(app);
    expected.properties["functionAppConfig"].scaleAndConcurrency.instanceMemoryMB = 512;
    delete expected.properties["functionAppConfig"].scaleAndConcurrency.triggers;
    delete expected.properties["siteConfig"].appSettings;
    delete expected.properties["siteConfig"].acrUserManagedIdentityID;
    plan(...sizes("quote-fn"));
    const ran = await apply();
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    const { etag: _a, ...after } = site("quote-fn");
    const { etag: _b, ...wanted } = expected;
    delete after.properties["lastModifiedTimeUtc"];
    delete wanted.properties["lastModifiedTimeUtc"];
    expect(after).toEqual(wanted);
    nothingLeaks();
  });

  const lasting: [string, Rule, string, number, RegExp][] = [
    ["412", { match: /^PUT .*quote-fn$/, fault: { answer: armError(412, "PreconditionFailed", "etag") } }, "failed", 5, /etag/],
    [
      "409, another operation",
      { match: /^PUT .*quote-fn$/, times: 1, fault: { answer: conflict } },
      "failed",
      5,
      /another operation is in progress/,
    ],
    [
      "a PUT that is not allowed",
      { match: /^PUT .*quote-fn$/, fault: { answer: armError(403, "AuthorizationFailed", "no") } },
      "failed",
      3,
      /no/,
    ],
  ];
  it.each(lasting)("%s: nothing is changed, the journal says so, and the next run does it", async (_, rule, state, code, why) => {
    const before = whole();
    plan(...sizes("quote-fn"));
    azure.rules.push(rule);
    const ran = await apply();
    expect(ran.code, ran.stderr + ran.stdout).toBe(code);
    expect(ran.stdout).toMatch(why);
    expect(whole()).toEqual(before);
    expect(states((await journal())[0])).toEqual([`quote-fn ${state}`]);
    azure.rules.length = 0;
    const again = await apply();
    expect(again.code, again.stderr + again.stdout).toBe(0);
    expect(memory("quote-fn")).toBe(512);
    nothingLeaks();
  });

  const lost: [string, Rule, number][] = [
    ["the answer to the PUT is lost", { match: /^PUT .*quote-fn$/, fault: "reset-after" }, 1],
    [
      "the PUT is throttled",
      { match: /^PUT .*quote-fn$/, times: 2, fault: { answer: armError(429, "TooManyRequests", "slow", { "retry-after": "1" }) } },
      3,
    ],
    [
      "its operation may not be read",
      { match: /^GET .*\/operations?\w*\//, fault: { answer: armError(403, "AuthorizationFailed", "no") } },
      1,
    ],
    ["its operation says nonsense", { match: /^GET .*\/operations?\w*\//, fault: { change: () => ({ status: { a: 1 } }) } }, 1],
  ];
  it.each(lost)("%s: it is found on the app, and done", async (_, rule, puts) => {
    world.doneAfterMs = 1500;
    plan(...sizes("quote-fn"));
    azure.rules.push(rule);
    const ran = await apply();
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect(memory("quote-fn")).toBe(512);
    expect(writes()).toHaveLength(puts);
    expect(states((await journal())[0])).toEqual(["quote-fn done"]);
    nothingLeaks();
  });

  it("an operation that fails after it changed the app is said, and can be taken back", async () => {
    const before = whole();
    plan(...sizes("quote-fn"));
    world.writes = "half";
    const ran = await apply();
    expect(ran.stdout).toMatch(/Instances could not be restarted/);
    expect(memory("quote-fn")).toBe(512);
    world.writes = "applied";
    const undone = await cli(["undo", "--last", "--yes"]);
    expect(undone.code, undone.stderr).toBe(0);
    expect(whole()).toEqual(before);
    nothingLeaks();
  });

  it("links of an operation that lead elsewhere are not followed with our token", async () => {
    world.doneAfterMs = 20;
    plan(...sizes("quote-fn"));
    const elsewhere = azure.url.replace("localhost", "127.0.0.1");
    const headers = { location: `${elsewhere}/x`, "azure-asyncoperation": `${elsewhere}/y` };
    azure.rules.push({ match: /^PUT .*quote-fn$/, fault: { answer: { status: 202, headers, body: {} } } });
    const ran = await apply();
    expect(ran.code, ran.stderr + ran.stdout).toBe(4);
    expect(ran.stdout).toMatch(/leads to/);
    expect(ran.stdout).toMatch(/accepted/);
    expect(azure.requests.filter((one) => one.headers["host"]!.startsWith("127.0.0.1"))).toEqual([]);
    nothingLeaks();
  });

  it("a redirect is not followed with our token", async () => {
    plan(...sizes("quote-fn"));
    const location = `${azure.url.replace("localhost", "127.0.0.1")}/x`;
    azure.rules.push({ match: /^PUT .*quote-fn$/, fault: { answer: { status: 307, headers: { location } } } });
    const ran = await apply();
    expect([4, 5], ran.stdout).toContain(ran.code);
    expect(azure.requests.filter((one) => one.headers["host"]!.startsWith("127.0.0.1"))).toEqual([]);
    expect(memory("quote-fn")).toBe(2048);
    nothingLeaks();
  });

  it("a stopped app is changed and stays stopped; one that is gone is not", async () => {
    site("quote-fn").properties["state"] = "Stopped";
    plan(...sizes("quote-fn", "third-fn"));
    world.resources.delete(idOf("third-fn").toLowerCase());
    const ran = await apply("--continue");
    expect([4, 5], ran.stderr).toContain(ran.code);
    expect(memory("quote-fn")).toBe(512);
    expect(site("quote-fn").properties["state"]).toBe("Stopped");
    expect(ran.stdout).toMatch(/not found|ResourceNotFound/i);
    nothingLeaks();
  });

  it("two of them at once: one writes, the other does nothing twice", async () => {
    world.doneAfterMs = 300;
    plan(...sizes(...SIZED), batch());
    const both = await Promise.all([apply(), apply()]);
    expect(both.map((one) => one.code)).toContain(0);
    expect(writes().toSorted()).toEqual(["quote-fn", "third-fn", "tracker-fn/config/appsettings"]);
    expect(SIZED.map(memory)).toEqual([512, 512]);
    nothingLeaks();
  });

  it("what somebody else changed since is not taken back unless told, and their setting stays", async () => {
    plan(...sizes("quote-fn"), batch());
    expect((await apply()).code).toBe(0);
    site("quote-fn").properties["functionAppConfig"].scaleAndConcurrency.instanceMemoryMB = 4096;
    touch(site("quote-fn"), Date.now());
    settings("tracker-fn")["SHOP_MODE"] = "sale";
    const undone = await cli(["undo", "--last", "--yes"]);
    expect(undone.code, undone.stdout).toBe(5);
    expect(memory("quote-fn")).toBe(4096);
    const forced = await cli(["undo", "--last", "--yes", "--force"]);
    expect(forced.code, forced.stderr + forced.stdout).toBe(0);
    expect(memory("quote-fn")).toBe(2048);
    expect(settings("tracker-fn")).toMatchObject({ SHOP_MODE: "sale" });
    expect(settings("tracker-fn")).not.toHaveProperty(BATCH_SETTING);
    nothingLeaks();
  });
});
