/** The servers that the Google Cloud tests run against behave as Google documents, seen through Google's own clients. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { emptyWorld, type Gcp, startGcp } from "../support/gcp/index.ts";
import { orderWorld } from "../support/gcp/orders.ts";
import { vendorClients } from "../support/gcp/vendor.ts";

const PARENT = "projects/shop-mail-418/locations/us-central1";
const CHECKOUT = `${PARENT}/services/checkout`;

describe("Google Cloud for tests", () => {
  let gcp: Gcp;
  let clients: ReturnType<typeof vendorClients>;
  const now = Date.now();

  beforeAll(async () => {
    gcp = await startGcp(emptyWorld());
    clients = vendorClients(gcp);
  });
  beforeEach(() => void Object.assign(gcp.world, orderWorld(now)));
  afterEach(() => {
    gcp.faults.clear();
    gcp.violations.length = 0;
  });
  afterAll(async () => {
    await clients?.close();
    await gcp?.stop();
  });

  const checkout = async (): Promise<any> => (await clients.services.getService({ name: CHECKOUT }))[0];
  const settled = async (change: object): Promise<any> => {
    const [operation] = await clients.services.updateService(change as never);
    return (await operation.promise())[0];
  };

  it("Run: a write needs the etag that is, a masked one changes what the mask names, one without a mask everything", async () => {
    const before = await checkout();
    const template = { ...before.template, maxInstanceRequestConcurrency: 40 };
    const mask = { paths: ["template.max_instance_request_concurrency"] };
    const after = await settled({ service: { name: CHECKOUT, etag: before.etag, template }, updateMask: mask });
    expect(after.template.maxInstanceRequestConcurrency).toBe(40);
    expect(Number(after.template.timeout.seconds)).toBe(60);
    expect(after.client).toBe("gcloud");
    expect(after.etag).not.toBe(before.etag);
    expect(after.latestReadyRevision).not.toBe(before.latestReadyRevision);
    const stale = clients.services.updateService({ service: { name: CHECKOUT, etag: before.etag, template }, updateMask: mask });
    await expect(stale).rejects.toMatchObject({ code: 10 });
    const { containers } = after.template;
    const bare = await settled({ service: { name: CHECKOUT, etag: after.etag, template: { containers } } });
    expect(bare.template.timeout).toBeNull();
    expect(bare.client).toBe("");
  });

  it("Run: what is not legal is refused, also when it is only validated, which changes nothing", async () => {
    const before = await checkout();
    const [container] = before.template.containers;
    const write = (limits: object, more: object = {}): Promise<unknown> => {
      const containers = [{ ...container, resources: { ...container.resources, limits } }];
      return settled({
        service: { ...before, template: { ...before.template, containers } },
        updateMask: { paths: ["template"] },
        ...more,
      });
    };
    // https://cloud.google.com/run/docs/configuring/services/memory-limits: 4 CPU need 2 GiB, more than 4 GiB need 2 CPU
    await expect(write({ cpu: "4", memory: "1Gi" })).rejects.toMatchObject({ code: 3 });
    await expect(write({ cpu: "1", memory: "8Gi" }, { validateOnly: true })).rejects.toMatchObject({ code: 3 });
    await expect(write({ cpu: "0.5", memory: "512Mi" })).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining("concurrency"),
    });
    await write({ cpu: "1", memory: "1Gi" }, { validateOnly: true });
    expect(await checkout()).toEqual(before);
    const wrong = clients.services.updateService({ service: before, updateMask: { paths: ["template.containers.resources"] } });
    await expect(wrong).rejects.toMatchObject({ code: 3 });
  });

  it("Run: a revision that never gets ready leaves the traffic where it was", async () => {
    gcp.world.writes["checkout"] = "never-ready";
    const before = await checkout();
    const template = { ...before.template, maxInstanceRequestConcurrency: 10 };
    const write = settled({ service: { name: CHECKOUT, etag: before.etag, template }, updateMask: { paths: ["template"] } });
    await expect(write).rejects.toThrow(/is not ready and cannot serve traffic/);
    const after = await checkout();
    expect(after.terminalCondition.state).toBe("CONDITION_FAILED");
    expect(after.latestReadyRevision).toBe(before.latestReadyRevision);
    expect(after.latestCreatedRevision).not.toBe(before.latestCreatedRevision);
  });

  it("Functions: a masked write of one field, its image built anew, its Run service changed with it", async () => {
    const name = `${PARENT}/functions/mailer`;
    const image = async (): Promise<any> =>
      (await clients.services.getService({ name: `${PARENT}/services/mailer` }))[0].template?.containers?.[0];
    const before = await image();
    const [operation] = await clients.functions.updateFunction({
      function: { name, serviceConfig: { availableMemory: "256Mi" } },
      updateMask: { paths: ["service_config.available_memory"] },
    });
    const [after] = await operation.promise();
    expect(after.serviceConfig).toMatchObject({ availableMemory: "256Mi", availableCpu: "1", timeoutSeconds: 60 });
    expect((await image()).resources.limits).toEqual({ cpu: "1", memory: "256Mi" });
    expect((await image()).image).not.toBe(before.image);
  });

  it("Logging: the filter's window and names, pages by token, both orders", async () => {
    const entries = gcp.world.entries.filter((one) => one["resource"].labels.service_name === "mailer");
    const from = entries.map((one) => one["timestamp"] as string).sort()[0];
    const filter = `resource.type="cloud_run_revision" AND resource.labels.service_name="mailer" AND timestamp>="${from}"`;
    const [found] = await clients.logging.getEntries({ filter, orderBy: "timestamp asc", pageSize: 200, autoPaginate: true });
    expect(found).toHaveLength(entries.length);
    const times = found.map((one) =>
      Date.parse(String(one.metadata.timestamp instanceof Date ? one.metadata.timestamp.toISOString() : "")),
    );
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(gcp.seen.filter((call) => call.name === "logging:ListLogEntries")).toHaveLength(Math.ceil(entries.length / 200));
    await expect(clients.logging.getEntries({ filter: 'timestamp>="2026-01-01T00:00:00Z" AND (' })).rejects.toMatchObject({ code: 3 });
  });

  it("Monitoring: series summed over revisions, and no aligner that a metric does not take", async () => {
    const list = (perSeriesAligner: string, type: string): Promise<any> =>
      clients.metrics.listTimeSeries({
        name: `projects/${gcp.world.project}`,
        filter: `metric.type="run.googleapis.com/${type}"`,
        interval: { startTime: { seconds: now / 1000 - 7200 }, endTime: { seconds: Math.floor(now / 1000) } },
        aggregation: {
          alignmentPeriod: { seconds: 7200 },
          perSeriesAligner: perSeriesAligner as never,
          crossSeriesReducer: "REDUCE_SUM",
          groupByFields: ["resource.label.service_name"],
        },
        view: "FULL",
      });
    const [series] = await list("ALIGN_DELTA", "request_count");
    const counts = series.map((one: any) => [one.resource.labels.service_name, Number(one.points[0].value.int64Value)]);
    const requests = (name: string): number =>
      gcp.world.entries.filter(
        (one) =>
          one["httpRequest"] &&
          one["resource"].labels.service_name === name &&
          Date.parse(one["timestamp"]) <= Math.floor(now / 60_000) * 60_000,
      ).length;
    expect(Object.fromEntries(counts).checkout).toBe(requests("checkout"));
    await expect(list("ALIGN_MEAN", "request_count")).rejects.toMatchObject({ code: 3 });
  });

  it("what a request may not hold is refused and noted: unknown fields, required ones that are missing", async () => {
    const bytes = Buffer.from([0xa0, 0x06, 0x01]);
    const { protos } = gcp;
    expect(protos.run.problems("google.cloud.run.v2.ListServicesRequest", bytes)).toEqual([
      "google.cloud.run.v2.ListServicesRequest: 3 bytes of unknown fields",
      "parent: required",
    ]);
    await expect(clients.metrics.listTimeSeries({ name: "projects/shop-mail-418", filter: 'metric.type="a"' })).rejects.toMatchObject({
      code: 3,
    });
    expect(gcp.violations).toEqual(["monitoring:ListTimeSeries: interval: required"]);
  });

  it("who has no good token, no permission or no such API is told so, as Google does", async () => {
    gcp.world.denied.add("run.services.get");
    await expect(checkout()).rejects.toMatchObject({ code: 7, reason: "IAM_PERMISSION_DENIED" });
    gcp.world.disabled.add("cloudfunctions.googleapis.com");
    const list = clients.functions.listFunctions({ parent: `projects/${gcp.world.project}/locations/-` });
    await expect(list).rejects.toMatchObject({ code: 7, reason: "SERVICE_DISABLED" });
    const other = clients.services.getService({ name: "projects/other/locations/us-central1/services/x" });
    await expect(other).rejects.toMatchObject({ code: 7, reason: "CONSUMER_INVALID" });
    expect(gcp.tokens.problem("Bearer ya29.made-up")).toContain("invalid authentication credentials");
  });
});
