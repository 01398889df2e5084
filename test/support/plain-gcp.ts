/** A gRPC and a REST server without TLS that answer from a list: what the client makes of single answers. Ended by the test that starts them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { protobuf } from "google-gax";

export type GrpcAnswer = { bytes: Uint8Array } | { code: number; details: string; metadata?: Metadata } | "silence";
export interface RestAnswer {
  status: number;
  body: string;
  headers?: { [name: string]: string };
}

export interface PlainGcp {
  grpc: string;
  rest: string;
  /** Headers of all calls. */
  headers: { [name: string]: unknown }[];
  /** Answers still to be given, by `/service/Method` or by path; the last one stays. */
  answers: { [path: string]: (GrpcAnswer | RestAnswer)[] };
  stop(): Promise<void>;
}

/** `methods`: paths such as `/google.cloud.run.v2.Services/ListServices`. */
export async function plainGcp(methods: readonly string[]): Promise<PlainGcp> {
  const answers: PlainGcp["answers"] = {};
  const headers: PlainGcp["headers"] = [];
  const next = (path: string): GrpcAnswer | RestAnswer => {
    const left = answers[path]!;
    return left.length > 1 ? left.shift()! : left[0]!;
  };
  const server = new Server();
  const raw = (bytes: Buffer): Buffer => bytes;
  for (const path of methods) {
    const name = path.split("/")[2]!;
    const definition = { path, requestStream: false, responseStream: false, requestSerialize: raw, requestDeserialize: raw };
    server.addService(
      { [name]: { ...definition, responseSerialize: raw, responseDeserialize: raw } },
      {
        [name](call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
          headers.push(call.metadata.getMap());
          const answer = next(path) as GrpcAnswer;
          if (answer === "silence") return;
          if ("bytes" in answer) reply(null, Buffer.from(answer.bytes));
          else reply({ code: answer.code, details: answer.details, metadata: answer.metadata ?? new Metadata() });
        },
      },
    );
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const http = createServer((request, response) => {
    headers.push(request.headers);
    const answer = next(new URL(request.url!, "http://x").pathname) as RestAnswer;
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers }).end(answer.body);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    grpc: `http://127.0.0.1:${port}`,
    rest: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    headers,
    answers,
    async stop() {
      server.forceShutdown();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** `google.rpc.Status` with details, as gRPC servers put it into a trailer: https://grpc.io/docs/guides/error/ */
export function statusDetails(code: number, details: { type: "RetryInfo" | "ErrorInfo"; value: object }[]): Metadata {
  const { root } = protobuf.parse(`syntax = "proto3"; package google.rpc;
    message Any { string type_url = 1; bytes value = 2; }
    message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
    message Duration { int64 seconds = 1; int32 nanos = 2; }
    message RetryInfo { Duration retry_delay = 1; }
    message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }`);
  const encoded = (name: string, value: object): Uint8Array => {
    const type = root.lookupType(`google.rpc.${name}`);
    return type.encode(type.fromObject(value)).finish();
  };
  const any = details.map(({ type, value }) => ({
    type_url: `type.googleapis.com/google.rpc.${type}`,
    typeUrl: `type.googleapis.com/google.rpc.${type}`,
    value: encoded(type, value),
  }));
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(encoded("Status", { code, details: any })));
  return metadata;
}
