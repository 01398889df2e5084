/** Cloud Logging: entries.list as documented, with its quota of reads (https://cloud.google.com/logging/quotas), and log buckets. */
import { matches, parseFilter } from "./filter.ts";
import type { Obj } from "./protos.ts";
import { Refused } from "./refused.ts";
import { paged, type World } from "./world.ts";

export class Logging {
  readonly #world: World;
  readonly #reads: number[] = [];
  /** Filters that were asked, in the order of calls. */
  readonly filters: string[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  list(request: Obj): Obj {
    const { resourceNames = [], filter = "", orderBy = "timestamp asc", pageSize = 0 } = request;
    for (const name of resourceNames as string[])
      if (name !== `projects/${this.#world.project}`) throw new Refused("INVALID_ARGUMENT", `resource_names: ${name} is not allowed here`);
    if (!/^timestamp( (asc|desc))?$/.test(orderBy)) throw new Refused("INVALID_ARGUMENT", `order_by: '${orderBy}' is not supported`);
    if (pageSize > 1000 || pageSize < 0) throw new Refused("INVALID_ARGUMENT", `page_size: ${pageSize} is not in the range 1 to 1000`);
    this.#count();
    this.filters.push(filter);
    const parsed = parseFilter(filter);
    const found = this.#world.entries.filter((entry) => matches(parsed, entry)).sort(byTime);
    if (orderBy.endsWith("desc")) found.reverse();
    return paged(found, "entries", request, this.#world.longestPage, 50);
  }

  buckets(request: Obj): Obj {
    const location = /locations\/([^/]+)/.exec(request["parent"])?.[1];
    const found = this.#world.logBuckets.filter((one) => location === "-" || one["name"].includes(`/locations/${location}/`));
    return paged(found, "buckets", request, 1000, 100);
  }

  bucket(name: string): Obj {
    const found = this.#world.logBuckets.find((one) => one["name"] === name);
    if (found === undefined) throw new Refused("NOT_FOUND", `Bucket ${name} does not exist`);
    return found;
  }

  /** https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.locations.buckets/patch */
  updateBucket(request: Obj): Obj {
    const found = this.bucket(request["name"]);
    if (found["locked"] === true) throw new Refused("FAILED_PRECONDITION", `Bucket ${found["name"]} is locked`);
    const mask = (request["updateMask"] ?? []) as string[];
    if (mask.length === 0) throw new Refused("INVALID_ARGUMENT", "update_mask is required");
    for (const path of mask) {
      if (path !== "retention_days" && path !== "retentionDays")
        throw new Refused("INVALID_ARGUMENT", `update_mask: ${path} is not supported here`);
      found["retentionDays"] = request["bucket"]["retentionDays"];
    }
    return found;
  }

  /** The limit is per project and minute, and cannot be raised. */
  #count(): void {
    const most = this.#world.logReadsPerMinute;
    if (most === null) return;
    const now = Date.now();
    while (this.#reads.length > 0 && this.#reads[0]! <= now - 60_000) this.#reads.shift();
    if (this.#reads.length >= most)
      throw new Refused(
        "RESOURCE_EXHAUSTED",
        `Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'logging.googleapis.com' for consumer 'project_number:${this.#world.number}'.`,
      );
    this.#reads.push(now);
  }
}

/** By time, then by insertId; times have up to nine digits. */
function byTime(a: Obj, b: Obj): number {
  const key = (entry: Obj): string => {
    const [, whole, fraction = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(entry["timestamp"])!;
    return `${whole}.${fraction.padEnd(9, "0")} ${entry["insertId"] ?? ""}`;
  };
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
}
