/**
 * Azure on https://localhost: token endpoint, Resource Manager, Resource Graph, Log Analytics and metrics. Every request and answer is
 * judged by Microsoft's specification (`prism.ts`), every KQL text by Microsoft's parser; what either objects to is in `violations`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { fakeAzure } from "./fake.ts";
import { faults, type Rule, sendFaulty } from "./faults.ts";
import { type Answer, armError, forward, readRequest, type Seen, sendAnswer } from "./http.ts";
import { type Identity, identity, SECRET } from "./identity.ts";
import { hasSpecs, startPrism } from "./prism.ts";
import { CLIENT_ID, type World } from "./world.ts";

export interface Azure {
  /** https://localhost:PORT */
  url: string;
  /** Of a child process: credentials, certificate, an empty HOME. */
  env: Record<string, string>;
  home: string;
  world: World;
  rules: Rule[];
  requests: Seen[];
  identity: Identity;
  /** What specification and parser objected to. */
  violations: string[];
  /** A specification judged what was sent and answered. */
  judged: boolean;
  /** `METHOD /path/{}` of requests that no specification knows: they were not judged. */
  unjudged: Set<string>;
  /** `METHOD path` of requests so far that could have changed something. */
  writes(): string[];
  stop(): Promise<void>;
}

/** POST that only reads. */
const READS = /\/(?:query|search|resources|list|metrics:getBatch|token)$/i;

/** `judged: false` leaves Prism out (a test of faults needs no second judgement), as does a machine without the specifications. */
export async function startAzure(world: World, { judged = hasSpecs() }: { judged?: boolean } = {}): Promise<Azure> {
  const home = mkdtempSync(join(tmpdir(), "evscope-azure-"));
  const certificate = await certificateOf();
  const caFile = join(home, "ca.pem");
  writeFileSync(caFile, certificate.cert);
  const [requests, violations, unjudged, struck] = [[] as Seen[], [] as string[], new Set<string>(), faults()];
  let url = "";
  const tokens = identity(world.tenant, CLIENT_ID, () => url);
  const fake = await fakeAzure(world, () => url, violations);
  const inner = createServer((request, response) => {
    void readRequest(request).then(async (seen) => sendAnswer(response, await answered(seen)));
  });
  await new Promise<void>((resolve) => inner.listen(0, "127.0.0.1", resolve));
  const innerUrl = `http://127.0.0.1:${(inner.address() as AddressInfo).port}`;
  const judge = judged ? await startPrism(innerUrl) : null;

  async function answered(seen: Seen): Promise<Answer> {
    try {
      return await fake.answer(seen);
    } catch (error) {
      violations.push(`the fake: ${seen.method} ${seen.path}: ${(error as Error).stack}`);
      return armError(500, "Fake", String(error));
    }
  }

  async function judgedAnswer(seen: Seen): Promise<Answer> {
    if (judge === null) return answered(seen);
    const answer = await forward(judge.url, seen);
    const problem = /stoplight\.io\/prism\/errors#(\w+)/.exec(answer.body)?.[1];
    if (problem === undefined) return answer;
    if (/^NO_(?:PATH|METHOD|RESOURCE|SERVER)/.test(problem)) {
      unjudged.add(shapeOf(seen));
      return answered(seen);
    }
    violations.push(
      `${problem}: ${seen.method} ${seen.path}?${seen.query}: ${answer.body.slice(0, 2000)}\nsent: ${seen.body.slice(0, 1000)}`,
    );
    return answer;
  }

  const front = createTlsServer({ key: certificate.private, cert: certificate.cert }, (request, response) => {
    void readRequest(request).then(async (seen) => {
      requests.push(seen);
      const token = tokens.answer(seen);
      const full = async (): Promise<Answer> => {
        const answer = token ?? tokens.refusal(seen) ?? (await judgedAnswer(seen));
        seen.status = answer.status;
        return answer;
      };
      const fault = struck.strike(seen);
      // a TLS socket cannot be reset, only what it lies on
      const reset = (): void => void sockets.get(request.socket.remotePort)?.resetAndDestroy();
      if (fault !== null) return sendFaulty(fault, seen, response, full, reset);
      return sendAnswer(response, await full());
    });
  });
  const sockets = new Map<number | undefined, Socket>();
  front.on("connection", (socket: Socket) => sockets.set(socket.remotePort, socket));
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  url = `https://localhost:${(front.address() as AddressInfo).port}`;
  return {
    url,
    home,
    env: clientEnv(url, world.tenant, caFile, home),
    world,
    rules: struck.rules,
    requests,
    identity: tokens,
    violations,
    judged,
    unjudged,
    writes: () => requests.filter((one) => one.method !== "GET" && !READS.test(one.path)).map((one) => `${one.method} ${one.path}`),
    async stop() {
      front.closeAllConnections();
      inner.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
      await judge?.stop();
      await new Promise((resolve) => inner.close(resolve));
      fake.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Names and GUIDs of a path replaced by `{}`. */
function shapeOf(seen: Seen): string {
  const parts = seen.path.split("/");
  let inProvider = false;
  let name = false;
  const shape = parts.map((part) => {
    if (/^(?:providers)$/i.test(part)) return ((inProvider = true), (name = false), part);
    if (/^microsoft\.\w+$/i.test(part)) return ((name = false), part);
    if (/^(?:subscriptions|resourceGroups|workspaces)$/i.test(part) && !inProvider) return ((name = true), part);
    if (name) return ((name = false), "{}");
    name = inProvider;
    return part;
  });
  return `${seen.method} ${shape.join("/")}`;
}

async function certificateOf(): Promise<{ private: string; cert: string }> {
  return generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
    ],
  });
}

/** What a client needs, and nothing of the machine's own credentials. */
function clientEnv(url: string, tenant: string, caFile: string, home: string): Record<string, string> {
  return {
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: CLIENT_ID,
    AZURE_CLIENT_SECRET: SECRET,
    AZURE_AUTHORITY_HOST: url,
    NODE_EXTRA_CA_CERTS: caFile,
    HOME: home,
  };
}
