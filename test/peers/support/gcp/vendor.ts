/** Google's own clients against the test servers: what is told of them is read by these, not by evscope. */
import { v1, v2 as functionsV2 } from "@google-cloud/functions";
import { Logging } from "@google-cloud/logging";
import { MetricServiceClient } from "@google-cloud/monitoring";
import { ServicesClient } from "@google-cloud/run";
import { credentials, Metadata } from "@grpc/grpc-js";
import type { Gcp } from "./index.ts";

export function vendorClients(gcp: Gcp): {
  services: ServicesClient;
  functions: functionsV2.FunctionServiceClient;
  functions1: v1.CloudFunctionsServiceClient;
  logging: Logging;
  metrics: MetricServiceClient;
  close(): Promise<void>;
} {
  // no look at a metadata server that is not there
  process.env["METADATA_SERVER_DETECTION"] = "none";
  const [host, port] = gcp.endpoints["run"]!.split(":");
  const token = credentials.createFromMetadataGenerator((_, done) => {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${gcp.tokens.token()}`);
    done(null, metadata);
  });
  const sslCreds = credentials.combineChannelCredentials(credentials.createSsl(Buffer.from(gcp.ca)), token);
  const options = { projectId: gcp.world.project, apiEndpoint: host!, port: Number(port), sslCreds } as never;
  const clients = {
    services: new ServicesClient(options),
    functions: new functionsV2.FunctionServiceClient(options),
    functions1: new v1.CloudFunctionsServiceClient(options),
    metrics: new MetricServiceClient(options),
  };
  const logging = new Logging(options);
  return {
    ...clients,
    logging,
    async close() {
      await Promise.all(Object.values(clients).map((one) => one.close()));
      await logging.loggingService.close();
    },
  };
}
