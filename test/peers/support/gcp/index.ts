/**
 * Google Cloud for tests: gRPC over TLS on the vendor's protos, and REST, both on 127.0.0.1 and in this process. What clients send is judged
 * by the vendor's descriptions; what they may not is collected in `violations`. Pub/Sub is listed here too, or is Google's own emulator (`pubsub.ts`).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Faults } from "./faults.ts";
import { Functions } from "./functions.ts";
import { GrpcServer, type Method, type SeenCall } from "./grpc.ts";
import { Logging } from "./logging.ts";
import { Monitoring } from "./monitoring.ts";
import { Operations } from "./operations.ts";
import { type Obj, Protos } from "./protos.ts";
import { RestServer } from "./rest.ts";
import { RunServices } from "./run.ts";
import { certificates } from "./tls.ts";
import { Tokens } from "./tokens.ts";
import { paged, type World } from "./world.ts";

export { emptyWorld, type World } from "./world.ts";

export interface Gcp {
  world: World;
  tokens: Tokens;
  faults: Faults;
  run: RunServices;
  logging: Logging;
  monitoring: Monitoring;
  /** Calls that came in, in their order. */
  seen: SeenCall[];
  /** What clients sent that Google's descriptions do not allow. A test ends with none. */
  violations: string[];
  protos: { run: Protos };
  /** `endpoints` of a project in evscope.yaml. */
  endpoints: { [service: string]: string };
  caFile: string;
  ca: string;
  /** Credentials of a service account, and of a federated identity, whose tokens come from the server and end. */
  keyFile: string;
  federatedFile: string;
  /** Calls that changed something, or would have. */
  writes(): string[];
  /** Environment of a client: the account's key, the authority's certificate, an empty HOME. */
  env(home: string): { [name: string]: string };
  stop(): Promise<void>;
}

export async function startGcp(world: World): Promise<Gcp> {
  const folder = mkdtempSync(join(tmpdir(), "evscope-gcp-"));
  const tls = await certificates(folder);
  const parts = { world, tokens: new Tokens(), faults: new Faults(), seen: [] as SeenCall[], violations: [] as string[] };
  const protos = {
    run: new Protos("@google-cloud/run/build/protos/protos.json"),
    functions: new Protos("@google-cloud/functions/build/protos/protos.json"),
    logging: new Protos("@google-cloud/logging-api/build/protos/protos.json"),
    monitoring: new Protos("@google-cloud/monitoring/build/protos/protos.json"),
    pubsub: new Protos("@google-cloud/pubsub/build/protos/protos.json"),
    locations: new Protos("google-gax/build/protos/locations.json"),
  };
  const operations = new Operations();
  const run = new RunServices(world, protos.run, operations);
  const functions = new Functions(world, protos.functions, operations, run);
  const logging = new Logging(world);
  const monitoring = new Monitoring(world);
  const of =
    (protoSet: Protos, service: string, short: string, host: string) =>
    (method: string, permission: string | null, handle: (request: Obj) => Obj | Buffer): Method => ({
      protos: protoSet,
      service,
      method,
      permission,
      handle,
      name: `${short}${method}`,
      host: `${host}.googleapis.com`,
    });
  const services = of(protos.run, "google.cloud.run.v2.Services", "run:Services.", "run");
  const revisions = of(protos.run, "google.cloud.run.v2.Revisions", "run:Revisions.", "run");
  const lro = of(protos.run, "google.longrunning.Operations", "operations:", "run");
  const locations = of(protos.locations, "google.cloud.location.Locations", "locations:", "run");
  const v2 = of(protos.functions, "google.cloud.functions.v2.FunctionService", "functions:", "cloudfunctions");
  const v1 = of(protos.functions, "google.cloud.functions.v1.CloudFunctionsService", "functions1:", "cloudfunctions");
  const entries = of(protos.logging, "google.logging.v2.LoggingServiceV2", "logging:", "logging");
  const logConfig = of(protos.logging, "google.logging.v2.ConfigServiceV2", "logging:", "logging");
  const metrics = of(protos.monitoring, "google.monitoring.v3.MetricService", "monitoring:", "monitoring");
  const publisher = of(protos.pubsub, "google.pubsub.v1.Publisher", "pubsub:", "pubsub");
  const subscriber = of(protos.pubsub, "google.pubsub.v1.Subscriber", "pubsub:", "pubsub");
  const methods: Method[] = [
    services("ListServices", "run.services.list", (request) => run.list(request)),
    services("GetService", "run.services.get", (request) => run.get(request["name"])),
    services("UpdateService", "run.services.update", (request) => run.update(request)),
    revisions("ListRevisions", "run.revisions.list", (request) => run.listRevisions(request)),
    revisions("GetRevision", "run.revisions.get", (request) => run.getRevision(request["name"])),
    lro("GetOperation", null, (request) => operations.get(request["name"])),
    lro("WaitOperation", null, (request) => operations.get(request["name"])),
    locations("ListLocations", null, (request) =>
      paged(
        world.locations.map((id) => ({ name: `${request["name"]}/locations/${id}`, locationId: id })),
        "locations",
        request,
        1000,
        1000,
      ),
    ),
    v2("ListFunctions", "cloudfunctions.functions.list", (request) => functions.list(request, 2)),
    v2("GetFunction", "cloudfunctions.functions.get", (request) => functions.get(request["name"], 2)),
    v2("UpdateFunction", "cloudfunctions.functions.update", (request) => functions.update(request)),
    v1("ListFunctions", "cloudfunctions.functions.list", (request) => functions.list(request, 1)),
    v1("GetFunction", "cloudfunctions.functions.get", (request) => functions.get(request["name"], 1)),
    v1("UpdateFunction", "cloudfunctions.functions.update", (request) => functions.update1(request)),
    entries("ListLogEntries", "logging.logEntries.list", (request) => logging.list(request)),
    logConfig("ListBuckets", "logging.buckets.list", (request) => logging.buckets(request)),
    logConfig("GetBucket", "logging.buckets.get", (request) => logging.bucket(request["name"])),
    logConfig("UpdateBucket", "logging.buckets.update", (request) => logging.updateBucket(request)),
    metrics("ListTimeSeries", "monitoring.timeSeries.list", (request) => monitoring.list(request)),
    publisher("ListTopics", "pubsub.topics.list", (request) => paged(world.topics, "topics", request, 1000, 100)),
    subscriber("ListSubscriptions", "pubsub.subscriptions.list", (request) =>
      paged(world.subscriptions, "subscriptions", request, 1000, 100),
    ),
  ];
  const grpc = new GrpcServer(parts, methods);
  const rest = new RestServer(parts, tls);
  const [grpcAt, restAt] = [await grpc.start(tls), await rest.start()];
  const keyFile = parts.tokens.writeKeyFile(folder, `${restAt}/token`);
  const federatedFile = parts.tokens.writeFederatedFile(folder, restAt);
  const overGrpc = ["run", "functions", "logging", "monitoring", "pubsub"].map((service) => [service, grpcAt]);
  const overRest = ["eventarc", "firestore", "cloudtrace", "cloudresourcemanager", "iam"].map((service) => [service, restAt]);
  return {
    ...parts,
    protos,
    run,
    logging,
    monitoring,
    endpoints: Object.fromEntries([...overGrpc, ...overRest]),
    caFile: tls.caFile,
    ca: tls.ca,
    keyFile,
    federatedFile,
    writes: () => parts.seen.filter((one) => /[.:](Update\w+|patch)$/.test(one.name)).map((one) => one.name),
    env: (home) => ({
      GOOGLE_APPLICATION_CREDENTIALS: federatedFile,
      METADATA_SERVER_DETECTION: "none",
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: tls.caFile,
      NODE_EXTRA_CA_CERTS: tls.caFile,
      CLOUDSDK_CONFIG: join(home, "no-gcloud"),
      GOOGLE_CLOUD_PROJECT: "",
      HOME: home,
    }),
    async stop() {
      await Promise.all([grpc.stop(), rest.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
