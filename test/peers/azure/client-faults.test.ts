/** The room's client in front of an Azure that breaks: what is tried again, what is not, and that an error is never one of types. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AzureApi, AzureError } from "../../../src/clouds/azure/api.ts";
import { type AzureClient, openAzure } from "../../../src/clouds/azure/client.ts";
import type { Target } from "../../../src/clouds/room.ts";
import { UserError } from "../../../src/model/errors.ts";
import { trust } from "../support/azure/clients.ts";
import { denied, type Fault, failing, type Rule, throttled, unavailable } from "../support/azure/faults.ts";
import type { Seen } from "../support/azure/http.ts";
import { GROUP, orderWorld, runOrders, SUBSCRIPTION, WORKSPACE_GUID } from "../support/azure/orders.ts";
import { type Azure, startAzure } from "../support/azure/server.ts";
import { liveContext } from "../support/live-context.ts";

const SITES = /\/Microsoft\.Web\/sites$/;
const SITE = /\/sites\/quote-fn$/;
const QUERY = /\/query$/;
const APPS = ["legacy-fn", "quote-fn", "report-fn", "tracker-fn"];
const HOUR_MS = 3_600_000;

const inASecond = (): Fault => throttled(new Date(Date.now() + 1000).toUTCString());

describe("the client of the Azure room", () => {
  let azure: Azure;
  let api: AzureClient;

  const target = (more: Partial<Target> = {}): Target => ({
    cloud: "azure",
    name: "shop",
    account: SUBSCRIPTION,
    region: "*",
    endpoints: { management: azure.url, logs: azure.url, metrics: azure.url, authority: azure.url },
    azure: { cloud: "public", tenant: null, workspaces: [] },
    profile: null,
    roleArn: null,
    externalId: null,
    functions: { names: [], tags: {} },
    ...more,
  });
  const open = (): Promise<AzureClient> =>
    openAzure(target(), liveContext({ requestTimeoutMs: 700, patienceMs: 2500, requestsPerS: 1000 }));
  const apps = async (from: AzureApi = api): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of from.pages("web:webApps.list", [])) found.push(...page.map((one) => String(one["name"])));
    return found.sort();
  };
  const query = (kql = "AppRequests | project TimeGenerated, Id", hours = 3) =>
    api.queryLogs({ scope: { kind: "workspace", id: WORKSPACE_GUID }, kql, span: { from: Date.now() - hours * HOUR_MS, to: Date.now() } });
  const memory = (): number =>
    azure.world.resources.get(`/subscriptions/${SUBSCRIPTION}/resourcegroups/${GROUP}/providers/microsoft.web/sites/quote-fn`)!.properties[
      "functionAppConfig"
    ].scaleAndConcurrency.instanceMemoryMB;
  const resize = (mib: number, headers: Record<string, string> = {}): Promise<void> =>
    api.replace(
      "web:webApps.get",
      "web:webApps.createOrUpdate",
      [GROUP, "quote-fn"],
      (site: any) => {
        site.properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB = mib;
      },
      { headers },
    );
  const errorOf = async (work: Promise<unknown>): Promise<AzureError> => {
    const error = await work.then(
      () => new Error("it did not fail"),
      (thrown: unknown) => thrown as Error,
    );
    expect(error, String(error.stack)).toBeInstanceOf(AzureError);
    expect(error.message).not.toMatch(/Cannot read|undefined|is not a function|\[object/);
    return error as AzureError;
  };

  beforeAll(async () => {
    const world = orderWorld();
    runOrders(world, { seed: 3, orders: 10, startAt: Date.now() - HOUR_MS });
    world.polls = 1;
    azure = await startAzure(world, { judged: false });
    trust(azure);
    for (const [name, value] of Object.entries(azure.env)) if (name.startsWith("AZURE_")) process.env[name] = value;
    // the parser takes its time when it is first asked
    api = await openAzure(target(), liveContext());
    await query();
    api = await open();
  });
  afterAll(async () => {
    for (const name of Object.keys(azure.env)) if (name.startsWith("AZURE_")) delete process.env[name];
    await azure.stop();
  });
  beforeEach(() => {
    azure.rules.length = 0;
    azure.requests.length = 0;
    azure.world.writes = "applied";
  });
  afterEach(() => expect(azure.violations).toEqual([]));

  const passing: [string, Fault][] = [
    ["429 with seconds", throttled("1")],
    ["429 with a date", inASecond()],
    ["429 without a wish", throttled("")],
    ["500", failing],
    ["503 as HTML", unavailable],
    ["a reset", "reset"],
    ["a reset after the answer was made", "reset-after"],
    ["no answer", "hang"],
    ["a body cut off", "cut-body"],
    ["an empty body", { answer: { status: 200, body: "" } }],
  ];
  it.each(passing)("reads go on after %s", async (_, fault) => {
    azure.rules.push({ match: SITES, after: 1, times: 1, fault });
    expect(await apps()).toEqual(APPS);
  });
  it.each(passing)("queries go on after %s", async (_, fault) => {
    azure.rules.push({ match: QUERY, times: 1, fault });
    expect((await query()).tables[0]!.rows.length).toBeGreaterThan(5);
  });

  it("Retry-After is waited for", async () => {
    azure.rules.push({ match: SITES, times: 1, fault: throttled("2") });
    await apps();
    const [first, second] = azure.requests.filter((one) => SITES.test(one.path)).map((one) => one.at);
    expect(second! - first!).toBeGreaterThanOrEqual(1990);
  });

  const lasting: [string, Fault, string][] = [
    ["429", throttled("1"), "throttled"],
    ["500", failing, "failed"],
    ["503 as HTML", unavailable, "failed"],
    ["resets", "reset", "unreachable"],
    ["no answer", "hang", "unreachable"],
    ["bodies cut off", "cut-body", "broken-answer"],
    ["HTML with 200", { answer: { status: 200, headers: { "content-type": "text/html" }, body: "<html>sign in</html>" } }, "broken-answer"],
    ["a list that is none", { change: () => ({ value: "sites" }) }, "broken-answer"],
    ["items that are none", { change: () => ({ value: [1, null, "x"] }) }, "broken-answer"],
    ["JSON that is no object", { change: () => [] }, "broken-answer"],
    [
      "the same nextLink",
      { change: (body, seen: Seen) => ({ ...body, nextLink: `${azure.url}${seen.path}?${seen.query}` }) },
      "broken-answer",
    ],
    ["a nextLink to another host", { change: (body) => ({ ...body, nextLink: "https://example.com/subscriptions" }) }, "broken-answer"],
    ["a nextLink that is none", { change: (body) => ({ ...body, nextLink: "::" }) }, "not-found"],
    ["a missing permission", denied("Microsoft.Web/sites/read"), "denied"],
  ];
  it.each(lasting)("%s for ever ends, and says so", async (_, fault, kind) => {
    azure.rules.push({ match: SITES, fault });
    expect((await errorOf(apps())).kind).toBe(kind);
  });

  it("a nextLink to another host is never followed with our token", async () => {
    azure.rules.push({ match: SITES, fault: { change: (body) => ({ ...body, nextLink: azure.url.replace("localhost", "127.0.0.1") }) } });
    expect((await errorOf(apps())).message).toMatch(/leads to/);
    expect(azure.requests.filter((one) => one.headers["host"]?.startsWith("127.0.0.1"))).toEqual([]);
  });

  it("a region that would make another host of a metrics address is not sent a token", async () => {
    const { metrics: _, ...endpoints } = target().endpoints!;
    const regional = await openAzure(target({ endpoints }), liveContext({ requestTimeoutMs: 700, patienceMs: 1 }));
    const span = { from: Date.now() - HOUR_MS, to: Date.now() };
    const ask = {
      resources: ["/x"],
      namespace: "Microsoft.Web/sites",
      names: ["a"],
      span,
      interval: "PT1M",
      aggregations: ["Total"] as const,
    };
    const region = `${new URL(azure.url).host}/x#`;
    expect((await errorOf(regional.metricsBatch({ ...ask, region }))).message).toMatch(/region of a resource is none/);
    expect(azure.requests.filter((one) => /getBatch|^\/x/.test(one.path))).toEqual([]);
  });
  it("half a character in a name is an error of that name", async () => {
    expect((await errorOf(api.call("web:webApps.get", [GROUP, "quote\uD800"]))).message).toMatch(/no valid text/);
    const error = await errorOf(api.searchLogs("w\uD800", "T", { from: 0, to: 1 }));
    expect(error.message).toContain("WorkspaceNotFoundError");
  });

  it("a token that expires on the way is renewed, once", async () => {
    azure.rules.push({ match: SITES, times: 1, fault: { change: (body) => (azure.identity.expireAll(), body) } });
    expect(await apps()).toEqual(APPS);
  });
  it("a token that is refused again: exit 3, and what to do", async () => {
    azure.rules.push({
      match: SITES,
      fault: { answer: { status: 401, body: { error: { code: "ExpiredAuthenticationToken", message: "expired" } } } },
    });
    const error = (await apps().catch((thrown: unknown) => thrown)) as UserError;
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exitCode: 3 });
    expect(error.suggestions.join()).toContain("az login");
  });
  it("a subscription that is not seen: exit 3", async () => {
    const other = target({ account: "11111111-0000-4000-8000-000000000001" });
    await expect(openAzure(other, liveContext())).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("does not see the subscription"),
    });
  });
  it("a client secret that is wrong: exit 3, without the secret", async () => {
    process.env["AZURE_CLIENT_SECRET"] = "wrong-secret-value";
    const error = (await open().catch((thrown: unknown) => thrown)) as UserError;
    process.env["AZURE_CLIENT_SECRET"] = azure.env["AZURE_CLIENT_SECRET"]!;
    expect(error).toMatchObject({ exitCode: 3 });
    expect(`${error.message} ${error.suggestions.join()}`).not.toContain("wrong-secret-value");
  });

  const breaches: [string, (body: any) => unknown][] = [
    ["no tables", () => ({})],
    ["a table without columns", () => ({ tables: [{ name: "PrimaryResult", rows: [] }] })],
    ["rows that are none", () => ({ tables: [{ name: "PrimaryResult", columns: [{ name: "a", type: "string" }], rows: [null, 3] }] })],
    ["columns that are none", () => ({ tables: [{ name: "PrimaryResult", columns: ["a"], rows: [["x"]] }] })],
    ["tables that are none", () => ({ tables: "none" })],
  ];
  it.each(breaches)("an answer to a query with %s is a clear error", async (_, change) => {
    azure.rules.push({ match: QUERY, fault: { change } });
    expect((await errorOf(query())).kind).toBe("broken-answer");
  });
  it.each([
    ["no error inside", { status: 400, body: {} }],
    ["a text", { status: 400, body: "nonsense" }],
    ["an error that is a text", { status: 400, body: { error: "bad" } }],
    ["null", { status: 400, body: "null" }],
  ])("a refusal of a query with %s is a clear error", async (_, answer) => {
    azure.rules.push({ match: QUERY, fault: { answer } });
    expect((await errorOf(query())).kind).toBe("invalid");
  });
  it("a query that is cut off says that it is", async () => {
    azure.world.rowLimit = 4;
    const answer = await query();
    azure.world.rowLimit = 500_000;
    expect(answer.tables[0]!.rows).toHaveLength(4);
    expect(answer.partial?.message).toContain("exceed the set limit of 4 records");
  });

  describe("writes", () => {
    const puts = (): number => azure.requests.filter((one) => one.method === "PUT").length;
    const broken: [string, Rule["fault"], boolean][] = [
      ["a reset before it was carried out", "reset", true],
      ["a reset after it was carried out", "reset-after", true],
      ["no answer", "hang", true],
      ["500", failing, true],
      [
        "a conflict",
        { answer: { status: 409, body: { error: { code: "Conflict", message: "another operation is in progress" } } } },
        false,
      ],
    ];
    it.each(broken)("%s: sent once, and never again", async (_, fault, mayHaveHappened) => {
      azure.rules.push({ match: /^PUT /, fault });
      const error = await errorOf(resize(4096));
      expect(error.mayHaveHappened).toBe(mayHaveHappened);
      expect(puts()).toBe(1);
    });
    it("429: surely without effect, sent again", async () => {
      azure.rules.push({ match: /^PUT /, times: 1, fault: throttled("1") });
      await resize(512);
      expect([puts(), memory()]).toEqual([2, 512]);
    });
    it("an etag that is not the live one: a conflict, and nothing is changed", async () => {
      const before = memory();
      expect((await errorOf(resize(4096, { "If-Match": '"old"' }))).kind).toBe("conflict");
      expect(memory()).toBe(before);
    });
    it("an operation that ends as failed is an error", async () => {
      azure.world.writes = "fails";
      const before = memory();
      const error = await errorOf(resize(4096));
      expect(error).toMatchObject({ kind: "failed", mayHaveHappened: true });
      expect(error.message).toMatch(/the update failed: .*The update of the app failed/);
      expect(memory()).toBe(before);
    });
    it.each(passing)("polls go on after %s", async (_, fault) => {
      azure.rules.push({ match: /\/operations\//, times: 1, fault });
      await resize(2048);
      expect([puts(), memory()]).toEqual([1, 2048]);
    });
    it("what ARM does not show is not sent back as null", async () => {
      const shown = azure.world.resources.get(
        `/subscriptions/${SUBSCRIPTION}/resourcegroups/${GROUP}/providers/microsoft.web/sites/quote-fn`,
      )!;
      const { siteConfig } = shown.properties;
      shown.properties["siteConfig"] = { ...siteConfig, numberOfWorkers: 1, appSettings: null };
      await resize(512);
      const sent = azure.requests.findLast((one) => one.method === "PUT")!;
      expect(JSON.parse(sent.body).properties.siteConfig).toMatchObject({ numberOfWorkers: 1 });
      expect(JSON.parse(sent.body).properties.siteConfig).not.toHaveProperty("appSettings");
      shown.properties["siteConfig"] = siteConfig;
    });
    it("PUT replaces: what was not changed is the same afterwards", async () => {
      const id = azure.requests.length;
      const site = (): any =>
        azure.world.resources.get(`/subscriptions/${SUBSCRIPTION}/resourcegroups/${GROUP}/providers/microsoft.web/sites/quote-fn`);
      const before = structuredClone(site());
      await resize(4096);
      const after = structuredClone(site());
      for (const one of [before, after]) {
        delete one.etag;
        delete one.properties.lastModifiedTimeUtc;
        delete one.properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB;
      }
      expect(after).toEqual(before);
      expect(azure.requests.slice(id).some((one) => SITE.test(one.path))).toBe(true);
    });
  });
});
