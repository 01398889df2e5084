/** Descriptions of Cloud Functions (v1 and v2 API) -> configuration of the function and of its trigger. Values of environment variables are dropped. */
import { inAttributeOrder } from "../../../model/filters.ts";
import { arrayAt, isObject, type JsonObject, numberAt, objectAt, textAt, textOf } from "../../../model/json.ts";
import type { Config, Json } from "../../../model/records.ts";
import { epochMsOf } from "../../../model/times.ts";
import { partOf, projectOf } from "../schema.ts";
import { memoryMibOf, secondsOf, vcpuOf } from "./quantities.ts";

/** True for a function of either API version. */
export function isFunction(item: JsonObject): boolean {
  return /^projects\/[^/]+\/locations\/[^/]+\/functions\/[^/]+$/.test(textAt(item, "name") ?? "");
}

/** The function's configuration, and its event trigger's where it has one. */
export function functionConfigs(item: JsonObject): Config[] {
  const resource = textAt(item, "name") ?? "";
  const service = objectAt(item, "serviceConfig", "service_config");
  const gen1 = service === null || item["environment"] === "GEN_1";
  const id = partOf(resource, "functions") ?? resource;
  // the logs of a 2nd gen function name the Cloud Run service under it
  const name = service === null ? id : (partOf(textAt(service, "service") ?? "", "services") ?? id);
  const build = objectAt(item, "buildConfig", "build_config") ?? {};
  const scope = scopeOf(resource, epochMsOf(item["updateTime"] ?? item["update_time"]));
  const config: Config = {
    ...scope,
    kind: "function",
    resource,
    name,
    revision: service === null ? textAt(item, "versionId", "updateTime") : textAt(service, "revision"),
    from: null,
    to: null,
    settings: pruned({
      generation: gen1 ? 1 : 2,
      plan: gen1 ? "gen1" : "run-request",
      runtime: textAt(item, "runtime") ?? textAt(build, "runtime"),
      memoryMib:
        service === null
          ? numberAt(item, "availableMemoryMb")
          : gen1
            ? tierMibOf(service["availableMemory"])
            : memoryMibOf(service["availableMemory"]),
      vcpu: service === null || gen1 ? null : vcpuOf(service["availableCpu"]),
      timeoutS: secondsOf(service === null ? item["timeout"] : service["timeoutSeconds"]),
      concurrency: service === null || gen1 ? 1 : (numberAt(service, "maxInstanceRequestConcurrency") ?? 1),
      minInstances: numberAt(item, "minInstances") ?? (service === null ? null : numberAt(service, "minInstanceCount")),
      maxInstances: numberAt(item, "maxInstances") ?? (service === null ? null : numberAt(service, "maxInstanceCount")),
      state: textAt(item, "status", "state"),
      functionName: name === id ? null : id,
      managedBy: managerOf(objectAt(item, "labels")),
    }),
  };
  const trigger = objectAt(item, "eventTrigger", "event_trigger");
  if (trigger === null) return [config];
  const filters = (arrayAt(trigger, "eventFilters") ?? []).filter(isObject);
  return [
    config,
    {
      ...scope,
      kind: "trigger",
      resource: textAt(trigger, "trigger") ?? `${resource}/eventTrigger`,
      name: partOf(textAt(trigger, "trigger") ?? "", "triggers") ?? id,
      revision: null,
      from: textAt(trigger, "pubsubTopic", "resource") ?? filterValue(filters, "bucket") ?? textAt(trigger, "eventType"),
      to: name,
      settings: pruned({
        eventType: textAt(trigger, "eventType"),
        filters: filtersOf(filters),
        retry:
          objectAt(trigger, "failurePolicy") === null ? textAt(trigger, "retryPolicy") : "retry" in objectAt(trigger, "failurePolicy")!,
      }),
    },
  ];
}

/** The v2 API writes a 1st gen memory tier as `256M` or `1G`; the tier is counted in MiB. */
function tierMibOf(value: Json | undefined): number | null {
  const m = /^(\d+)(M|G)i?B?$/.exec(textOf(value) ?? "");
  return m ? Number(m[1]) * (m[2] === "G" ? 1024 : 1) : null;
}

/** Project, region and time of a configuration read from a resource path. */
export function scopeOf(resource: string, observedAt: number | null): Pick<Config, "type" | "cloud" | "account" | "region" | "observedAt"> {
  const region = partOf(resource, "locations")?.toLowerCase() ?? null;
  return {
    type: "config",
    cloud: "gcp",
    account: projectOf(resource),
    region: region === "global" || region === "-" ? null : region,
    observedAt,
  };
}

/** Settings without those that the description does not give. */
export function pruned(settings: { [key: string]: Json }): { [key: string]: Json } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
}

/** Event filters as `{attribute, value, operator}`. */
export function filtersOf(filters: JsonObject[]): Json {
  if (filters.length === 0) return null;
  return inAttributeOrder(
    filters.map((filter) =>
      pruned({ attribute: textAt(filter, "attribute"), value: textAt(filter, "value"), operator: textAt(filter, "operator") }),
    ),
  );
}

function filterValue(filters: JsonObject[], attribute: string): string | null {
  const filter = filters.find((one) => one["attribute"] === attribute);
  return filter === undefined ? null : textAt(filter, "value");
}

/** Who deployed it, by Google's own labels. */
export function managerOf(labels: JsonObject | null): string | null {
  if (labels === null) return null;
  if (labels["goog-terraform-provisioned"] === "true") return "terraform";
  return textAt(labels, "goog-managed-by", "managed-by-cnrm", "deployment-tool");
}
