/** Cloud Run services and revisions as the v2 API keeps and changes them (https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2). */
import { Operations } from "./operations.ts";
import { camel, type Obj, type Protos } from "./protos.ts";
import { Refused } from "./refused.ts";
import { checkTemplate, mibOf } from "./run-limits.ts";
import { EMAIL } from "./tokens.ts";
import { newEtag, paged, partOf, type World } from "./world.ts";

const TYPE = "google.cloud.run.v2.Service";
/** What a caller may set; all else is the server's. */
const MUTABLE =
  "description labels annotations client clientVersion ingress launchStage binaryAuthorization template traffic scaling invokerIamDisabled defaultUriDisabled iapEnabled customAudiences buildConfig multiRegionSettings".split(
    " ",
  );

export class RunServices {
  readonly #world: World;
  readonly #protos: Protos;
  readonly #operations: Operations;
  /** Looks that are left until a written service is settled, and how it ends. */
  readonly #unsettled = new Map<string, { looks: number; ready: boolean }>();
  #revisions = 100;

  constructor(world: World, protos: Protos, operations: Operations) {
    this.#world = world;
    this.#protos = protos;
    this.#operations = operations;
  }

  list(request: Obj): Obj {
    const location = partOf(request["parent"], "locations");
    if (location === "-" || location === undefined)
      throw new Refused("INVALID_ARGUMENT", `Location '${location ?? ""}' is not a valid Google Cloud region.`);
    if (!this.#world.locations.includes(location))
      throw new Refused("PERMISSION_DENIED", `Location ${location} is not found or access is unauthorized.`);
    const all = this.#world.services.filter((one) => one["name"].startsWith(`${request["parent"]}/services/`));
    return paged(all, "services", request, 1000, 100);
  }

  get(name: string): Obj {
    const service = this.#service(name);
    this.#look(service);
    return service;
  }

  listRevisions(request: Obj): Obj {
    const all = this.#world.revisions.filter((one) => one["name"].startsWith(`${request["parent"]}/revisions/`));
    return paged(all, "revisions", request, 1000, 100);
  }

  getRevision(name: string): Obj {
    const found = this.#world.revisions.find((one) => one["name"] === name);
    if (found === undefined) throw new Refused("NOT_FOUND", `Resource '${partOf(name, "revisions")}' of kind 'REVISION' does not exist.`);
    return found;
  }

  update(request: Obj): Obj {
    const sent = request["service"] as Obj;
    const service = this.#service(sent["name"]);
    const where = String(sent["name"]).split("/services/")[0]!;
    if (sent["etag"] !== undefined && sent["etag"] !== service["etag"])
      throw new Refused(
        "ABORTED",
        `Conflict for resource '${partOf(sent["name"], "services")}': version '${sent["etag"]}' was specified but current version is '${service["etag"]}'.`,
      );
    const next = merged(this.#protos, service, sent, request["updateMask"] as string[] | undefined);
    checkTemplate(next);
    this.#checkRevisionName(service, next);
    if (request["validateOnly"] === true) return this.#operations.done(where, TYPE, next);
    this.#write(service, next);
    const name = sent["name"] as string;
    return this.#operations.start(where, {
      protos: this.#protos,
      type: TYPE,
      metadata: { "@type": `type.googleapis.com/${TYPE}`, ...service },
      look: () => {
        const now = this.#service(name);
        this.#look(now);
        if (now["reconciling"] === true) return null;
        const condition = now["terminalCondition"] as Obj;
        return condition["state"] === "CONDITION_FAILED" ? { error: { code: 9, message: condition["message"] } } : { response: now };
      },
    });
  }

  /** A change by whoever owns the service below the API: a function's deployment, another person. */
  changeTemplate(name: string, change: (template: Obj) => void): void {
    const service = this.#service(name);
    const next = structuredClone(service);
    change(next["template"]);
    this.#write(service, next);
    this.#unsettled.set(name, { looks: 0, ready: true });
    this.#look(service);
  }

  #service(name: string): Obj {
    const found = this.#world.services.find((one) => one["name"] === name);
    if (found !== undefined) return found;
    const [region, project] = [partOf(name, "locations"), partOf(name, "projects")];
    throw new Refused(
      "NOT_FOUND",
      `Resource '${partOf(name, "services")}' of kind 'SERVICE' in region '${region}' in project '${project}' does not exist.`,
    );
  }

  #checkRevisionName(service: Obj, next: Obj): void {
    const named = next["template"]["revision"];
    if (named === undefined || same(service["template"], next["template"])) return;
    if (this.#world.revisions.some((one) => one["name"] === `${service["name"]}/revisions/${named}`))
      throw new Refused("ABORTED", `Revision named '${named}' with different configuration already exists.`);
  }

  #write(service: Obj, next: Obj): void {
    const name = partOf(service["name"], "services")!;
    const mode = this.#world.writes[name];
    const template = mode === "ignored" ? service["template"] : next["template"];
    const newRevision = !same(service["template"], template);
    const now = new Date().toISOString();
    if (this.#world.canonicalAmounts) for (const container of template["containers"]) canonical(container.resources?.limits);
    for (const field of MUTABLE) {
      if (next[field] === undefined) delete service[field];
      else service[field] = field === "template" ? template : next[field];
    }
    service["generation"] = String(Number(service["generation"] ?? 1) + 1);
    service["etag"] = newEtag();
    service["updateTime"] = now;
    service["lastModifier"] = EMAIL;
    service["reconciling"] = true;
    service["terminalCondition"] = { type: "Ready", state: "CONDITION_RECONCILING", lastTransitionTime: now };
    if (newRevision) {
      const revision =
        template["revision"] ?? `${name}-${String(this.#revisions++).padStart(5, "0")}-${Math.random().toString(36).slice(2, 5)}`;
      const { revision: _r, ...spec } = structuredClone(template) as Obj;
      const conditions = [{ type: "Ready", state: "CONDITION_RECONCILING", lastTransitionTime: now }];
      const path = `${service["name"]}/revisions/${revision}`;
      this.#world.revisions.push({ ...spec, name: path, service: name, createTime: now, conditions, etag: newEtag() });
      service["latestCreatedRevision"] = path;
    }
    this.#unsettled.set(service["name"], { looks: this.#world.unreadyLooks, ready: !(newRevision && mode === "never-ready") });
  }

  /** A reader looks: time passes. */
  #look(service: Obj): void {
    const left = this.#unsettled.get(service["name"]);
    if (left === undefined || left.looks-- > 0) return;
    this.#unsettled.delete(service["name"]);
    const now = new Date().toISOString();
    const revision = this.#world.revisions.find((one) => one["name"] === service["latestCreatedRevision"]);
    const short = partOf(service["latestCreatedRevision"] ?? "", "revisions");
    const message = `Revision '${short}' is not ready and cannot serve traffic. The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable within the allocated timeout.`;
    const condition = left.ready
      ? { type: "Ready", state: "CONDITION_SUCCEEDED", lastTransitionTime: now }
      : { type: "Ready", state: "CONDITION_FAILED", lastTransitionTime: now, message, revisionReason: "HEALTH_CHECK_CONTAINER_ERROR" };
    service["reconciling"] = false;
    service["observedGeneration"] = service["generation"];
    service["terminalCondition"] = condition;
    if (revision) revision["conditions"] = [condition];
    if (left.ready) service["latestReadyRevision"] = service["latestCreatedRevision"];
    service["trafficStatuses"] = statusesOf(service);
    this.#world.onSettled?.(partOf(service["name"], "services")!);
  }
}

function statusesOf(service: Obj): Obj[] {
  const latest = partOf(service["latestReadyRevision"] ?? "", "revisions");
  const targets = (service["traffic"] as Obj[] | undefined) ?? [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 }];
  return targets.map((target) => ({ ...target, revision: target["revision"] ?? latest }));
}

/** What the resource becomes: with a mask its paths as they were sent, without one everything that may be set. */
export function merged(protos: Protos, current: Obj, sent: Obj, mask: string[] | undefined, type = TYPE, mutable = MUTABLE): Obj {
  const next = structuredClone(current);
  if (mask === undefined || mask.length === 0) {
    for (const field of mutable) {
      if (sent[field] === undefined) delete next[field];
      else next[field] = sent[field];
    }
    return next;
  }
  for (const path of mask) {
    if (path === "*") return merged(protos, current, sent, undefined, type, mutable);
    if (!protos.hasPath(type, path)) throw new Refused("INVALID_ARGUMENT", `update_mask: '${path}' is no path of ${type}`);
    const names = path.split(".").map(camel);
    if (!mutable.includes(names[0]!) && names[0] !== "etag" && names[0] !== "name")
      throw new Refused("INVALID_ARGUMENT", `update_mask: '${path}' cannot be changed`);
    if (names[0] === "etag" || names[0] === "name") continue;
    let [to, from]: [Obj, Obj | undefined] = [next, sent];
    for (const name of names.slice(0, -1)) {
      to = to[name] ??= {};
      from = from?.[name];
    }
    const last = names.at(-1)!;
    if (from?.[last] === undefined) delete to[last];
    else to[last] = from[last];
  }
  return next;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : value !== null && typeof value === "object"
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, one]) => [key, sorted(one)]),
        )
      : value;

function canonical(limits: Obj | undefined): void {
  const mib = limits?.["memory"] === undefined ? 0 : mibOf(limits["memory"]);
  if (mib > 0 && mib % 1024 === 0) limits!["memory"] = `${mib / 1024}Gi`;
}
