/** A gRPC server over TLS that speaks the vendor's protos: judges each request by them, then by token, API, project and permission. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall, status } from "@grpc/grpc-js";
import { dropFaultyToken, errorOf, type Fault, type Faults, withToken } from "./faults.ts";
import { type Obj, Protos } from "./protos.ts";
import { apiDisabled, denied, noProject, Refused } from "./refused.ts";
import type { Certificates } from "./tls.ts";
import type { Tokens } from "./tokens.ts";
import type { World } from "./world.ts";

export interface Method {
  protos: Protos;
  /** `google.cloud.run.v2.Services` */
  service: string;
  method: string;
  /** `run:Services.ListServices` */
  name: string;
  host: string;
  permission: string | null;
  handle(request: Obj): Obj | Buffer;
}

/** A call that came in. */
export interface SeenCall {
  name: string;
  request: Obj;
  at: number;
  /** Code that was answered; null: none yet, or never. */
  code: string | null;
}

const errorProtos = new Protos("google-gax/build/protos/status.json");

export class GrpcServer {
  readonly #server = new Server();
  readonly #sockets = new Set<Socket>();
  readonly #front;
  #port = 0;
  readonly #world: World;
  readonly #tokens: Tokens;
  readonly #faults: Faults;
  readonly seen: SeenCall[];
  readonly violations: string[];

  constructor(parts: { world: World; tokens: Tokens; faults: Faults; seen: SeenCall[]; violations: string[] }, methods: readonly Method[]) {
    this.#world = parts.world;
    this.#tokens = parts.tokens;
    this.#faults = parts.faults;
    this.seen = parts.seen;
    this.violations = parts.violations;
    for (const service of new Set(methods.map((one) => one.service))) {
      const own = methods.filter((one) => one.service === service);
      const vendor = own[0]!.protos.service(service);
      const definition = Object.fromEntries(
        own.map(({ method }) => [
          method,
          { ...vendor[method]!, requestDeserialize: (bytes: Buffer) => bytes, responseSerialize: (bytes: Buffer) => bytes },
        ]),
      );
      this.#server.addService(
        definition,
        Object.fromEntries(
          own.map((method) => [
            method.method,
            (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void this.#serve(method, call, done),
          ]),
        ),
      );
    }
    // connections are broken before the server, which has no way to do so
    this.#front = createServer((socket) => {
      const behind = connect(this.#port, "127.0.0.1");
      this.#sockets.add(socket);
      socket.on("close", () => (this.#sockets.delete(socket), behind.destroy()));
      behind.on("close", () => socket.destroy());
      for (const one of [socket, behind]) one.on("error", () => {});
      socket.pipe(behind).pipe(socket);
    });
  }

  async start(certificates: Certificates): Promise<string> {
    const credentials = ServerCredentials.createSsl(Buffer.from(certificates.ca), [
      { cert_chain: Buffer.from(certificates.cert), private_key: Buffer.from(certificates.key) },
    ]);
    this.#port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync("127.0.0.1:0", credentials, (error, port) => (error ? reject(error) : resolve(port))),
    );
    await new Promise<void>((resolve) => this.#front.listen(0, "127.0.0.1", resolve));
    return `localhost:${(this.#front.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.reset();
    this.#server.forceShutdown();
    return new Promise((resolve) => this.#front.close(() => resolve()));
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async #serve(method: Method, call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): Promise<void> {
    const { protos } = method;
    const { request: type, response } = protos.methodTypes(method.service, method.method);
    const seen: SeenCall = { name: method.name, request: {}, at: Date.now(), code: null };
    this.seen.push(seen);
    try {
      seen.request = protos.toJson(type, protos.decode(type, call.request));
      if (seen.request["validateOnly"] === true) seen.name += "?validateOnly";
      const faults = this.#faults.of(seen.name);
      for (const fault of faults) {
        const error = errorOf(fault);
        if (error !== null) throw error;
        if (fault === "hang") return;
        if (fault === "reset") return this.reset();
        if (fault === "garbage") return done(null, Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]));
        if (typeof fault === "object" && "latencyMs" in fault) await new Promise((resolve) => setTimeout(resolve, fault.latencyMs));
        if (typeof fault === "object" && "before" in fault) await fault.before();
      }
      this.#admit(method, call, type, seen.request);
      const answer = method.handle(dropFaultyToken(seen.request));
      if (faults.includes("reset-after")) return this.reset();
      seen.code = "OK";
      if (Buffer.isBuffer(answer)) return done(null, answer);
      done(null, protos.encode(response, protos.toMessage(response, changed(answer, faults, this.seen.length))));
    } catch (error) {
      const refused = error instanceof Refused ? error : new Refused("INTERNAL", `test server: ${(error as Error).stack}`);
      if (refused !== error) this.violations.push(refused.message);
      seen.code = refused.code;
      done({ code: status[refused.code], details: refused.message, metadata: detailsOf(refused) });
    }
  }

  #admit(method: Method, call: ServerUnaryCall<Buffer, Buffer>, type: string, request: Obj): void {
    const authorization = call.metadata.get("authorization");
    const problem = this.#tokens.problem(authorization.length === 1 ? String(authorization[0]) : undefined);
    if (problem !== null) throw new Refused("UNAUTHENTICATED", problem);
    const problems = method.protos.problems(type, call.request);
    if (problems.length > 0) {
      this.violations.push(...problems.map((one) => `${method.name}: ${one}`));
      throw new Refused("INVALID_ARGUMENT", problems.join("; "));
    }
    const project = projectOf(request);
    if (project !== null && project !== this.#world.project && project !== this.#world.number) throw noProject(project);
    if (this.#world.disabled.has(method.host)) throw apiDisabled(method.host, this.#world.project);
    if (method.permission !== null && this.#world.denied.has(method.permission))
      throw denied(method.permission, `${method.host}/projects/${this.#world.project}`);
  }
}

/** The project that a request is about, as far as it says. */
function projectOf(request: Obj): string | null {
  const about = [
    request["parent"],
    request["name"],
    request["project"],
    request["service"]?.name,
    request["function"]?.name,
    ...(request["resourceNames"] ?? []),
  ];
  for (const one of about) {
    const project = typeof one === "string" ? /^projects\/([^/]+)/.exec(one)?.[1] : undefined;
    if (project !== undefined) return project;
  }
  return null;
}

function changed(answer: Obj, faults: readonly Fault[], calls: number): Obj {
  let now = answer;
  for (const fault of faults) {
    now = withToken(fault, now, calls);
    if (typeof fault === "object" && "edit" in fault) {
      now = structuredClone(now);
      now = (fault.edit(now) as Obj | undefined) ?? now;
    }
  }
  return now;
}

function detailsOf(refused: Refused): Metadata {
  const metadata = new Metadata();
  if (refused.details.length === 0) return metadata;
  const type = "google.rpc.Status";
  const message = errorProtos.toMessage(type, { code: status[refused.code], message: refused.message, details: refused.details });
  metadata.set("grpc-status-details-bin", errorProtos.encode(type, message));
  return metadata;
}
