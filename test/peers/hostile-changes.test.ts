/**
 * A function whose owner means harm, probed and changed by the built CLI: nothing of what the server says steers a terminal, and the event
 * that is sent is in no file and no message.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateFunctionCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine, quote } from "../../src/store/duckdb.ts";
import { evscope, type Ran } from "../support/cli.ts";
import { type FakeAnswer, type FaultProxy, type SeenRequest, startFaultProxy } from "../support/fault-proxy.ts";
import { type MotoOrders, startOrders } from "./support/moto-orders.ts";
import { clientEnv, has } from "./support/servers.ts";

const SECRET = "sk_live_51HostilePlanted0001";
/** Clears the screen, sets a title, is a formula, and turns the line round. */
const HARM = '=HYPERLINK("http://x")\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e\r';
/** Whatever a terminal obeys, but for line ends: C0, DEL, C1, and the signs that turn text round. */
// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe.skipIf(!has("moto"))("hostile data in probes and changes", () => {
  let orders: MotoOrders;
  let proxy: FaultProxy;
  /** What the server answers instead; null: as it is. */
  let answer: (seen: SeenRequest) => FakeAnswer | null = () => null;

  async function forward(seen: SeenRequest): Promise<FakeAnswer> {
    const own = answer(seen);
    if (own !== null) return own;
    const headers = new Headers();
    for (const [name, value] of Object.entries(seen.headers))
      if (!/^(host|connection|content-length|transfer-encoding|expect)$/.test(name) && value !== undefined)
        headers.set(name, String(value));
    const got = await fetch(orders.peer.url + seen.path, { method: seen.method, headers, body: seen.body === "" ? null : seen.body });
    const type = got.headers.get("x-amzn-errortype");
    const kept: Record<string, string> = {
      "content-type": got.headers.get("content-type") ?? "",
      ...(type ? { "x-amzn-errortype": type } : {}),
    };
    return { status: got.status, headers: kept, body: await got.text() };
  }
  const run = (...args: string[]): Promise<Ran> =>
    evscope(args, { cwd: orders.home, env: { ...clientEnv(proxy.url, orders.home), EVSCOPE_DEBUG: "1" } });
  const harmless = (ran: Ran): void => {
    expect(ran.stdout + ran.stderr).not.toMatch(OBEYED);
    expect(ran.stdout + ran.stderr).not.toContain(SECRET);
    expect(ran.code, ran.stderr).not.toBe(1);
  };

  beforeAll(async () => {
    orders = await startOrders({ lambda: { use_docker: false } });
    await orders.lambda.send(
      new CreateFunctionCommand({
        FunctionName: "thumb",
        PackageType: "Image",
        Code: { ImageUri: "123456789012.dkr.ecr.us-east-1.amazonaws.com/thumb:1" },
        Role: orders.system.role,
        Description: HARM.slice(0, 40),
        Tags: { [`owner ${HARM}`]: HARM, "aws:cloudformation:stack-name": HARM },
        MemorySize: 512,
        Timeout: 3,
      }),
    );
    proxy = await startFaultProxy(forward);
    writeFileSync(join(orders.home, "event.json"), JSON.stringify({ token: SECRET, note: HARM }));
    const collected = await run("collect");
    harmless(collected);
    expect(collected.code, collected.stderr).toBe(0);
  }, 120_000);
  afterAll(async () => {
    await proxy?.close();
    await orders?.stop();
  });

  const probe = (...args: string[]): Promise<Ran> =>
    run("probe", "thumb", "--payload", "event.json", "--sizes", "128,512", "--rounds", "1", "--yes", ...args);
  const reported =
    (errorType: string | null, body: string): ((seen: SeenRequest) => FakeAnswer | null) =>
    (seen) => {
      if (!seen.path.includes("/invocations")) return null;
      const id = `00000000-0000-4000-8000-${String(proxy.requests.length).padStart(12, "0")}`;
      const tail = `${HARM} got ${seen.body}\nREPORT RequestId: ${id}\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n`;
      const failed: Record<string, string> = errorType === null ? {} : { "x-amz-function-error": errorType };
      return { status: 200, headers: { "x-amz-log-result": Buffer.from(tail).toString("base64"), ...failed }, body };
    };

  it.each([
    ["runs that log what they were sent", null, JSON.stringify({ echo: SECRET })],
    ["an error that says what it was sent", "Unhandled", JSON.stringify({ errorType: `Err${HARM}`, errorMessage: `bad token ${SECRET}` })],
    ["an error type that is the secret of nobody", HARM.replace(/[^\x20-\x7e]/g, ""), `{"errorType":"=1+1","errorMessage":"${SECRET}"}`],
  ])("probe: %s", async (_, errorType, body) => {
    answer = reported(errorType, body);
    for (const format of ["table", "json"]) {
      const ran = await probe("--format", format);
      harmless(ran);
      expect(ran.code, ran.stderr).toBe(errorType === null ? 0 : 4);
    }
  });

  it.each([
    ["CreateFunction", /:POST \/2015-03-31\/functions$/],
    ["Invoke", /\/invocations/],
  ])("probe: %s refused in words that repeat the request", async (_, name) => {
    answer = (seen) => (name.test(seen.name) ? refusal(`Could not parse request body: ${seen.body}${HARM}`) : null);
    const ran = await probe();
    harmless(ran);
    expect(ran.code).toBe(4);
  });

  it("a write that is refused in hostile words is in the journal, and shown without harm", async () => {
    answer = (seen) => (seen.name.startsWith("lambda:PUT") ? refusal(HARM) : null);
    const ran = await run("rightsize", "--offline", "--min-saving", "0", "--apply", "--yes", "--function", "charge");
    harmless(ran);
    expect(ran.code).toBe(4);
    for (const format of ["table", "json"]) {
      const [shown, undone] = [await run("journal", runOf(ran), "--format", format), await run("undo", "--last", "--yes", "--dry-run")];
      harmless(shown);
      harmless(undone);
      expect(shown.stdout).toContain("HYPERLINK");
    }
  });

  it("no file holds the secret: dataset, journal, plans", async () => {
    const folder = join(orders.home, ".evscope");
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const parquet = files.filter((one) => one.name.endsWith(".parquet")).map((one) => join(one.parentPath, one.name));
    for (const one of files) expect(readFileSync(join(one.parentPath, one.name)).includes(SECRET), one.name).toBe(false);
    // compressed: read by DuckDB itself
    const engine = await Engine.open({ threads: 1, memoryMib: 256, spillDir: null });
    let probes = 0;
    try {
      for (const path of parquet) {
        const rows = JSON.stringify(await engine.rows(`SELECT t::VARCHAR FROM read_parquet(${quote(path)}) t`));
        expect(rows, path).not.toContain(SECRET);
        if (rows.includes("probe")) probes += 1;
      }
    } finally {
      engine.close();
    }
    expect(parquet.length).toBeGreaterThan(3);
    expect(probes).toBeGreaterThan(0);
    expect(files.some((one) => one.name === "journal.ndjson")).toBe(true);
  });
});

/** Name of the run that a command says it journalled. */
const runOf = (ran: Ran): string => /Run (\d{8}T\d{6}-[0-9a-f]+)/.exec(ran.stdout)![1]!;

function refusal(message: string): FakeAnswer {
  return {
    status: 400,
    headers: { "x-amzn-errortype": "InvalidParameterValueException" },
    body: { Type: "User", message, Message: message },
  };
}
