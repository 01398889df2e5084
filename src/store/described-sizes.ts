/** Sizes of functions whose runs do not say theirs (Azure, Google Cloud), from the descriptions that held when they ran. */
import { siteFinder } from "../model/azure-app.ts";
import type { Cloud, Config, Json } from "../model/records.ts";
import type { EpochMs, Mib, Vcpu } from "../model/units.ts";
import { type Engine, quote } from "./duckdb.ts";
import type { Manifest } from "./manifest.ts";
import { scan } from "./scan.ts";

/** What a function had over a stretch of time, or in one revision. */
export interface DescribedSize {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  /** Lower case. */
  fn: string;
  /** Revision that it holds for; null: for whatever ran in [from, to). */
  version: string | null;
  from: EpochMs;
  to: EpochMs;
  memoryMib: Mib | null;
  vcpu: Vcpu | null;
  concurrency: number | null;
  /** Several places have a function of this name: only runs that name theirs are meant. */
  shared: boolean;
}

type Described = Pick<Config, "cloud" | "account" | "region" | "resource" | "name" | "revision" | "observedAt" | "settings">;
type Size = Pick<DescribedSize, "memoryMib" | "vcpu" | "concurrency">;

const number = (value: Json | undefined): number | null => (typeof value === "number" ? value : null);
const text = (value: Json | undefined): string | null => (typeof value === "string" ? value : null);

const sizeOf = ({ settings }: Described): Size => ({
  memoryMib: number(settings["memoryMib"]),
  vcpu: number(settings["vcpu"]),
  concurrency: number(settings["concurrency"]) ?? number(settings["httpConcurrency"]),
});

const same = (a: Size, b: Size): boolean => a.memoryMib === b.memoryMib && a.vcpu === b.vcpu && a.concurrency === b.concurrency;

/** Runs are read together with descriptions: those of so much later than the last look had what it showed. */
const AFTER_LOOK_MS = 3_600_000;

/**
 * Every description ever read of a function, as the sizes it had. A revision keeps what it was made with. Google says when a function was
 * changed last: what it had before is not known. Azure does not: a size holds from the first to the last look that showed it, and before the
 * first look as well; between two looks that differ, and after the last one, nobody knows, and runs of that time have no size.
 */
export function describedSizes(configs: readonly Described[]): DescribedSize[] {
  const found = [...azureSizes(configs), ...googleSizes(configs)];
  const places = Map.groupBy(found, (one) => `${one.cloud} ${one.fn}`);
  return found.map((one) => {
    const own = places.get(`${one.cloud} ${one.fn}`)!;
    return { ...one, shared: new Set(own.map(({ account, region }) => `${account} ${region}`)).size > 1 };
  });
}

type Found = Omit<DescribedSize, "shared">;

/** Functions take the memory of their app. A name that several apps of a subscription use is nobody's: runs do not name their app. */
function azureSizes(configs: readonly Described[]): Found[] {
  const azure = configs.filter((one) => one.cloud === "azure" && text(one.settings["app"]) !== null);
  const siteOf = siteFinder(azure);
  const apps = Map.groupBy(azure, siteOf);
  const owners = Map.groupBy(azure, (one) => JSON.stringify([one.account, one.name.toLowerCase()]));
  return [...owners.values()].flatMap((own) => {
    const [site, ...others] = new Set(own.map(siteOf));
    const looks = apps.get(site!)!.filter((one) => number(one.settings["memoryMib"]) !== null);
    const fn = own[0]!.name.toLowerCase();
    return others.length > 0 ? [] : timeline(looks).map((size) => ({ ...size, fn, version: null }));
  });
}

function googleSizes(configs: readonly Described[]): Found[] {
  const google = configs.filter((one) => one.cloud === "gcp" && !one.resource.includes("/jobs/"));
  const places = Map.groupBy(google, (one) => JSON.stringify([one.account, one.region, one.name.toLowerCase()]));
  return [...places.values()].flatMap((all): Found[] => {
    const fn = all[0]!.name.toLowerCase();
    const revisions = new Map(all.flatMap((one) => (revisionOf(one) === null ? [] : [[revisionOf(one)!, one] as const])));
    const versions = [...revisions].map(([version, one]) => ({ ...always(one), fn, version }));
    if (versions.length > 0) return versions;
    // a 2nd gen function and the service under it are one thing, of which the service is what runs
    const services = all.filter((one) => one.resource.includes("/services/"));
    return changes(services.length > 0 ? services : all).map((size) => ({ ...size, fn, version: null }));
  });
}

/** The revision that a description is of, or that runs by it. */
function revisionOf({ resource, revision, settings }: Described): string | null {
  if (resource.includes("/revisions/")) return revision;
  if (resource.includes("/services/")) return text(settings["latestRevision"]);
  return resource.includes("/functions/") && settings["generation"] === 2 ? revision : null;
}

type Part = Omit<Found, "fn" | "version">;

/** Descriptions in their order, those without a time only where no other is there and they agree. */
function inOrder(looks: readonly Described[]): (Described & { seenAt: EpochMs | null })[] {
  const timed = looks.filter((one) => one.observedAt !== null);
  if (timed.length > 0) return timed.map((one) => ({ ...one, seenAt: one.observedAt })).sort((a, b) => a.seenAt! - b.seenAt!);
  const agree = looks.every((one) => same(sizeOf(one), sizeOf(looks[0]!)));
  return agree ? looks.slice(0, 1).map((one) => ({ ...one, seenAt: null })) : [];
}

/** `observedAt` is the time of a look. */
function timeline(looks: readonly Described[]): Part[] {
  const parts: Part[] = [];
  for (const look of inOrder(looks)) {
    const { cloud, account, region, seenAt } = look;
    const last = parts.at(-1);
    const to = seenAt === null ? FOREVER : seenAt + AFTER_LOOK_MS;
    if (last !== undefined && same(last, sizeOf(look))) last.to = to;
    else {
      if (last !== undefined) last.to -= AFTER_LOOK_MS;
      parts.push({ cloud, account, region, from: parts.length === 0 ? 0 : seenAt!, to, ...sizeOf(look) });
    }
  }
  return parts;
}

/** `observedAt` is the time of the last change. */
function changes(looks: readonly Described[]): Part[] {
  const parts: Part[] = [];
  for (const look of inOrder(looks)) {
    const { cloud, account, region, seenAt } = look;
    const last = parts.at(-1);
    if (last !== undefined && same(last, sizeOf(look))) continue;
    if (last !== undefined) last.to = seenAt! - 1;
    parts.push({ cloud, account, region, from: seenAt ?? 0, to: FOREVER, ...sizeOf(look) });
  }
  return parts;
}

/** What a revision had, it had for good. */
function always(one: Described): Part {
  const { cloud, account, region } = one;
  return { cloud, account, region, from: 0, to: FOREVER, ...sizeOf(one) };
}

const FOREVER = Number.MAX_SAFE_INTEGER;

/** SQL of the same as a table `(cloud, account, region, fn, version, first, last, mib, vcpu, concurrency, shared)`; null: nothing is described. */
export async function describedSizesSql(engine: Engine, dir: string, manifests: readonly Manifest[]): Promise<string | null> {
  if (!manifests.some((m) => m.files.some((f) => f.table === "configs"))) return null;
  const rows = await engine.rows(
    `SELECT DISTINCT cloud, account, region, resource, name, revision, "observedAt", settings FROM ${scan(dir, manifests, "configs")}
     WHERE kind = 'function' AND cloud IN ('azure', 'gcp') ORDER BY ALL`,
  );
  const configs = rows.map(([cloud, account, region, resource, name, revision, observedAt, settings]) => ({
    ...({ cloud, account, region, resource, name, revision, observedAt } as Omit<Described, "settings">),
    settings: JSON.parse(settings as string) as Config["settings"],
  }));
  const sizes = describedSizes(configs);
  if (sizes.length === 0) return null;
  const textSql = (value: string | null): string => (value === null ? "NULL::VARCHAR" : quote(value));
  const numberSql = (value: number | null): string => (value === null ? "NULL::DOUBLE" : `${value}::DOUBLE`);
  const values = sizes.map((one) => {
    const texts = [one.cloud, one.account, one.region, one.fn, one.version].map(textSql);
    const numbers = [one.from, one.to, one.memoryMib, one.vcpu, one.concurrency].map(numberSql);
    return `(${[...texts, ...numbers, one.shared].join(", ")})`;
  });
  return `(VALUES ${values.join(", ")}) d(cloud, account, region, fn, version, first, last, mib, vcpu, concurrency, shared)`;
}

/** Joins runs `r` with that table: at most one row of it per run. */
export const DESCRIBED_RUN = `r.cloud = d.cloud AND lower(r.fn) = d.fn AND (d.version IS NULL OR d.version = r.version)
  AND r."startedAt" >= d.first AND r."startedAt" <= d.last
  AND CASE WHEN d.shared THEN r.account IS NOT DISTINCT FROM d.account AND r.region IS NOT DISTINCT FROM d.region
           ELSE coalesce(r.account = d.account, TRUE) AND coalesce(r.region = d.region, TRUE) END`;
