/** `evscope collect` as people run it, before Google Cloud servers that break: what it says, how it ends, and that it only reads. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Fault, Rule } from "../support/gcp/faults.ts";
import type { World } from "../support/gcp/index.ts";
import { type Shop, startShop } from "../support/gcp/shop.ts";

const QUICK = "retryFor: 3s, requestTimeout: 2s";
const LOGS = /^logging:ListLogEntries$/;
const SERIES = /^monitoring:ListTimeSeries$/;
const SERVICES = /^run:Services\.ListServices$/;
const TRACES = /^cloudtrace:traces\.list$/;

interface Collected {
  code: number | null;
  stderr: string;
  /** `what: why` of each. */
  gaps: string;
  configs: number;
  runs: number;
}

describe("collect from Google Cloud", () => {
  let shop: Shop;
  let whole: Collected;
  const usual: Partial<World> = {};

  beforeAll(async () => {
    shop = await startShop({ pubsub: false, orders: 30 });
    for (const key of ["logReadsPerMinute", "longestPage"] as const) Object.assign(usual, { [key]: shop.world[key] });
    configure();
    whole = await collect();
    expect(whole.code, whole.stderr + whole.gaps).toBe(0);
  }, 120_000);
  beforeEach(() => {
    rmSync(join(shop.home, ".evscope"), { recursive: true, force: true });
    configure();
    shop.gcp.seen.length = 0;
    shop.gcp.violations.length = 0;
  });
  afterEach(() => {
    shop.gcp.faults.clear();
    Object.assign(shop.world, usual);
    shop.world.denied.clear();
    shop.world.disabled.clear();
    shop.gcp.tokens.refusal = null;
    expect(shop.gcp.writes()).toEqual([]);
    expect(shop.gcp.violations).toEqual([]);
  });
  afterAll(() => shop?.stop());

  function configure(project = shop.world.project): void {
    shop.configure({ project, gcp: QUICK });
  }

  async function collect(env: { [name: string]: string } = {}): Promise<Collected> {
    const ran = await shop.cliWith(env, "collect", "--since", "2h", "--format", "json");
    const told = ran.stdout + ran.stderr;
    // never a stack, a slip of ours, or what the credentials are made of
    expect(told).not.toMatch(/\n\s+at |TypeError|ya29\.|BEGIN PRIVATE KEY/);
    const { byType = {}, gaps = [] } = ran.stdout === "" ? {} : JSON.parse(ran.stdout);
    const gapText = gaps.map((gap: { what: string; why: string }) => `${gap.what}: ${gap.why}`).join("\n");
    return { code: ran.code, stderr: ran.stderr, gaps: gapText, configs: byType.config ?? 0, runs: byType.invocation ?? 0 };
  }
  const called = (name: RegExp): number => shop.gcp.seen.filter((one) => name.test(one.name)).length;
  const breaking = (match: RegExp, fault: Fault, more: Partial<Rule> = {}): void =>
    void shop.gcp.faults.rules.push({ match, fault, ...more });

  const passing: [string, RegExp, Fault, number][] = [
    ["RESOURCE_EXHAUSTED twice", LOGS, "RESOURCE_EXHAUSTED", 2],
    ["RESOURCE_EXHAUSTED with RetryInfo", SERIES, { retryIn: 1 }, 1],
    ["UNAVAILABLE twice", SERVICES, "UNAVAILABLE", 2],
    ["DEADLINE_EXCEEDED", SERVICES, "DEADLINE_EXCEEDED", 1],
    ["INTERNAL", SERIES, "INTERNAL", 1],
    ["no answer once", SERVICES, "hang", 1],
    ["a torn connection", LOGS, "reset", 1],
    ["a torn connection of REST", TRACES, "reset", 1],
    ["429 of REST, twice", TRACES, "RESOURCE_EXHAUSTED", 2],
    ["a proxy's 503 in HTML, twice", TRACES, "503-html", 2],
    ["a slow answer", SERVICES, { latencyMs: 1200 }, 1],
  ];
  test.each(passing)("%s: everything is there all the same", async (_, match, fault, times) => {
    breaking(match, fault, { times });
    const ran = await collect();
    expect(ran, ran.stderr + ran.gaps).toMatchObject({ code: 0, configs: whole.configs, runs: whole.runs });
    expect(called(match)).toBeGreaterThan(times);
  });

  test("a token that ends on the way is fetched anew, once", async () => {
    const given = shop.gcp.tokens.given;
    breaking(LOGS, { before: () => shop.gcp.tokens.revokeAll() }, { times: 1 });
    const ran = await collect();
    expect(ran, ran.stderr + ran.gaps).toMatchObject({ code: 0, runs: whole.runs });
    expect(shop.gcp.tokens.given).toBe(given + 2);
  });

  test("pages shorter than asked: nothing is lost", async () => {
    shop.world.longestPage = 40;
    const ran = await collect();
    expect(ran, ran.stderr + ran.gaps).toMatchObject({ code: 0, runs: whole.runs });
    expect(called(LOGS)).toBeGreaterThan(5);
  });

  test("an empty page with a token, as Logging gives where it looked for long: not the end", async () => {
    breaking(LOGS, { edit: () => ({ nextPageToken: "page-1" }) }, { times: 1 });
    const ran = await collect();
    expect(ran, ran.stderr + ran.gaps).toMatchObject({ code: 0, runs: whole.runs });
  });

  test("the quota of 60 reads a minute is kept, not run into", async () => {
    shop.world.logReadsPerMinute = 60;
    shop.world.longestPage = 60;
    shop.configure({ gcp: QUICK, paced: true });
    const ran = await collect();
    expect(ran, ran.stderr + ran.gaps).toMatchObject({ code: 0, runs: whole.runs });
    const reads = shop.gcp.seen.filter((one) => LOGS.test(one.name));
    expect(reads.length).toBeGreaterThan(3);
    expect(reads.filter((one) => one.code !== "OK")).toEqual([]);
  });

  const lasting: [string, RegExp, Fault, RegExp][] = [
    ["RESOURCE_EXHAUSTED", SERIES, "RESOURCE_EXHAUSTED", /still throttled after \d+ attempts/],
    ["RESOURCE_EXHAUSTED of logs", LOGS, "RESOURCE_EXHAUSTED", /still throttled after \d+ attempts/],
    ["UNAVAILABLE", SERVICES, "UNAVAILABLE", /UNAVAILABLE/],
    ["no answer", /^functions:ListFunctions$/, "hang", /no answer within 2000 ms/],
    ["INTERNAL", /^eventarc:/, "INTERNAL", /INTERNAL|Internal error/],
    ["the same page token", LOGS, "repeated-token", /token repeats/],
    ["the same page token of REST", TRACES, "repeated-token", /token repeats/],
    ["a proxy's 503 in HTML", TRACES, "503-html", /503/],
    ["half an answer", TRACES, "garbage", /cut off|JSON|not understood|broken/i],
    ["bytes that are no message", SERVICES, "garbage", /pars|decod|broken|not understood|index out of range/i],
  ];
  test.each(lasting)("%s for ever: exit 4, a gap that says why, and the rest", async (_, match, fault, why) => {
    breaking(match, fault);
    const ran = await collect();
    expect(ran.code, ran.stderr + ran.gaps).toBe(4);
    expect(ran.gaps).toMatch(why);
    expect(ran.configs).toBeGreaterThan(0);
    if (match !== LOGS) expect(ran.runs).toBe(whole.runs);
  });

  test("credentials that are refused for ever: exit 3, and what to do", async () => {
    breaking(/^(?!token)/, "UNAUTHENTICATED", { after: 3 });
    const ran = await collect();
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("gcloud auth application-default login");
  });

  test("a token endpoint that gives none: exit 3, and what to do", async () => {
    shop.gcp.tokens.refusal = { status: 400, body: { error: "invalid_grant", error_description: "Token has been expired or revoked." } };
    const ran = await collect();
    expect(ran.code, ran.stderr).toBe(3);
    expect(ran.stderr).toContain("gcloud auth application-default login");
  });

  test("the key of a service account, and a machine whose clock is two hours off", async () => {
    const collectBy = (): Promise<Collected> => collect({ GOOGLE_APPLICATION_CREDENTIALS: shop.gcp.keyFile });
    expect(await collectBy()).toMatchObject({ code: 0, runs: whole.runs });
    shop.gcp.tokens.offsetMs = 7_200_000;
    const off = await collectBy();
    shop.gcp.tokens.offsetMs = 0;
    expect(off.code, off.stderr).toBe(3);
    expect(off.stderr).toContain("gcloud auth application-default login");
  });

  test("a project that is not there: exit 3, with its name", async () => {
    configure("shop-mail-419");
    const ran = await collect();
    expect(ran.code, ran.stderr).toBe(3);
    expect(ran.stderr).toContain("shop-mail-419");
  });

  test.each([
    "run.services.list",
    "cloudfunctions.functions.list",
    "logging.logEntries.list",
    "monitoring.timeSeries.list",
    "cloudtrace.traces.list",
    "eventarc.triggers.list",
    "datastore.databases.list",
  ])("without %s: exit 4, and a gap that names it", async (permission) => {
    shop.world.denied.add(permission);
    const ran = await collect();
    expect(ran.code, ran.stderr + ran.gaps).toBe(4);
    expect(ran.gaps).toContain(permission);
  });

  test.each(["eventarc.googleapis.com", "firestore.googleapis.com", "cloudfunctions.googleapis.com"])(
    "%s is not enabled: said so, and the rest",
    async (api) => {
      shop.world.disabled.add(api);
      const ran = await collect();
      expect([0, 4], ran.stderr).toContain(ran.code);
      expect(ran.gaps).toMatch(/not enabled/i);
      expect(ran.runs).toBe(whole.runs);
    },
  );

  const breaches: [string, RegExp, (answer: any) => unknown][] = [
    ["services without names", SERVICES, (answer) => answer.services?.forEach((one: any) => delete one.name)],
    ["a service without a template", SERVICES, (answer) => answer.services?.forEach((one: any) => delete one.template)],
    ["functions without names", /^functions:ListFunctions$/, (answer) => answer.functions?.forEach((one: any) => delete one.name)],
    [
      "entries without time and resource",
      LOGS,
      (answer) => answer.entries?.forEach((one: any) => (delete one.timestamp, delete one.resource)),
    ],
    [
      "points without a value",
      SERIES,
      (answer) => answer.timeSeries?.forEach((one: any) => one.points.forEach((point: any) => delete point.value)),
    ],
    ["traces that are no list", TRACES, () => ({ traces: "none" })],
    ["spans that are numbers", TRACES, () => ({ traces: [{ projectId: "p", traceId: "t", spans: [1, null, { spanId: {} }] }] })],
    ["an answer that is a list", /^eventarc:/, () => [1, 2]],
    ["triggers that are text", /^eventarc:/, () => ({ triggers: ["a", null] })],
    ["an answer that is null", /^firestore:databases/, () => "null"],
  ];
  test.each(breaches)("a breach of the specification: %s: no crash, the rest is read", async (_, match, edit) => {
    breaking(match, { edit });
    const ran = await collect();
    expect([0, 4], ran.stderr).toContain(ran.code);
    if (match !== LOGS) expect(ran.runs).toBe(whole.runs);
    if (ran.code === 0) expect(ran.configs).toBeGreaterThan(0);
    else expect(ran.gaps).not.toBe("");
  });
});
