/** The common story on our Google Cloud: two Cloud Run services, their topic and push subscription, and their entries. */
import { rmSync, writeFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { gcp } from "../../../../src/clouds/gcp/index.ts";
import type { Settings } from "../../../../src/model/plan.ts";
import type { Json } from "../../../../src/model/records.ts";
import type { LiveStory } from "../../../contract/live-contract.ts";
import { gcpStory } from "../../../contract/order-scenario.ts";
import { storyAt } from "../../../contract/story-at.ts";
import { liveContext } from "../live-context.ts";
import { emptyWorld, startGcp } from "./index.ts";
import { ready, revisionOf } from "./orders.ts";
import type { Obj } from "./protos.ts";
import { vendorClients } from "./vendor.ts";

const PROJECT = "shop-story";
const REGION = "us-central1";

/** A Cloud Run service as it stands, with 1 vCPU and 512 MiB. */
export function runService(project: string, region: string, name: string): Obj {
  const resource = `projects/${project}/locations/${region}/services/${name}`;
  return ready({
    name: resource,
    uid: `a2d1c2f7-5d0d-4a0e-9d51-${Buffer.from(name).toString("hex").slice(0, 12)}`,
    generation: "1",
    updateTime: "2026-10-02T08:00:00Z",
    uri: `https://${name}-x.a.run.app`,
    latestReadyRevision: `${resource}/revisions/${name}-00001-abc`,
    template: {
      timeout: "60s",
      maxInstanceRequestConcurrency: 1,
      containers: [
        {
          image: `us-docker.pkg.dev/shop/app/${name}@sha256:11`,
          resources: { limits: { cpu: "1", memory: "512Mi" }, cpuIdle: true },
          ports: [{ containerPort: 8080 }],
        },
      ],
    },
  });
}

/** `trustFile`: of `trust.ts`. */
export async function startGcpStory(trustFile: string): Promise<LiveStory> {
  const t0 = Date.now() - 600_000;
  const story = storyAt(gcpStory, t0);
  const world = emptyWorld(PROJECT, "418027719999");
  world.services.push(runService(PROJECT, REGION, "place-order"), runService(PROJECT, REGION, "handle-order"));
  world.revisions.push(...world.services.map(revisionOf));
  const topic = `projects/${PROJECT}/topics/orders`;
  world.topics.push({ name: topic });
  world.subscriptions.push({
    name: `projects/${PROJECT}/subscriptions/orders-sub`,
    topic,
    pushConfig: { pushEndpoint: "https://handle-order-x.a.run.app/" },
    ackDeadlineSeconds: 10,
    state: "ACTIVE",
  });
  const inProject = (entry: Json): Obj =>
    JSON.parse(
      JSON.stringify(entry)
        .replaceAll("projects/shop/", `projects/${PROJECT}/`)
        .replaceAll('"project_id":"shop"', `"project_id":"${PROJECT}"`),
    ) as Obj;
  world.entries.push(...story.files.flat().map(inProject));

  const server = await startGcp(world);
  writeFileSync(trustFile, server.ca);
  setDefaultCACertificates([...getCACertificates("default"), server.ca]);
  for (const name of Object.keys(process.env)) if (/^(GOOGLE_|CLOUDSDK_)/.test(name)) delete process.env[name];
  const { HOME: _home, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: _trust, ...env } = server.env(process.env["HOME"]!);
  Object.assign(process.env, env);
  const clients = vendorClients(server);
  const name = `projects/${PROJECT}/locations/${REGION}/services/handle-order`;
  const limitsOf = async () => {
    const [found] = await clients.services.getService({ name });
    return { found, limits: found.template!.containers![0]!.resources!.limits! };
  };
  const target = {
    cloud: "gcp",
    name: "shop",
    account: PROJECT,
    region: "*",
    profile: null,
    roleArn: null,
    externalId: null,
    functions: { names: [], tags: {} },
    endpoints: server.endpoints,
    gcp: { impersonate: null },
  } as const;
  return {
    session: await gcp.live!.connect(target, liveContext({ requestsPerS: 200 })),
    t0,
    window: { from: t0 - 60_000, to: t0 + 300_000 },
    messageId: story.messageId,
    ref: { cloud: "gcp", account: PROJECT, region: REGION, kind: "run.service", resource: name, name: "handle-order" },
    before: { memoryMib: 512 },
    after: { memoryMib: 256 },
    async read(): Promise<Settings> {
      return { memoryMib: Number.parseInt((await limitsOf()).limits["memory"]!, 10) };
    },
    async disturb({ memoryMib }) {
      const { found, limits } = await limitsOf();
      limits["memory"] = `${String(memoryMib)}Mi`;
      const [operation] = await clients.services.updateService({ service: found, updateMask: { paths: ["template.containers"] } });
      await operation.promise();
    },
    violations: server.violations,
    async stop() {
      await clients.close();
      await server.stop();
      rmSync(trustFile);
    },
  };
}
