/**
 * The order system on Google Cloud: `checkout` (HTTP, Cloud Run) publishes to `customer-mail`, pushed to `mailer` (2nd gen function), which
 * publishes to `mail-sent`, read by `audit-log` (1st gen function). Mailer and audit log are the simulator's, with its truth; checkout is
 * told here, once per mail.
 */
import { simulate, type Truth } from "../../../../fixtures/simulator/index.ts";
import type { Obj } from "./protos.ts";
import { emptyWorld, type Series, type World } from "./world.ts";

export const REGION = "us-central1";
export const CHECKOUT = { name: "checkout", vcpu: 1, memoryMib: 2048, concurrency: 20, usedShare: 0.12 } as const;
export const MAILER = { name: "mailer", vcpu: 1, memoryMib: 512, usedShare: 0.2 } as const;
const MINUTE_MS = 60_000;

export interface CheckoutRun {
  orderId: string;
  messageId: string;
  traceId: string;
  startedAtMs: number;
  latencyMs: number;
}

export interface OrderWorld extends World {
  truth: Truth;
  checkouts: CheckoutRun[];
  /** Orders with one mail, whose whole chain over Google Cloud is known. */
  clear: string[];
  service(name: string): Obj;
  /** More runs of the checkout, from this time on; `ratio` of the time that they take. */
  moreCheckouts(fromMs: number, count: number, ratio?: number): void;
}

/** `orders` in the last minutes before `now`. */
export function orderWorld(now: number, orders = 120): OrderWorld {
  const { files, truth } = simulate({ seed: 11, orders, startAt: now - orders * 7_500 - 10 * MINUTE_MS });
  const read = (path: RegExp): Obj[] => files.filter((file) => path.test(file.path)).map((file) => JSON.parse(String(file.content)));
  const world = emptyWorld();
  const base = `projects/${world.project}/locations/${REGION}`;
  const lines = files.filter((file) => file.path.endsWith("audit-log.ndjson")).flatMap((file) => String(file.content).trim().split("\n"));
  world.entries.push(...(read(/gcp\/logging\/mailer/).flat() as Obj[]), ...lines.map((line) => JSON.parse(line)));
  // the simulator's exports overlap
  const once = new Map(world.entries.map((entry) => [entry["insertId"], entry]));
  world.entries = [...once.values()].filter((entry) => Date.parse(entry["timestamp"]) < now);
  world.functions.push(...read(/functions-v2/)[0]!["functions"]);
  world.functions1.push(...read(/functions-v1/)[0]!["functions"]);
  world.services.push(...(read(/run-services/)[0]!["services"] as Obj[]).map(ready), ready(checkoutService(base)));
  world.revisions.push(...world.services.map(revisionOf));
  world.traces.push();
  world.databases.push({ name: `projects/${world.project}/databases/(default)`, type: "FIRESTORE_NATIVE", locationId: "nam5" });
  world.ttlFields.push({
    name: `projects/${world.project}/databases/(default)/collectionGroups/mails/fields/expireAt`,
    ttlConfig: { state: "ACTIVE" },
  });
  world.triggers.push({
    name: `${base}/triggers/mailer-trigger`,
    uid: "8f0c6d1a-3a3b-4b43-8ac1-1f5d0f7b2a10",
    eventFilters: [{ attribute: "type", value: "google.cloud.pubsub.topic.v1.messagePublished" }],
    destination: { cloudRun: { service: "mailer", region: REGION } },
    transport: { pubsub: { topic: `projects/${world.project}/topics/customer-mail` } },
  });
  const checkouts = checkoutsOf(world.entries);
  const whole: OrderWorld = {
    ...world,
    truth,
    checkouts,
    topics: ["customer-mail", "mail-sent"].map((name) => ({ name: `projects/${world.project}/topics/${name}` })),
    subscriptions: read(/gcp\/config\/subscriptions/)[0]!["subscriptions"],
    clear: clearOrders(truth, checkouts),
    service: (name) => whole.services.find((one) => one["name"].endsWith(`/services/${name}`))!,
    moreCheckouts(fromMs, count, ratio = 1) {
      const last = whole.checkouts.slice(0, count);
      const added = last.map((run, i) => ({
        orderId: `after-${i}-${run.orderId}`,
        messageId: `9${run.messageId}`,
        traceId: `ffff${run.traceId.slice(4)}`,
        startedAtMs: fromMs + i * 5,
        latencyMs: run.latencyMs * ratio,
      }));
      whole.checkouts.push(...added);
      whole.entries.push(...added.flatMap((run) => entriesOf(run, world.project, revisionName(whole.service("checkout")))));
    },
  };
  whole.entries.push(...checkouts.flatMap((run) => entriesOf(run, world.project, "checkout-00003-abc")));
  whole.traces.push(...checkouts.slice(0, 40).map((run) => traceOf(run, world.project)));
  whole.series.push(...seriesOf(whole, now));
  return whole;
}

function checkoutService(base: string): Obj {
  return {
    name: `${base}/services/checkout`,
    uid: "a2d1c2f7-5d0d-4a0e-9d51-5b6f6f1f3d21",
    generation: "3",
    client: "gcloud",
    updateTime: "2026-10-02T08:00:00Z",
    latestReadyRevision: `${base}/services/checkout/revisions/checkout-00003-abc`,
    template: {
      scaling: { maxInstanceCount: 20 },
      timeout: "60s",
      maxInstanceRequestConcurrency: CHECKOUT.concurrency,
      containers: [
        {
          image: "us-docker.pkg.dev/shop/app/checkout@sha256:11",
          env: [{ name: "LOG_EXECUTION_ID", value: "true" }],
          resources: { limits: { cpu: "1", memory: "2Gi" }, cpuIdle: true, startupCpuBoost: true },
          ports: [{ name: "http1", containerPort: 8080 }],
        },
      ],
    },
  };
}

/** A service as it stands, settled. */
export function ready(service: Obj): Obj {
  const latest = service["latestReadyRevision"];
  const [container, ...rest] = service["template"]["containers"];
  const image = container.image ?? "us-docker.pkg.dev/gcf-artifacts/mailer@sha256:22";
  return {
    ...service,
    template: { ...service["template"], containers: [{ image, ...container }, ...rest] },
    etag: `"${service["uid"].slice(0, 8)}"`,
    observedGeneration: service["generation"],
    latestCreatedRevision: latest,
    traffic: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 }],
    trafficStatuses: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 }],
    terminalCondition: { type: "Ready", state: "CONDITION_SUCCEEDED", lastTransitionTime: "2026-10-02T08:00:00Z" },
    conditions: [{ type: "RoutesReady", state: "CONDITION_SUCCEEDED", lastTransitionTime: "2026-10-02T08:00:00Z" }],
    reconciling: false,
  };
}

export function revisionOf(service: Obj): Obj {
  const conditions = [{ type: "Ready", state: "CONDITION_SUCCEEDED", lastTransitionTime: "2026-10-02T08:00:00Z" }];
  const name = service["name"].split("/").pop();
  return {
    ...structuredClone(service["template"]),
    name: service["latestReadyRevision"],
    service: name,
    conditions,
    createTime: "2026-10-02T08:00:00Z",
  };
}

const revisionName = (service: Obj): string => service["latestReadyRevision"].split("/").pop();

/** One checkout for each mail that was pushed, a little before it was published. */
function checkoutsOf(entries: readonly Obj[]): CheckoutRun[] {
  const pushed = entries.filter((entry) => entry["jsonPayload"]?.message === "push received");
  const seen = new Set<string>();
  return pushed.flatMap((entry, i) => {
    const { messageId, publishTime, attributes } = entry["jsonPayload"].event.message;
    if (seen.has(messageId)) return [];
    seen.add(messageId);
    // 90 to 290 ms, spread by number; the message leaves at nine tenths
    const latencyMs = 90 + ((i * 7919) % 200);
    const traceId = String(attributes.googclient_traceparent).split("-")[1]!;
    return [{ orderId: attributes.correlationId, messageId, traceId, latencyMs, startedAtMs: Date.parse(publishTime) - latencyMs * 0.9 }];
  });
}

function entriesOf(run: CheckoutRun, project: string, revision: string): Obj[] {
  const at = (ms: number): string => new Date(ms).toISOString();
  const entry = (log: string, ms: number, rest: Obj): Obj => ({
    insertId: `${run.messageId}-${log}-${Math.round(ms)}`,
    ...rest,
    resource: {
      type: "cloud_run_revision",
      labels: {
        project_id: project,
        service_name: "checkout",
        location: REGION,
        revision_name: revision,
        configuration_name: "checkout",
      },
    },
    timestamp: at(ms),
    severity: "INFO",
    labels: { instanceId: `00c0ffee${Number(run.messageId.slice(-1)) % 2}`, execution_id: `x${run.messageId}` },
    logName: `projects/${project}/logs/run.googleapis.com%2F${log}`,
    trace: `projects/${project}/traces/${run.traceId}`,
    spanId: run.traceId.slice(0, 16),
    receiveTimestamp: at(run.startedAtMs + run.latencyMs + 50),
  });
  const topic = `projects/${project}/topics/customer-mail`;
  const published = { message: "published", topic, messageId: run.messageId, correlationId: run.orderId };
  const httpRequest = {
    requestMethod: "POST",
    requestUrl: "https://checkout-418027719931.us-central1.run.app/orders",
    requestSize: "400",
    status: 201,
    responseSize: "80",
    userAgent: "curl/8.5.0",
    remoteIp: "203.0.113.9",
    latency: `${(run.latencyMs / 1e3).toFixed(6)}s`,
    protocol: "HTTP/1.1",
  };
  return [
    entry("stdout", run.startedAtMs + 2, { jsonPayload: { message: "order received", correlationId: run.orderId } }),
    entry("stdout", run.startedAtMs + run.latencyMs * 0.9, { jsonPayload: published }),
    entry("requests", run.startedAtMs, { httpRequest }),
  ];
}

function traceOf(run: CheckoutRun, project: string): Obj {
  const at = (ms: number): string => new Date(ms).toISOString();
  const spans = [
    {
      spanId: BigInt(`0x${run.traceId.slice(0, 16)}`).toString(),
      kind: "RPC_SERVER",
      name: "/orders",
      startTime: at(run.startedAtMs),
      endTime: at(run.startedAtMs + run.latencyMs),
      labels: {
        "/http/method": "POST",
        "/http/status_code": "201",
        "g.co/r/cloud_run_revision/service_name": "checkout",
      },
    },
  ];
  return { projectId: project, traceId: run.traceId, spans };
}

/** Orders with a single mail and a single run of each function. */
function clearOrders(truth: Truth, checkouts: readonly CheckoutRun[]): string[] {
  const mails = Map.groupBy(checkouts, (run) => run.orderId);
  const clear = truth.chains.filter((chain) => {
    const own = chain.hops.filter((hop) => hop.cloud === "gcp");
    return mails.get(chain.id)?.length === 1 && own.length === 2 && own.every((hop) => !hop.lost);
  });
  return clear.map((chain) => chain.id);
}

/** Per minute and service: billable time, memory and CPU in use, requests. */
function seriesOf(world: OrderWorld, now: number): Series[] {
  const from = Math.floor((Math.min(...world.checkouts.map((run) => run.startedAtMs)) - MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
  const minutes: number[] = [];
  for (let end = from + MINUTE_MS; end <= now; end += MINUTE_MS) minutes.push(end);
  const bounds = Array.from({ length: 20 }, (_, i) => (i + 1) / 20);
  const sizes = [
    { name: "checkout", share: CHECKOUT.usedShare, revision: "checkout-00003-abc" },
    { name: "mailer", share: MAILER.usedShare, revision: "mailer-00007-wep" },
  ];
  return sizes.flatMap(({ name, share, revision }) => {
    const resource = {
      type: "cloud_run_revision",
      labels: {
        project_id: world.project,
        service_name: name,
        location: REGION,
        revision_name: revision,
        configuration_name: name,
      },
    };
    const requests = world.entries.filter((entry) => entry["httpRequest"] && entry["resource"].labels.service_name === name);
    const ended = requests.map((entry) => ({
      at: Date.parse(entry["timestamp"]),
      billedS: (Math.ceil(Number.parseFloat(entry["httpRequest"].latency) * 10) * 100) / 1000,
    }));
    const within = (end: number): typeof ended => ended.filter((one) => one.at > end - MINUTE_MS && one.at <= end);
    const used = (of: number): Series["points"] =>
      minutes.map((endMs) => ({
        endMs,
        value: { bounds, counts: [...bounds, 1].map((_, i) => (i === Math.floor(of * 20) ? 6 : 0)), mean: of },
      }));
    const series = (type: string, valueType: Series["valueType"], unit: string, points: Series["points"], labels = {}): Series => ({
      metric: {
        type: `run.googleapis.com/${type}`,
        labels,
      },
      resource,
      metricKind: "DELTA",
      valueType,
      unit,
      points,
    });
    const billed = minutes.map((endMs) => ({ endMs, value: within(endMs).reduce((sum, one) => sum + one.billedS, 0) }));
    const counted = minutes.map((endMs) => ({ endMs, value: within(endMs).length }));
    return [
      series("container/billable_instance_time", "DOUBLE", "s", billed),
      series("container/memory/utilizations", "DISTRIBUTION", "10^2.%", used(share)),
      series("container/cpu/utilizations", "DISTRIBUTION", "10^2.%", used(0.3)),
      series("request_count", "INT64", "1", counted, { response_code: "201", response_code_class: "2xx" }),
    ];
  });
}
