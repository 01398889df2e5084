import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { twinName } from "../../../../src/clouds/aws/probe-name.ts";
import { openProber } from "../../../../src/clouds/aws/prober.ts";
import type { Obj } from "../../../../src/clouds/aws/schema.ts";
import type { LiveContext, Prober } from "../../../../src/clouds/room.ts";
import { silentHost } from "../../../../src/model/host.ts";
import { testContext, testTarget } from "../../../support/aws-client.ts";
import { ACCOUNT, arn, fail, FakeLambda, REGION } from "../../../support/fake-lambda.ts";

const ref = { cloud: "aws", account: ACCOUNT, region: REGION, kind: "lambda.function", resource: arn("orders"), name: "orders" } as const;
const OPTIONS = { sizesMib: [256, 512, 2048], rounds: 2, payloads: ['{"n":1}', '{"n":2}'], mayGoOn: () => true };
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** An answer whose tail holds the REPORT line that Lambda writes (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html). */
function answered(memoryMib: number, n: number, more: { durationMs?: number; init?: string; fields?: Obj } = {}): Obj {
  const durationMs = more.durationMs ?? 100_000 / memoryMib;
  const id = `${String(n).padStart(8, "0")}-0000-4000-8000-000000000000`;
  const report = `REPORT RequestId: ${id}\tDuration: ${durationMs} ms\tBilled Duration: ${Math.ceil(durationMs)} ms\tMemory Size: ${memoryMib} MB\tMax Memory Used: 80 MB\t${more.init ?? ""}`;
  return {
    StatusCode: 200,
    ExecutedVersion: "1",
    LogResult: base64(`hello\nEND RequestId: ${id}\n${report}\n`),
    Payload: base64("{}"),
    ...more.fields,
  };
}

function cloud(context: Partial<LiveContext> = {}): { api: FakeLambda; prober: Prober } {
  const api = new FakeLambda();
  api.add("orders");
  api.deploy("orders", "live");
  api.run = (memoryMib, n) => answered(memoryMib, n, n <= 3 ? { init: "Init Duration: 200.00 ms\t" } : {});
  return { api, prober: openProber(api, testTarget({ region: REGION }), testContext(context)) };
}

/** What a probe must leave as it was: the function, its versions and aliases; and nothing else there. */
function expectUntouched(api: FakeLambda): void {
  expect([...api.functions.keys()]).toEqual(["orders"]);
  const kept = api.functions.get("orders")!;
  expect(kept.latest).toMatchObject({ MemorySize: 512, RevisionId: "r1" });
  expect(kept.versions).toHaveLength(1);
  const writes = api.asked.filter(({ api: name }) => !/:(Get|List|Describe|Filter)/.test(name));
  expect(writes.filter(({ input }) => input["FunctionName"] !== "orders-evscope-probe")).toEqual([]);
}

describe("a probe", () => {
  it("runs versions of a copy, interleaved; the first run of each is discarded; the function itself is only read", async () => {
    const { api, prober } = cloud();
    const { runs, leftBehind, invocations, stopped } = await prober.probe(ref, OPTIONS);
    expectUntouched(api);
    const sent = api.called("lambda:Invoke");
    expect(sent.map((one) => one["Qualifier"])).toEqual(["1", "2", "3", "1", "2", "3", "1", "2", "3"]);
    const texts = api.asked
      .filter((one) => one.api === "lambda:Invoke")
      .map((one) => new TextDecoder().decode(one.input["Payload"] as unknown as Uint8Array));
    expect(texts).toEqual([...Array<string>(6).fill('{"n":1}'), ...Array<string>(3).fill('{"n":2}')]);
    // 100 000 MiB·ms each: 390.625, 195.3125 and 48.828125 ms; billed rounded up
    expect(runs).toEqual([
      { memoryMib: 256, durationsMs: [390.625, 390.625], billedMs: [391, 391], initMs: 200, maxUsedMib: 80, discardedBilledMs: 391 },
      { memoryMib: 512, durationsMs: [195.3125, 195.3125], billedMs: [196, 196], initMs: 200, maxUsedMib: 80, discardedBilledMs: 196 },
      { memoryMib: 2048, durationsMs: [48.828125, 48.828125], billedMs: [49, 49], initMs: 200, maxUsedMib: 80, discardedBilledMs: 49 },
    ]);
    expect({ leftBehind, stopped }).toEqual({ leftBehind: [], stopped: null });
    expect(invocations).toHaveLength(9);
    expect(invocations[3]).toMatchObject({
      fn: "orders",
      trigger: "probe",
      memoryMib: 256,
      billedMs: 391,
      outcome: "ok",
      architecture: "arm64",
      account: ACCOUNT,
    });
  });

  it("the copy runs as the function does, in its log group, with the same environment and image", async () => {
    const { api, prober } = cloud();
    await prober.probe(ref, OPTIONS);
    expect(api.called("lambda:CreateFunction")).toEqual([
      expect.objectContaining({
        FunctionName: "orders-evscope-probe",
        MemorySize: 256,
        Timeout: 3,
        Role: `arn:aws:iam::${ACCOUNT}:role/orders`,
        Architectures: ["arm64"],
        Environment: { Variables: { TABLE: "orders", TOKEN: "s3cr3t" } },
        LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/orders" },
        Code: { ImageUri: "repo/orders@sha256:1" },
        Tags: expect.objectContaining({ "evscope:probe-of": arn("orders") }),
      }),
    ]);
  });

  it("invocations are sent once, and wait as long as the function may run", async () => {
    const { api, prober } = cloud();
    await prober.probe(ref, OPTIONS);
    const options = api.asked.filter((one) => one.api === "lambda:Invoke").map((one) => one.options);
    expect(options.every((one) => one.once === true && one.timeoutMs! > 3_000)).toBe(true);
  });

  it("asks before anything is made, and before each measured round", async () => {
    const { api, prober } = cloud();
    expect((await prober.probe(ref, { ...OPTIONS, mayGoOn: () => false })).invocations).toEqual([]);
    expect(api.called("lambda:CreateFunction")).toEqual([]);
    const seen: number[] = [];
    const { runs } = await prober.probe(ref, {
      ...OPTIONS,
      rounds: 9,
      mayGoOn: (now) => (seen.push(now[0]!.durationsMs.length), now[0]!.durationsMs.length < 2),
    });
    expect(seen).toEqual([0, 0, 1, 2]);
    expect(runs.map((one) => one.durationsMs.length)).toEqual([2, 2, 2]);
    expectUntouched(api);
  });

  it("a cold run in a measured round is none of the figures", async () => {
    const { api, prober } = cloud();
    api.run = (memoryMib, n) => answered(memoryMib, n, n <= 3 || n === 5 ? { init: "Init Duration: 200.00 ms\t" } : {});
    const { runs } = await prober.probe(ref, OPTIONS);
    expect(runs.map((one) => one.durationsMs.length)).toEqual([2, 1, 2]);
  });
});

describe("cleans up whatever happens", () => {
  it("the function fails: nothing more is sent, how it ended is said, not what it answered", async () => {
    const { api, prober } = cloud();
    api.run = (memoryMib, n) =>
      n < 5
        ? answered(memoryMib, n)
        : answered(memoryMib, n, {
            fields: { FunctionError: "Unhandled", Payload: base64('{"errorType":"KeyError","errorMessage":"card 4111"}') },
          });
    const { stopped, invocations } = await prober.probe(ref, OPTIONS);
    expect(stopped).toBe("at 512 MiB the function ended with error (KeyError): nothing more was sent");
    expect(invocations.at(-1)).toMatchObject({ outcome: "error", errorType: "KeyError" });
    expect(invocations).toHaveLength(5);
    expectUntouched(api);
  });

  for (const api of ["lambda:UpdateFunctionConfiguration", "lambda:PublishVersion", "lambda:Invoke"] as const) {
    it(`${api} is refused`, async () => {
      const { api: fake, prober } = cloud();
      fake.before = (name) => {
        if (name === api) throw fail(name, "denied", "AccessDeniedException", "not authorized");
      };
      await expect(prober.probe(ref, OPTIONS)).rejects.toMatchObject({ exitCode: 3 });
      expectUntouched(fake);
    });
  }

  it.each(["before", "while"] as const)("Ctrl-C %s every call", async (when) => {
    const all = cloud();
    await all.prober.probe(ref, OPTIONS);
    const calls = all.api.asked.length;
    expect(calls).toBeGreaterThan(20);
    for (let at = 1; at < calls; at++) {
      const stop = new AbortController();
      const { api, prober } = cloud({ signal: stop.signal });
      let n = 0;
      const call = api.call.bind(api);
      // as the client does: nothing is sent, and no answer waited for, after the signal fired, but for what says so
      api.call = async (name, input, options) => {
        const mine = ++n === at;
        if (mine && when === "before") stop.abort();
        if (stop.signal.aborted && options?.evenAfterAbort !== true) throw stop.signal.reason;
        const answer = await call(name, input, options);
        if (mine) stop.abort();
        if (stop.signal.aborted && options?.evenAfterAbort !== true) throw stop.signal.reason;
        return answer;
      };
      await expect(prober.probe(ref, OPTIONS)).rejects.toThrow(/abort/i);
      expectUntouched(api);
    }
  });

  it("the answer to the creation is lost, but the copy was made", async () => {
    const { api, prober } = cloud();
    api.after = (name) => {
      if (name === "lambda:CreateFunction") throw fail(name, "unreachable", "ECONNRESET", "socket hang up", true);
    };
    await expect(prober.probe(ref, OPTIONS)).rejects.toMatchObject({ exitCode: 4 });
    expectUntouched(api);
  });

  it("a deletion that fails is tried again, then said", async () => {
    const warned: string[] = [];
    const { api, prober } = cloud({ host: { ...silentHost, warn: (message) => void warned.push(message) } });
    api.before = (name) => {
      if (name === "lambda:DeleteFunction") throw fail(name, "failed", "ServiceException", "internal", true);
    };
    expect((await prober.probe(ref, OPTIONS)).leftBehind).toEqual(["orders-evscope-probe"]);
    expect(api.called("lambda:DeleteFunction")).toHaveLength(5);
    expect(warned).toEqual([expect.stringContaining("aws lambda delete-function --function-name orders-evscope-probe")]);
  });
});

describe("what a refusal repeats of the request is not told", () => {
  const SECRET = "sk_live_planted_0001";
  const said = async (api: FakeLambda, prober: Prober, payload = "{}"): Promise<string> => {
    const error = await prober.probe(ref, { ...OPTIONS, payloads: [payload] }).catch((caught: unknown) => caught as Error);
    expect([...api.functions.keys()]).toEqual(["orders"]);
    return (error as Error).message;
  };

  it("the payload", async () => {
    const { api, prober } = cloud();
    api.before = (name, input) => {
      const sent = new TextDecoder().decode(input["Payload"] as unknown as Uint8Array);
      // https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
      if (name === "lambda:Invoke") throw fail(name, "invalid", "InvalidRequestContentException", `Could not parse request body: ${sent}`);
    };
    const message = await said(api, prober, JSON.stringify({ token: SECRET }));
    expect(message).toContain("InvalidRequestContentException");
    expect(message).not.toContain(SECRET);
  });

  it("environment variables", async () => {
    const { api, prober } = cloud();
    const Variables = { STAGE: "prod", TOKEN: SECRET, LAST: `"other ${SECRET}` };
    api.change("orders", { Environment: { Variables } });
    api.before = (name) => {
      const why = `Environment variables exceeded the 4KB limit in prod. String measured: ${JSON.stringify(Variables)}`.slice(0, -8);
      if (name === "lambda:CreateFunction") throw fail(name, "invalid", "InvalidParameterValueException", why);
    };
    const message = await said(api, prober);
    expect(message).toMatch(/ limit in prod\. String measured: \{"STAGE":"prod","TOKEN":"…$/);
  });
});

describe("a copy that is there already", () => {
  const tags = { "evscope:probe-of": arn("orders") };

  it("of a running probe: refused, and left alone", async () => {
    const { api, prober } = cloud();
    api.add("orders-evscope-probe", { LastModified: "2026-11-22T23:50:00.000+0000" }, tags);
    await expect(prober.probe(ref, OPTIONS)).rejects.toMatchObject({ exitCode: 5, message: expect.stringContaining("is running") });
    expect(api.functions.has("orders-evscope-probe")).toBe(true);
  });

  it("of a probe that was killed: replaced", async () => {
    const { api, prober } = cloud();
    api.add("orders-evscope-probe", { LastModified: "2026-11-22T20:00:00.000+0000" }, tags);
    expect((await prober.probe(ref, OPTIONS)).invocations).toHaveLength(9);
    expectUntouched(api);
  });

  it("somebody else's function of that name: refused, and left alone", async () => {
    const { api, prober } = cloud();
    api.add("orders-evscope-probe", { LastModified: "2026-01-01T00:00:00.000+0000" });
    await expect(prober.probe(ref, OPTIONS)).rejects.toMatchObject({ exitCode: 5, message: expect.stringContaining("did not make") });
    expect(api.called("lambda:DeleteFunction")).toEqual([]);
  });
});

describe("what cannot be copied is refused with the reason", () => {
  const cases: [Obj, RegExp][] = [
    [{ CapacityProviderConfig: {} }, /Managed Instances/],
    [{ DurableConfig: {} }, /durable/],
    [{ TenancyConfig: {} }, /tenants/],
    [{ Environment: { Error: { ErrorCode: "AccessDeniedException" } } }, /environment variables cannot be read \(AccessDeniedException\)/],
  ];
  for (const [fields, message] of cases) {
    it(Object.keys(fields)[0]!, async () => {
      const { api, prober } = cloud();
      api.change("orders", fields);
      await expect(prober.probe(ref, OPTIONS)).rejects.toThrow(message);
      expect(api.called("lambda:CreateFunction")).toEqual([]);
    });
  }
});

describe("code that is a package", () => {
  const bytes = Buffer.from("PK package");
  const sha = createHash("sha256").update(bytes).digest("base64");

  async function withPackage(sha256: string, run: (api: FakeLambda, prober: Prober) => Promise<void>): Promise<void> {
    const server = createServer((_, response) => void response.end(bytes));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { api, prober } = cloud();
      api.change("orders", { CodeSha256: sha256 });
      const call = api.call.bind(api);
      api.call = async (name, input, options) => {
        const answer = await call(name, input, options);
        const Location = `http://127.0.0.1:${(server.address() as AddressInfo).port}/code?X-Amz-Signature=abc`;
        return name === "lambda:GetFunction" ? { ...answer, Code: { RepositoryType: "S3", Location } } : answer;
      };
      await run(api, prober);
    } finally {
      server.close();
    }
  }

  it("is fetched, held against its hash and sent", () =>
    withPackage(sha, async (api, prober) => {
      await prober.probe(ref, OPTIONS);
      const sent = api.asked.find((one) => one.api === "lambda:CreateFunction")!.input["Code"] as unknown as { ZipFile: Uint8Array };
      expect(Buffer.from(sent.ZipFile).equals(bytes)).toBe(true);
    }));

  it("is refused where the hash is another; the signed address is in no message", () =>
    withPackage("c29tZXRoaW5nIGVsc2U=", async (api, prober) => {
      const error = await prober.probe(ref, OPTIONS).catch((caught: unknown) => caught as Error);
      expect(error).toMatchObject({ message: expect.stringContaining("by its hash") });
      expect(String((error as Error).message)).not.toContain("Signature");
      expect(api.called("lambda:CreateFunction")).toEqual([]);
    }));
});

it("the name of the copy fits into 64 characters and is one per function", () => {
  expect(twinName("orders")).toBe("orders-evscope-probe");
  const [a, b] = [twinName(`${"x".repeat(63)}a`), twinName(`${"x".repeat(63)}b`)];
  expect(a).toHaveLength(64);
  expect(a).not.toBe(b);
  expect(twinName("x".repeat(50))).toBe(`${"x".repeat(50)}-evscope-probe`);
});
