/** Commands that only read, before hostile names, hostile endpoints and hostile users; whose tokens go where, and what is left when one is stopped. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Obj } from "../support/gcp/protos.ts";
import { type Shop, startShop } from "../support/gcp/shop.ts";

const BIN = fileURLToPath(new URL("../../../bin/run.js", import.meta.url));
const HOSTILE = "=cmd|calc!A1\u001b]0;owned\u0007\u001b[31m|<b>`x`\u202e";

describe("reading Google Cloud", () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await startShop({ pubsub: false, orders: 10 });
    shop.configure({ gcp: "retryFor: 3s, requestTimeout: 2s" });
  }, 60_000);
  afterEach(() => {
    shop.gcp.faults.clear();
    const writes = shop.gcp.writes();
    const { violations } = shop.gcp;
    expect([writes, violations]).toEqual([[], []]);
    shop.gcp.seen.length = 0;
  });
  afterAll(() => shop?.stop());

  const collect = (...args: string[]) => shop.cli("collect", "--since", "2h", "--format", "json", ...args);
  const clean = (text: string): void => expect(text).not.toMatch(/\n\s+at |TypeError|RangeError|ya29\.|BEGIN PRIVATE KEY/);

  it("impersonation: the account's token is asked for once, used for all calls, and nothing is warned of", async () => {
    const given = shop.gcp.tokens.given;
    const yaml = join(shop.home, "evscope.yaml");
    const was = readFileSync(yaml, "utf8");
    writeFileSync(yaml, was.replace("name: shop,", "name: shop, impersonate: reader@shop-mail-418.iam.gserviceaccount.com,"));
    const ran = await collect();
    expect(ran.code, ran.stderr).toBe(0);
    clean(ran.stdout + ran.stderr);
    expect(ran.stderr).not.toMatch(/malicious|validate/);
    const asked = shop.gcp.seen.filter((one) => one.name === "iamcredentials:generateAccessToken");
    expect(asked.map((one) => one.request["account"])).toEqual(["reader@shop-mail-418.iam.gserviceaccount.com"]);
    expect(shop.gcp.tokens.given).toBe(given + 2);
    shop.gcp.faults.rules.push({ match: /^iamcredentials:/, fault: "PERMISSION_DENIED" });
    const denied = await collect();
    writeFileSync(yaml, was);
    expect(denied.code, denied.stderr + denied.stdout).toBe(3);
    expect(denied.stderr).toContain("roles/iam.serviceAccountTokenCreator");
    clean(denied.stdout + denied.stderr);
  });

  it("a redirection takes no token along", async () => {
    const got: (string | undefined)[] = [];
    const plain = createServer((request, response) => {
      got.push(request.headers.authorization);
      response.end("{}");
    });
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
    const redirect = `http://localhost:${(plain.address() as AddressInfo).port}/v1/`;
    shop.gcp.faults.rules.push({ match: /^(eventarc|cloudtrace):/, fault: { redirect } });
    const ran = await collect();
    await new Promise((resolve) => (plain.closeAllConnections(), plain.close(resolve)));
    expect(ran.code, ran.stderr).toBe(4);
    clean(ran.stdout + ran.stderr);
    expect(got).toEqual([]);
  });

  it("a token is in no message, not even where all is told", async () => {
    const ran = await shop.cliWith({ EVSCOPE_DEBUG: "1", DEBUG: "*" }, "collect", "--since", "2h");
    expect(ran.stderr + ran.stdout).not.toMatch(/ya29\.test|eyJhbGciOi/);
    shop.gcp.faults.rules.push({ match: /^(?!token)/, fault: "UNAUTHENTICATED", after: 2 });
    const failed = await shop.cliWith({ EVSCOPE_DEBUG: "1" }, "collect", "--since", "2h");
    expect(failed.code).toBe(3);
    expect(failed.stderr + failed.stdout).not.toMatch(/ya29\.test|eyJhbGciOi/);
  });

  it("names and lines that would be commands to terminals and spreadsheets are text", async () => {
    const service = structuredClone(shop.world.service("checkout"));
    const [first] = shop.world.entries as [Obj];
    service["name"] = `${service["name"]}-x`;
    service["labels"] = { "managed-by": HOSTILE };
    service["template"].containers[0].env = [{ name: HOSTILE, value: HOSTILE }];
    shop.world.services.push(service);
    shop.world.topics.push({ name: `projects/${shop.world.project}/topics/${HOSTILE}` });
    const deep = JSON.parse(`${'{"a":'.repeat(25)}1${"}".repeat(25)}`);
    shop.world.entries.push(
      { ...structuredClone(first), insertId: "h1", textPayload: undefined, jsonPayload: { message: HOSTILE, orderId: HOSTILE, deep } },
      { ...structuredClone(first), insertId: "h2", jsonPayload: undefined, textPayload: HOSTILE + "x".repeat(200_000) },
    );
    const ran = await collect();
    expect([0, 4], ran.stderr).toContain(ran.code);
    for (const args of [
      ["chains"],
      ["trace", HOSTILE],
      ["trace", 'x" OR resource.type="gce_instance'],
      ["rightsize"],
      ["cost"],
      ["cost", "--format", "csv"],
    ]) {
      const told = await shop.cli(...args);
      clean(told.stdout + told.stderr);
      // eslint-disable-next-line no-control-regex
      expect(told.stdout + told.stderr, args.join(" ")).not.toMatch(/\u001b\]|\u0007|\u202e|(^|[,\n])"?=cmd/);
    }
    shop.world.services.pop();
    shop.world.topics.pop();
    shop.world.entries.splice(-2);
  });

  it.each(['o" OR logName:"', "a\\", '") OR timestamp>="1970', "x\u2028y", "%22", "\ud83d", "--"])(
    "an ID like %j ends no quotes of a filter",
    async (id) => {
      const ran = await shop.cli("trace", "--live", "--since", "2h", "--format", "json", "--", id);
      clean(ran.stdout + ran.stderr);
      expect([0, 1, 2, 4], ran.stderr).toContain(ran.code);
      // the servers parse every filter by Google's grammar, and know no others than these restrictions
      expect(shop.gcp.seen.filter((one) => one.code === "INVALID_ARGUMENT")).toEqual([]);
    },
  );

  it("each of the commands that advise or plan sends no write, whatever breaks", async () => {
    await collect();
    for (const [fault, ...args] of [
      ["UNAVAILABLE", "doctor"],
      ["RESOURCE_EXHAUSTED", "rightsize", "--live"],
      ["reset", "plan", "--out", "p.json"],
    ] as const) {
      shop.gcp.faults.clear();
      shop.gcp.faults.rules.push({ match: /Get|List|list/, fault, times: 2 });
      const ran = await shop.cli(...args);
      clean(ran.stdout + ran.stderr);
    }
    expect(shop.gcp.seen.length).toBeGreaterThan(20);
    expect(shop.gcp.writes()).toEqual([]);
  });

  it("stopped in the middle: what came is usable, and the next run goes on to the same end", async () => {
    rmSync(join(shop.home, ".evscope"), { recursive: true, force: true });
    await collect();
    const was = (await shop.cli("cost", "--offline", "--format", "csv")).stdout;
    expect(was).toContain("mailer");
    rmSync(join(shop.home, ".evscope"), { recursive: true });
    const code = await new Promise<number | null>((resolve) => {
      const child = spawn(process.execPath, [BIN, "collect", "--since", "2h"], {
        cwd: shop.home,
        env: { ...process.env, ...shop.env, CI: "true" },
        stdio: "ignore",
        timeout: 60_000,
      });
      shop.gcp.faults.rules.push({
        match: /^(monitoring|cloudtrace)/,
        fault: { before: () => (child.kill("SIGINT"), new Promise((done) => setTimeout(done, 500))) },
        after: 1,
      });
      child.on("close", resolve);
    });
    expect(code).toBe(130);
    shop.gcp.faults.clear();
    const between = await shop.cli("cost", "--offline");
    clean(between.stdout + between.stderr);
    const ran = await collect();
    expect(ran.code, ran.stderr).toBe(0);
    const costs = async (): Promise<string> => (await shop.cli("cost", "--offline", "--format", "csv")).stdout;
    const resumed = await costs();
    expect(resumed).toBe(was);
  });
});
