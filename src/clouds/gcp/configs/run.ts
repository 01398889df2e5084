/**
 * Descriptions of Cloud Run services, revisions and jobs -> configuration: the v1 API (`apiVersion`, `kind`, as `gcloud` prints it)
 * and the v2 API (`projects/P/locations/L/services/S`).
 */
import { arrayAt, isObject, type JsonObject, numberAt, objectAt, textAt } from "../../../model/json.ts";
import type { Config } from "../../../model/records.ts";
import { epochMsOf } from "../../../model/times.ts";
import { partOf } from "../schema.ts";
import { managerOf, pruned, scopeOf } from "./functions.ts";
import { memoryMibOf, secondsOf, vcpuOf } from "./quantities.ts";

const KNATIVE = /^(serving\.knative\.dev|run\.googleapis\.com)\//;

/** True for a v1 Service, Revision or Job. */
export function isKnative(item: JsonObject): boolean {
  return (
    KNATIVE.test(textAt(item, "apiVersion") ?? "") && /^(Service|Revision|Job)$/.test(textAt(item, "kind") ?? "") && isObject(item["spec"])
  );
}

/** True for a v2 Service, Revision or Job. */
export function isRunV2(item: JsonObject): boolean {
  const name = textAt(item, "name") ?? "";
  if (!/^projects\/[^/]+\/locations\/[^/]+\/(services|jobs)\/[^/]+(\/revisions\/[^/]+)?$/.test(name)) return false;
  return isObject(item["template"]) || (name.includes("/revisions/") && Array.isArray(item["containers"]));
}

interface Allocation {
  memoryMib: number | null;
  vcpu: number | null;
  cpuIdle: boolean;
  hasResources: boolean;
}

/** Memory and CPU of an instance: the sum over its containers; null where any container does not say. */
function allocationOf(containers: readonly JsonObject[]): Allocation {
  let memoryMib: number | null = containers.length === 0 ? null : 0;
  let vcpu: number | null = containers.length === 0 ? null : 0;
  let cpuIdle = false;
  let hasResources = false;
  for (const container of containers) {
    const resources = objectAt(container, "resources");
    const limits = resources === null ? null : objectAt(resources, "limits");
    hasResources ||= resources !== null;
    cpuIdle ||= resources !== null && (resources["cpuIdle"] === true || resources["cpu_idle"] === true);
    const memory = limits === null ? null : memoryMibOf(limits["memory"]);
    const cpu = limits === null ? null : vcpuOf(limits["cpu"]);
    memoryMib = memoryMib === null || memory === null ? null : memoryMib + memory;
    vcpu = vcpu === null || cpu === null ? null : vcpu + cpu;
  }
  return { memoryMib, vcpu, cpuIdle, hasResources };
}

/** Configuration of a v1 Service, Revision or Job. CPU throttling (the default) means request-based billing. */
export function knativeConfig(item: JsonObject): Config {
  const kind = textAt(item, "kind") ?? "";
  const metadata = objectAt(item, "metadata") ?? {};
  const labels = objectAt(metadata, "labels") ?? {};
  const spec = objectAt(item, "spec") ?? {};
  const template = kind === "Revision" ? { metadata, spec } : (objectAt(spec, "template") ?? {});
  const annotations = objectAt(objectAt(template, "metadata") ?? {}, "annotations") ?? {};
  const outer = objectAt(template, "spec") ?? {};
  const inner = kind === "Job" ? (objectAt(objectAt(outer, "template") ?? {}, "spec") ?? {}) : outer;
  const containers = (arrayAt(inner, "containers") ?? []).filter(isObject);
  const allocation = allocationOf(containers);
  // of the service as a whole: https://cloud.google.com/run/docs/configuring/min-instances
  const whole = objectAt(metadata, "annotations") ?? {};
  const own = textAt(metadata, "name") ?? "";
  const status = objectAt(item, "status") ?? {};
  // a namespace is the project ID or its number; logs name the ID, so a number would join nothing
  const namespace = textAt(metadata, "namespace");
  const account = namespace === null || /^\d+$/.test(namespace) ? null : namespace;
  const region = textAt(labels, "cloud.googleapis.com/location")?.toLowerCase() ?? null;
  const throttled = textAt(annotations, "run.googleapis.com/cpu-throttling");
  const instanceBased = throttled === "false" || annotations["run.googleapis.com/cpu-throttling"] === false;
  return {
    type: "config",
    cloud: "gcp",
    account,
    region,
    observedAt: lastChange(status) ?? epochMsOf(metadata["creationTimestamp"]),
    kind: "function",
    resource: `projects/${namespace ?? "-"}/locations/${region ?? "-"}/${kind.toLowerCase()}s/${own}`,
    name: kind === "Revision" ? (textAt(labels, "serving.knative.dev/service") ?? own) : own,
    revision: kind === "Revision" ? own : textAt(metadata, "resourceVersion"),
    from: null,
    to: null,
    settings: pruned({
      generation: 2,
      plan: kind === "Job" ? "run-job" : instanceBased ? "run-instance" : "run-request",
      memoryMib: allocation.memoryMib,
      vcpu: allocation.vcpu,
      timeoutS: secondsOf(inner["timeoutSeconds"]),
      concurrency: numberAt(inner, "containerConcurrency"),
      minInstances: greatest(
        numberAt(annotations, "autoscaling.knative.dev/minScale"),
        numberAt(whole, "run.googleapis.com/minScale"),
        whole["run.googleapis.com/scalingMode"] === "manual" ? numberAt(whole, "run.googleapis.com/manualInstanceCount") : null,
      ),
      maxInstances: numberAt(annotations, "autoscaling.knative.dev/maxScale"),
      containers: containers.length > 1 ? containers.length : null,
      environment: environmentOf(textAt(annotations, "run.googleapis.com/execution-environment")),
      startupCpuBoost: annotations["run.googleapis.com/startup-cpu-boost"] === "true" ? true : null,
      taskCount: kind === "Job" ? numberAt(outer, "taskCount") : null,
      maxRetries: kind === "Job" ? numberAt(inner, "maxRetries") : null,
      projectNumber: account === null ? namespace : null,
      latestRevision: textAt(status, "latestCreatedRevisionName", "latestReadyRevisionName"),
      ...(kind === "Revision" ? { version: own } : {}),
      codeSha256: codeOf(containers, labels, textAt(status, "imageDigest")),
      managedBy: managerOf(labels) ?? textAt(annotations, "run.googleapis.com/client-name"),
    }),
  };
}

function greatest(...counts: (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** Generation of the execution environment, where it is set: https://cloud.google.com/run/docs/about-execution-environments */
function environmentOf(name: string | null): number | null {
  const generation = /gen([12])$/i.exec(name ?? "")?.[1];
  return generation === undefined ? null : Number(generation);
}

/**
 * SHA-256 of the image, where the description names it. Not of what Cloud Functions built: it builds anew whenever a setting changes, so that
 * another image is no other code.
 */
function codeOf(containers: readonly JsonObject[], labels: JsonObject, digest: string | null): string | null {
  if (containers.length !== 1 || labels["goog-managed-by"] === "cloudfunctions") return null;
  return /@sha256:([0-9a-f]{64})$/.exec(digest ?? textAt(containers[0]!, "image") ?? "")?.[1] ?? null;
}

function lastChange(status: JsonObject): number | null {
  const times = (arrayAt(status, "conditions") ?? []).filter(isObject).map((condition) => epochMsOf(condition["lastTransitionTime"]));
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** Configuration of a v2 Service, Revision or Job. The API leaves `cpuIdle` out where it is false: instance-based billing. */
export function runV2Config(item: JsonObject): Config {
  const resource = textAt(item, "name") ?? "";
  const isJob = resource.includes("/jobs/");
  const revision = partOf(resource, "revisions");
  const outer = objectAt(item, "template") ?? item;
  const template = isJob ? (objectAt(outer, "template") ?? outer) : outer;
  // instances are bounded per revision, per service, or one here and one there
  const scaling = [objectAt(template, "scaling") ?? {}, objectAt(item, "scaling") ?? {}];
  const bounds = (camel: string, snake: string): (number | null)[] => scaling.map((one) => numberAt(one, camel, snake));
  const containers = (arrayAt(template, "containers") ?? []).filter(isObject);
  const allocation = allocationOf(containers);
  const manual = scaling[1]!["scalingMode"] === "MANUAL" ? numberAt(scaling[1]!, "manualInstanceCount") : null;
  const plan = isJob ? "run-job" : allocation.cpuIdle ? "run-request" : allocation.hasResources ? "run-instance" : null;
  return {
    ...scopeOf(resource, epochMsOf(item["updateTime"] ?? item["update_time"])),
    kind: "function",
    resource,
    name: partOf(resource, isJob ? "jobs" : "services") ?? resource,
    revision: revision ?? textAt(item, "etag"),
    from: null,
    to: null,
    settings: pruned({
      generation: 2,
      plan,
      memoryMib: allocation.memoryMib,
      vcpu: allocation.vcpu,
      timeoutS: secondsOf(template["timeout"]),
      concurrency: numberAt(template, "maxInstanceRequestConcurrency", "max_instance_request_concurrency"),
      minInstances: greatest(...bounds("minInstanceCount", "min_instance_count"), manual),
      maxInstances: bounds("maxInstanceCount", "max_instance_count").find((count) => count !== null) ?? null,
      containers: containers.length > 1 ? containers.length : null,
      environment: environmentOf(textAt(template, "executionEnvironment", "execution_environment")),
      taskCount: isJob ? numberAt(outer, "taskCount") : null,
      // the one that was made of this template, which need not be the one that is ready
      latestRevision: partOf(textAt(item, "latestCreatedRevision", "latestReadyRevision") ?? "", "revisions"),
      version: revision,
      codeSha256: isJob ? null : codeOf(containers, objectAt(item, "labels") ?? {}, null),
      managedBy: managerOf(objectAt(item, "labels")) ?? textAt(item, "client"),
    }),
  };
}
