/** What the telemetry of a run does not say but the configuration of its function does: memory, CPU, architecture, plan, region. */
import type { UsageGroup } from "../../model/billing.ts";
import { isObject, numberOf } from "../../model/json.ts";
import type { Config, Invocation, Json } from "../../model/records.ts";
import type { Mib } from "../../model/units.ts";

type Configurable = Pick<Invocation, "cloud" | "account" | "region" | "fn" | "memoryMib" | "vcpu" | "plan" | "architecture"> &
  Pick<UsageGroup, "ephemeralMib" | "runtime" | "app" | "readyInstances">;

/**
 * Fills fields that are null from the newest configuration of the same function; what a run says itself is never changed.
 * An Azure function takes what its Function App says (`settings.app`). A name that several accounts or regions use is
 * matched by these, and left alone where it stays ambiguous. Returns copies, in the same order.
 */
export function withConfiguration<Run extends Configurable>(runs: readonly Run[], configs: readonly Config[]): Run[] {
  const known = new Map<string, Config[]>();
  for (const config of configs) {
    if (config.kind !== "function") continue;
    const key = `${config.cloud} ${config.name.toLowerCase()}`;
    known.set(key, [...(known.get(key) ?? []), config]);
  }
  if (known.size === 0) return [...runs];
  const resolved = new Map<string, Facts>();
  return runs.map((run) => {
    const key = JSON.stringify([run.cloud, run.account, run.region, run.fn]);
    const facts = resolved.get(key) ?? factsOf(run, known);
    resolved.set(key, facts);
    return {
      ...run,
      account: run.account ?? facts.account,
      region: run.region ?? facts.region,
      memoryMib: run.memoryMib ?? facts.memoryMib,
      vcpu: run.vcpu ?? facts.vcpu,
      plan: run.plan ?? facts.plan,
      architecture: run.architecture ?? facts.architecture,
      ...(facts.ephemeralMib === null ? {} : { ephemeralMib: facts.ephemeralMib }),
      ...(facts.runtime === null ? {} : { runtime: facts.runtime }),
      ...(facts.app === null ? {} : { app: facts.app }),
      ...(facts.readyInstances === null ? {} : { readyInstances: facts.readyInstances }),
    };
  });
}

type Facts = Pick<Invocation, "account" | "region" | "memoryMib" | "vcpu" | "plan" | "architecture"> & {
  ephemeralMib: Mib | null;
  runtime: string | null;
  app: string | null;
  readyInstances: number | null;
};

function factsOf(run: Configurable, known: ReadonlyMap<string, Config[]>): Facts {
  const own = newestOf(run, inOneApp(known.get(`${run.cloud} ${run.fn.toLowerCase()}`) ?? []));
  const app = textIn(own, "app");
  const host = app === null ? null : newestOf(run, known.get(`${run.cloud} ${app}`) ?? []);
  const said = <T>(read: (config: Config | null) => T | null): T | null => read(own) ?? read(host);
  const architecture = said((c) => textIn(c, "architecture"));
  return {
    account: said((c) => c?.account ?? null),
    region: said((c) => c?.region ?? null),
    memoryMib: said((c) => numberIn(c, "memoryMib")),
    vcpu: said((c) => numberIn(c, "vcpu")),
    plan: said((c) => textIn(c, "plan")),
    architecture: architecture === "arm64" || architecture === "x86_64" ? architecture : null,
    ephemeralMib: said((c) => numberIn(c, "ephemeralMib")),
    runtime: said((c) => textIn(c, "runtime")),
    app,
    readyInstances: said(readyIn),
  };
}

/** Function Apps may each have a function of this name, on plans of their own: then none of them is meant. */
function inOneApp(configs: readonly Config[]): readonly Config[] {
  return new Set(configs.map((c) => textIn(c, "app")).filter((app) => app !== null)).size > 1 ? [] : configs;
}

/** The newest configuration that can be meant; null: none, or resources of several accounts or regions fit. */
function newestOf(run: Configurable, configs: readonly Config[]): Config | null {
  const fits = configs.filter((c) => agree(c.account, run.account) && agree(c.region, run.region));
  const accounts = new Set(fits.flatMap((c) => (c.account === null ? [] : [c.account])));
  const regions = new Set(fits.flatMap((c) => (c.region === null ? [] : [c.region])));
  const certain = (accounts.size <= 1 || run.account !== null) && (regions.size <= 1 || run.region !== null);
  if (!certain) return null;
  return fits.reduce<Config | null>(
    (best, c) => (best === null || (c.observedAt ?? 0) >= (best.observedAt ?? 0) ? richer(c, best) : best),
    null,
  );
}

/** Of two descriptions the newer one, but a name seen in telemetry never displaces a description. */
function richer(newer: Config, older: Config | null): Config {
  return older !== null && newer.settings["derivedFrom"] === "telemetry" && older.settings["derivedFrom"] !== "telemetry" ? older : newer;
}

function agree(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b;
}

/** Instances kept ready: `minInstances`, or the sum of `alwaysReady`. */
function readyIn(config: Config | null): number | null {
  const groups: Json | undefined = config?.settings["alwaysReady"];
  if (!Array.isArray(groups)) return numberIn(config, "minInstances");
  const counts = groups.map((group) => (isObject(group) ? numberOf(group["instanceCount"]) : null) ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
}

function textIn(config: Config | null, key: string): string | null {
  const value: Json | undefined = config?.settings[key];
  return typeof value === "string" ? value : null;
}

function numberIn(config: Config | null, key: string): number | null {
  const value: Json | undefined = config?.settings[key];
  return typeof value === "number" ? value : null;
}
