/** The client over real sockets, each answer told: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { protobuf } from "google-gax";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { GcpApi } from "../../../../src/clouds/gcp/api.ts";
import { openGcp } from "../../../../src/clouds/gcp/client.ts";
import { reasonOf } from "../../../../src/clouds/gcp/live-gaps.ts";
import type { Ms } from "../../../../src/model/units.ts";
import { plainGcp, type PlainGcp, statusDetails } from "../../../support/plain-gcp.ts";
import { gcpContext, gcpTarget } from "../../../support/scripted-gcp.ts";
import { type VirtualClock, virtualClock } from "../../../support/virtual-clock.ts";

const LIST = "/google.cloud.run.v2.Services/ListServices";
const UPDATE = "/google.cloud.run.v2.Services/UpdateService";
const TRIGGERS = "/v1/projects/shop-418/locations/-/triggers";
const run = protobuf.Root.fromJSON(
  createRequire(import.meta.url)("@google-cloud/run/build/protos/protos.json") as Parameters<typeof protobuf.Root.fromJSON>[0],
);
const bytes = (type: string, value: object): { bytes: Uint8Array } => {
  const found = run.lookupType(`google.cloud.run.v2.${type}`);
  return { bytes: found.encode(found.fromObject(value)).finish() };
};
const services = (...names: string[]): { bytes: Uint8Array } =>
  bytes("ListServicesResponse", { services: names.map((name) => ({ name })) });

let server: PlainGcp;
let clock: VirtualClock;
let api: GcpApi;
beforeEach(async () => {
  server = await plainGcp([LIST, UPDATE]);
  clock = virtualClock();
  api = await open();
});
afterEach(async () => {
  api.close();
  await server.stop();
});

function open(patienceMs: Ms = 60_000): Promise<GcpApi> {
  const endpoints = { run: server.grpc, eventarc: server.rest, cloudresourcemanager: server.rest };
  return openGcp(gcpTarget({ endpoints }), gcpContext({ clock, patienceMs }));
}

const list = (): Promise<unknown> => api.call("run:Services.ListServices", { parent: "projects/p/locations/l" });
const update = (): Promise<unknown> =>
  api.call("run:Services.UpdateService", { service: { name: "projects/p/locations/l/services/s", etag: '"1"' }, updateMask: "traffic" });
const triggers = (): Promise<unknown> => api.call("eventarc:triggers.list", { parent: "projects/shop-418/locations/-" });

test("the answer is what REST would say, and without TLS no credentials are sent", async () => {
  const service = {
    name: "s",
    generation: 3,
    updateTime: { seconds: 1_767_225_600, nanos: 500_000_000 },
    template: { timeout: { seconds: 60 }, containers: [{ image: "i", resources: { limits: { memory: "512Mi" }, cpuIdle: true } }] },
    traffic: [{ type: 1, percent: 100 }],
    scaling: { minInstanceCount: 0 },
  };
  server.answers[LIST] = [bytes("ListServicesResponse", { services: [service] })];
  // https://protobuf.dev/programming-guides/json: int64 as text, times as RFC 3339, enums by name, defaults left out
  expect(await list()).toEqual({
    services: [
      {
        name: "s",
        generation: "3",
        updateTime: "2026-01-01T00:00:00.500Z",
        template: { timeout: "60s", containers: [{ image: "i", resources: { limits: { memory: "512Mi" }, cpuIdle: true } }] },
        traffic: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 }],
        scaling: {},
      },
    ],
  });
  expect(server.headers[0]).toMatchObject({ "x-goog-request-params": "location=l" });
  expect(server.headers[0]).not.toHaveProperty("authorization");
});

test("one request too many is sent again, after the pause that the server asks for", async () => {
  const metadata = statusDetails(8, [{ type: "RetryInfo", value: { retryDelay: { seconds: 7 } } }]);
  server.answers[LIST] = [
    { code: 8, details: "Quota exceeded for quota metric 'Read requests'", metadata },
    { code: 8, details: "Quota exceeded for quota metric 'Read requests'" },
    services("s"),
  ];
  expect(await list()).toEqual({ services: [{ name: "s" }] });
  expect(api.calls()).toEqual([{ api: "run:Services.ListServices", calls: 3, throttled: 2, failed: 0 }]);
  expect(clock.slept.filter((ms) => ms >= 7_000)).toHaveLength(1);
});

test("a daily quota is not waited for", async () => {
  server.answers[LIST] = [{ code: 8, details: "Quota exceeded for quota metric 'Reads' and limit 'Reads per day'" }];
  await expect(list()).rejects.toMatchObject({ kind: "throttled", attempts: 1 });
});

test.each([
  [14, "unreachable"],
  [13, "failed"],
  [4, "unreachable"],
  [10, "conflict"],
] as const)("status %i of a read is tried again; of a write it is %s, and never repeated", async (code, kind) => {
  server.answers[LIST] = [{ code, details: "passing" }, services("s")];
  server.answers[UPDATE] = [{ code, details: "passing" }];
  expect(await list()).toEqual({ services: [{ name: "s" }] });
  await expect(update()).rejects.toMatchObject({ kind, attempts: 1, mayHaveHappened: code !== 10 });
});

test("what is refused names the permission; an API that is off is told from one that is unknown", async () => {
  const metadata = statusDetails(7, [
    { type: "ErrorInfo", value: { reason: "SERVICE_DISABLED", domain: "googleapis.com", metadata: { service: "run.googleapis.com" } } },
  ]);
  server.answers[LIST] = [
    {
      code: 7,
      details: "Permission 'run.services.list' denied on resource '//run.googleapis.com/projects/p' (or resource may not exist).",
    },
    { code: 7, details: "Cloud Run Admin API has not been used in project 1 before or it is disabled.", metadata },
    { code: 12, details: "Method not found." },
  ];
  await expect(list()).rejects.toMatchObject({ kind: "denied", code: "PERMISSION_DENIED", permission: "run.services.list" });
  const off = await list().catch((error: unknown) => error);
  expect(off).toMatchObject({ kind: "unsupported", code: "SERVICE_DISABLED" });
  expect(reasonOf(off as never)).toBe("the API is not enabled in this project: gcloud services enable run.googleapis.com");
  await expect(list()).rejects.toMatchObject({ kind: "unsupported", code: "UNIMPLEMENTED" });
});

test("a project that is not there ends the command", async () => {
  const metadata = statusDetails(7, [{ type: "ErrorInfo", value: { reason: "CONSUMER_INVALID", domain: "googleapis.com" } }]);
  server.answers[LIST] = [{ code: 7, details: "Permission denied: Consumer 'projects/shop-418' has been suspended.", metadata }];
  await expect(list()).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining("no Google Cloud project shop-418") });
});

test("a network that leads nowhere is no matter of the project: exit 3, what to check", async () => {
  const folder = mkdtempSync(join(tmpdir(), "evscope-gcp-client-"));
  const file = join(folder, "key.json");
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const account = { type: "service_account", client_email: "evscope@shop-418.iam.gserviceaccount.com", private_key: privateKey };
  // nobody listens on port 1
  writeFileSync(file, JSON.stringify({ ...account, private_key_id: "1", client_id: "1", token_uri: "http://127.0.0.1:1/token" }));
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", file);
  try {
    const target = gcpTarget({ endpoints: { cloudresourcemanager: "https://127.0.0.1:1" } });
    await expect(openGcp(target, gcpContext({ clock, patienceMs: 5_000 }))).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/cannot ask for project shop-418: .*ECONNREFUSED/),
      suggestions: [expect.stringContaining("check the network")],
    });
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});

test("bytes that are no message are a broken answer", async () => {
  api.close();
  api = await open(1_000);
  server.answers[LIST] = [{ bytes: Buffer.from("ffffffffff", "hex") }];
  await expect(list()).rejects.toMatchObject({ name: "CallError", kind: "broken-answer" });
});

test("an answer that never comes is given up", async () => {
  api.close();
  api = await open(500);
  server.answers[LIST] = ["silence"];
  await expect(list()).rejects.toMatchObject({ kind: "unreachable", code: "DEADLINE_EXCEEDED" });
});

test("a page token that comes again ends the list", async () => {
  server.answers[LIST] = [bytes("ListServicesResponse", { services: [{ name: "s" }], nextPageToken: "again" })];
  const seen: unknown[] = [];
  const all = async (): Promise<void> => {
    for await (const page of api.pages("run:Services.ListServices", { parent: "projects/p/locations/l" })) seen.push(page);
  };
  await expect(all()).rejects.toMatchObject({ kind: "broken-answer", message: expect.stringContaining("repeats") });
  expect(seen).toHaveLength(2);
});

test("REST says the same things in its own way", async () => {
  const error = (code: number, status: string, message: string): string => JSON.stringify({ error: { code, status, message } });
  server.answers[TRIGGERS] = [
    { status: 429, body: error(429, "RESOURCE_EXHAUSTED", "Quota exceeded"), headers: { "retry-after": "3" } },
    { status: 503, body: "<html>Service Unavailable</html>", headers: { "content-type": "text/html" } },
    { status: 200, body: JSON.stringify({ triggers: [{ name: "t" }] }) },
    { status: 403, body: error(403, "PERMISSION_DENIED", "Permission 'eventarc.triggers.list' denied") },
    { status: 404, body: "<html>not here</html>", headers: { "content-type": "text/html" } },
    { status: 404, body: error(404, "NOT_FOUND", "no such location") },
  ];
  expect(await triggers()).toEqual({ triggers: [{ name: "t" }] });
  expect(clock.slept.some((ms) => ms >= 3_000)).toBe(true);
  await expect(triggers()).rejects.toMatchObject({ kind: "denied", permission: "eventarc.triggers.list", status: 403 });
  await expect(triggers()).rejects.toMatchObject({ kind: "unsupported", status: 404 });
  await expect(triggers()).rejects.toMatchObject({ kind: "not-found", status: 404 });
  api.close();
  api = await open(1_000);
  server.answers[TRIGGERS] = [{ status: 200, body: "<html>sign in</html>", headers: { "content-type": "text/html" } }];
  await expect(triggers()).rejects.toMatchObject({ kind: "broken-answer" });
});

test("a port that nobody listens on is tried for seconds, not for the whole patience", async () => {
  api.close();
  await server.stop();
  await expect(list()).rejects.toMatchObject({
    kind: "unreachable",
    mayHaveHappened: false,
    message: expect.stringContaining("ECONNREFUSED"),
  });
  expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(15_000);
  server = await plainGcp([LIST]);
  api = await open();
});
