/** Cloud Functions of the v2 API with their Run services, and of the v1 API. */
import type { Operations } from "./operations.ts";
import type { Obj, Protos } from "./protos.ts";
import { Refused } from "./refused.ts";
import { merged, type RunServices } from "./run.ts";
import { mibOf, vcpuOf } from "./run-limits.ts";
import { paged, partOf, type World } from "./world.ts";

const V2 = "google.cloud.functions.v2.Function";
const V1 = "google.cloud.functions.v1.CloudFunction";
const MUTABLE_V2 = ["description", "buildConfig", "serviceConfig", "eventTrigger", "labels", "kmsKeyName"];
const MUTABLE_V1 =
  "description sourceArchiveUrl sourceRepository sourceUploadUrl httpsTrigger eventTrigger entryPoint runtime timeout availableMemoryMb serviceAccountEmail labels environmentVariables buildEnvironmentVariables maxInstances minInstances vpcConnector vpcConnectorEgressSettings ingressSettings".split(
    " ",
  );
/** https://cloud.google.com/functions/docs/configuring/memory (1st gen tiers). */
const TIERS_MB = [128, 256, 512, 1024, 2048, 4096, 8192];

export class Functions {
  readonly #world: World;
  readonly #protos: Protos;
  readonly #operations: Operations;
  readonly #run: RunServices;
  /** What a look at a function that is being deployed does. */
  readonly #deploying = new Map<Obj, () => unknown>();

  constructor(world: World, protos: Protos, operations: Operations, run: RunServices) {
    this.#world = world;
    this.#protos = protos;
    this.#operations = operations;
    this.#run = run;
  }

  list(request: Obj, generation: 1 | 2): Obj {
    const location = partOf(request["parent"], "locations");
    const { functions, functions1 } = this.#world;
    const all = generation === 1 ? functions1 : [...functions, ...functions1.map(asV2)];
    return paged(
      all.filter((one) => location === "-" || partOf(one["name"], "locations") === location),
      "functions",
      request,
      1000,
      100,
    );
  }

  get(name: string, generation: 1 | 2): Obj {
    const found = (generation === 2 ? this.#world.functions : this.#world.functions1).find((one) => one["name"] === name);
    if (found !== undefined) {
      this.#deploying.get(found)?.();
      return found;
    }
    const [region, project] = [partOf(name, "locations"), partOf(name, "projects")];
    throw new Refused(
      "NOT_FOUND",
      `Resource 'projects/${project}/locations/${region}/functions/${partOf(name, "functions")}' was not found`,
    );
  }

  update(request: Obj): Obj {
    const sent = request["function"] as Obj;
    const current = this.get(sent["name"], 2);
    const name = partOf(sent["name"], "functions")!;
    if (current["state"] === "DEPLOYING")
      throw new Refused("FAILED_PRECONDITION", `unable to queue the operation: function ${name} is being deployed`);
    const next = merged(this.#protos, current, sent, request["updateMask"] as string[] | undefined, V2, MUTABLE_V2);
    const config = (next["serviceConfig"] ?? {}) as Obj;
    const resources = { memory: `${mibOf(config["availableMemory"] ?? "256Mi")}Mi`, cpu: String(vcpuOf(config["availableCpu"] ?? "1")) };
    const concurrency = (config["maxInstanceRequestConcurrency"] ?? 1) as number;
    if (vcpuOf(resources.cpu) < 1 && concurrency > 1)
      throw new Refused("INVALID_ARGUMENT", "Could not update Cloud Run service. Total cpu < 1 is not supported with concurrency > 1");
    const ignored = this.#world.writes[name] === "ignored";
    if (!ignored) take(current, next, MUTABLE_V2);
    current["state"] = "DEPLOYING";
    let looks = this.#world.unreadyLooks;
    const finish = (): { response: Obj } | { error: { code: number; message: string } } | null => {
      if (looks-- > 0) return null;
      this.#deploying.delete(current);
      if (current["state"] !== "DEPLOYING") return { response: current };
      if (this.#world.writes[name] === "never-ready") {
        current["state"] = "FAILED";
        return { error: { code: 13, message: "Could not create or update Cloud Run service. Container Healthcheck failed." } };
      }
      current["state"] = "ACTIVE";
      current["updateTime"] = new Date().toISOString();
      const service = current["serviceConfig"]["service"] as string;
      if (!ignored)
        this.#run.changeTemplate(service, (template) => {
          template["containers"][0]["resources"]["limits"] = resources;
          template["maxInstanceRequestConcurrency"] = concurrency;
          template["containers"][0]["image"] = `${template["containers"][0]["image"].split("@")[0]}@sha256:rebuilt-${Date.now()}`;
          if (config["maxInstanceCount"] !== undefined)
            template["scaling"] = {
              maxInstanceCount: config["maxInstanceCount"],
              ...(config["minInstanceCount"] ? { minInstanceCount: config["minInstanceCount"] } : {}),
            };
        });
      current["serviceConfig"]["revision"] = partOf(this.#run.get(service)["latestReadyRevision"], "revisions");
      this.#world.onSettled?.(name);
      return { response: current };
    };
    this.#deploying.set(current, finish);
    const metadata = { "@type": "type.googleapis.com/google.cloud.functions.v2.OperationMetadata", target: sent["name"], verb: "update" };
    return this.#operations.start(String(sent["name"]).split("/functions/")[0]!, {
      protos: this.#protos,
      type: V2,
      metadata,
      look: finish,
    });
  }

  update1(request: Obj): Obj {
    const sent = request["function"] as Obj;
    const current = this.get(sent["name"], 1);
    const next = merged(this.#protos, current, sent, request["updateMask"] as string[] | undefined, V1, MUTABLE_V1);
    if (!TIERS_MB.includes(next["availableMemoryMb"]))
      throw new Refused("INVALID_ARGUMENT", "The request has errors: available_memory_mb: Invalid memory size.");
    const timeoutS = Number.parseFloat(next["timeout"] ?? "60s");
    if (!(timeoutS >= 1 && timeoutS <= 540))
      throw new Refused("INVALID_ARGUMENT", "The request has errors: timeout: must be 1 to 540 seconds.");
    if (this.#world.writes[partOf(sent["name"], "functions")!] !== "ignored") take(current, next, MUTABLE_V1);
    current["status"] = "DEPLOY_IN_PROGRESS";
    current["versionId"] = String(Number(current["versionId"] ?? 1) + 1);
    current["updateTime"] = new Date().toISOString();
    let looks = this.#world.unreadyLooks;
    const metadata = {
      "@type": "type.googleapis.com/google.cloud.functions.v1.OperationMetadataV1",
      target: sent["name"],
      type: "UPDATE_FUNCTION",
    };
    return this.#operations.start("", {
      protos: this.#protos,
      type: V1,
      metadata,
      look: () => {
        if (looks-- > 0) return null;
        current["status"] = "ACTIVE";
        return { response: current };
      },
    });
  }
}

function take(current: Obj, next: Obj, fields: readonly string[]): void {
  for (const field of fields) {
    if (next[field] === undefined) delete current[field];
    else current[field] = next[field];
  }
}

/** The v2 API lists 1st gen functions as well, in its own form. */
function asV2(one: Obj): Obj {
  return {
    name: one["name"],
    environment: "GEN_1",
    state: "ACTIVE",
    updateTime: one["updateTime"],
    buildConfig: { runtime: one["runtime"], entryPoint: one["entryPoint"] },
    serviceConfig: { timeoutSeconds: Number.parseFloat(one["timeout"]), availableMemory: `${one["availableMemoryMb"]}M` },
  };
}
