/** Which accounts, regions, functions and times a live command is about: flags over environment over evscope.yaml. */
import { EVERYWHERE, type Signal, type Span, type Target } from "../clouds/room.ts";
import { UserError } from "../model/errors.ts";
import type { EpochMs, Usd } from "../model/units.ts";
import type { AccountSettings, Pace, Settings } from "./settings.ts";
import { parseWindow, spanMs } from "./window.ts";

/** Flags as the commands have them; undefined: not given. */
export interface LiveFlags {
  live?: boolean | undefined;
  offline?: boolean | undefined;
  account?: readonly string[] | undefined;
  /** Azure subscription IDs and Google Cloud project IDs, whether evscope.yaml names them or not. */
  subscription?: readonly string[] | undefined;
  project?: readonly string[] | undefined;
  profile?: string | undefined;
  region?: readonly string[] | undefined;
  function?: readonly string[] | undefined;
  /** `key=value`. */
  tag?: readonly string[] | undefined;
  since?: string | undefined;
  until?: string | undefined;
  window?: string | undefined;
  signal?: readonly Signal[] | undefined;
  logs?: "platform" | "all" | undefined;
  "max-query-usd"?: string | undefined;
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a live command shall reach, and how far it may go. */
export interface Scope {
  targets: readonly Target[];
  signals: readonly Signal[];
  logs: "platform" | "all";
  window: Span;
  /** Where a search ends, which notes nothing as held: the end asked for, or now. */
  searchTo: EpochMs;
  /** The user said which window; else it is the default, which a command may narrow. */
  windowGiven: boolean;
  maxQueryUsd: Usd;
  paces: Readonly<Record<Target["cloud"], Pace>>;
}

const EXAMPLES = [
  "evscope.yaml:  aws: { accounts: [{ name: shop, regions: [eu-central-1] }] }",
  "azure: { subscriptions: [{ name: shop, subscription: ID }] }, gcp: { projects: [{ name: shop, project: ID }] }",
];

/** Flags that name where to look. */
type Place = Pick<LiveFlags, "account" | "subscription" | "project" | "profile" | "region">;

const isGiven = (flag: string | readonly string[] | undefined): boolean => flag !== undefined && flag.length > 0;

/** The user named accounts or regions: others are not meant. */
export function isNarrowed({ account, subscription, project, profile, region }: Place): boolean {
  return [account, subscription, project, profile, region].some(isGiven);
}

/** Live clouds are part of the answer: asked for with --live or a target, or named in evscope.yaml, and not forbidden. */
export function wantsLive(settings: Settings, flags: LiveFlags, env: Environment): boolean {
  if (flags.offline === true) return false;
  const named = ["EVSCOPE_REGION", "EVSCOPE_PROFILE", "EVSCOPE_SUBSCRIPTION", "EVSCOPE_PROJECT"].some((name) => Boolean(env[name]));
  return flags.live === true || isNarrowed(flags) || settings.live.accounts.length > 0 || named;
}

/** The clouds' own variables name a region, subscription or project to read where nothing is configured. */
export function namesCloud(env: Environment): boolean {
  return ["AWS_REGION", "AWS_DEFAULT_REGION", "AZURE_SUBSCRIPTION_ID", "GOOGLE_CLOUD_PROJECT"].some((name) => Boolean(env[name]));
}

/** How messages call a target. */
export function nameOf(target: Target): string {
  return target.region === EVERYWHERE ? target.name : `${target.name} ${target.region}`;
}

/** Region of what is said about a whole target; null: it is in all of them. */
export function regionOf(target: Target): string | null {
  return target.region === EVERYWHERE ? null : target.region;
}

/** Whether what lies in this account and region belongs to the target. Unknown (null) is no contradiction. */
export function covers(
  target: Target,
  { cloud, account, region }: { cloud: string; account: string | null; region: string | null },
): boolean {
  if (cloud !== target.cloud || (target.account !== null && account !== null && account !== target.account)) return false;
  if (target.region !== EVERYWHERE) return region === null || region === target.region;
  const { regions = [] } = target;
  return regions.length === 0 || region === null || isPlaceless(region) || regions.includes(region);
}

/** What has no region of its own is found by its ID alone, whichever regions are asked for. */
export function isPlaceless(region: string): boolean {
  return region === EVERYWHERE || region === "global";
}

/** `now`: the clock's. Throws UserError where nothing says what to reach, or a flag makes no sense. */
export function scopeOf(settings: Settings, flags: LiveFlags, env: Environment, now: EpochMs): Scope {
  const { live } = settings;
  if (flags.live === true && flags.offline === true) throw new UserError("--live and --offline exclude each other");
  const newest = now - live.settleMs;
  const given = parseWindow(flags.since, flags.until, now);
  const back = flags.window === undefined ? live.windowMs : spanMs(flags.window);
  if (back === null || back === 0)
    throw new UserError(`--window ${JSON.stringify(flags.window)} is not a span of time`, { suggestions: ["90m, 24h, 14d, 2w"] });
  const to = Math.min(given.to ?? newest, newest);
  const window = { from: given.from ?? to - back, to };
  if (window.from >= window.to) {
    throw new UserError("that window has no time in it", {
      suggestions: ["the newest minutes (settle in evscope.yaml) are not read, since logs arrive late: begin earlier"],
    });
  }
  return {
    targets: targetsOf(live.accounts, flags, env),
    signals: flags.signal !== undefined && flags.signal.length > 0 ? [...new Set(flags.signal)] : live.signals,
    logs: flags.logs ?? live.logs,
    window,
    searchTo: given.to ?? now,
    windowGiven: flags.since !== undefined || flags.until !== undefined || flags.window !== undefined,
    maxQueryUsd:
      usd(flags["max-query-usd"], "--max-query-usd") ?? usd(env["EVSCOPE_MAX_QUERY_USD"], "EVSCOPE_MAX_QUERY_USD") ?? live.maxQueryUsd,
    paces: live.paces,
  };
}

function targetsOf(configured: readonly AccountSettings[], flags: LiveFlags, env: Environment): Target[] {
  const profile = flags.profile ?? env["EVSCOPE_PROFILE"];
  const named = (flags.region ?? []).flatMap(listOf);
  const regions = [...new Set(named.length > 0 ? named : listOf(env["EVSCOPE_REGION"]))].map(asRegion);
  const accounts = accountsOf(configured, flags, env);
  const onAws = accounts.filter((one) => one.cloud === "aws");
  if (profile !== undefined && onAws.length > 1) {
    throw new UserError(`one profile (${profile}) for ${onAws.length} accounts: ${onAws.map((one) => one.name).join(", ")}`, {
      suggestions: ["name one of them with --account"],
    });
  }
  const tags = flags.tag === undefined || flags.tag.length === 0 ? null : Object.fromEntries(flags.tag.map(tagOf));
  const clouds = new Set(accounts.map((one) => one.cloud));
  const targets = accounts.flatMap(({ regions: own, ...account }): Target[] => {
    const functions = {
      names: isGiven(flags.function) ? flags.function! : account.functions.names,
      tags: tags ?? account.functions.tags,
    };
    const meant = clouds.size === 1 ? regions : regions.filter((region) => cloudOfRegion(region) === account.cloud);
    if (regions.length > 0 && meant.length === 0) return [];
    if (account.cloud !== "aws") {
      const only = meant.length > 0 ? meant.map((region) => region.toLowerCase()) : own;
      return [{ ...account, functions, region: EVERYWHERE, ...(only.length === 0 ? {} : { regions: only }) }];
    }
    const wanted = meant.length > 0 ? meant : [...new Set(own)].map(asRegion);
    return wanted.map((region) => ({ ...account, functions, profile: profile ?? account.profile, region }));
  });
  if (targets.length > 0) return targets;
  throw new UserError(`no configured account has the region${regions.length > 1 ? "s" : ""} ${regions.join(", ")}`, {
    suggestions: [`there are accounts on: ${[...clouds].join(", ")}`],
  });
}

/** Which cloud names its regions so: `us-east-1`, `us-east1`, `eastus`. */
function cloudOfRegion(region: string): Target["cloud"] {
  if (/-\d+$/.test(region)) return "aws";
  return region.includes("-") ? "gcp" : "azure";
}

/** Throws UserError for what can be no region: it becomes part of a host name. */
function asRegion(text: string): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/i.test(text)) return text;
  throw new UserError(`${JSON.stringify(text)} is not the name of a region`, { suggestions: ["--region eu-central-1 --region us-east-1"] });
}

/** The accounts that flags choose of the file, those that they name beside it, or what the environment names where nothing else does. */
function accountsOf(configured: readonly AccountSettings[], flags: LiveFlags, env: Environment): readonly AccountSettings[] {
  const subscriptions = isGiven(flags.subscription) ? flags.subscription! : listOf(env["EVSCOPE_SUBSCRIPTION"]);
  const projects = isGiven(flags.project) ? flags.project! : listOf(env["EVSCOPE_PROJECT"]);
  const direct = [
    ...subscriptions.map((id) => directly(configured, "azure", asSubscription(id))),
    ...projects.map((id) => directly(configured, "gcp", asProject(id))),
  ];
  if (direct.length > 0 && !isGiven(flags.account)) return direct;
  if (configured.length > 0) return [...new Set([...chosen(configured, flags.account), ...direct])];
  return unnamed(flags, env);
}

/** A subscription or project by its ID: as the file describes it, else with the vendor's defaults. */
function directly(configured: readonly AccountSettings[], cloud: "azure" | "gcp", account: string): AccountSettings {
  const known = configured.find((one) => one.cloud === cloud && one.account === account);
  if (known !== undefined) return known;
  const own = cloud === "azure" ? { azure: { cloud: "public" as const, tenant: null, workspaces: [] } } : { gcp: { impersonate: null } };
  return { ...NOTHING_SAID, cloud, name: account, account, profile: null, regions: [], ...own };
}

const NOTHING_SAID = { roleArn: null, externalId: null, functions: { names: [], tags: {} } };

function asSubscription(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new UserError(`${JSON.stringify(text)} is no Azure subscription ID`, { suggestions: ["az account list --query '[].id'"] });
}

function asProject(text: string): string {
  if (/^([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(text)) return text;
  throw new UserError(`${JSON.stringify(text)} is no Google Cloud project ID`, { suggestions: ["gcloud projects list"] });
}

function chosen(accounts: readonly AccountSettings[], wanted: readonly string[] | undefined): readonly AccountSettings[] {
  if (wanted === undefined || wanted.length === 0) return accounts;
  for (const name of wanted) {
    if (accounts.some((one) => one.name === name || one.account === name)) continue;
    throw new UserError(`no account ${JSON.stringify(name)} in the configuration`, {
      suggestions: [`there are: ${accounts.map((one) => one.name).join(", ")}`],
    });
  }
  return accounts.filter((one) => wanted.includes(one.name) || (one.account !== null && wanted.includes(one.account)));
}

/**
 * Nothing is configured: what the clouds' own tools would take. Regions of flags and EVSCOPE_REGION come over that of the environment.
 * Without any region, the subscription or project that the environment names.
 */
function unnamed(flags: LiveFlags, env: Environment): AccountSettings[] {
  if (isGiven(flags.account)) {
    throw new UserError("--account chooses among the accounts in evscope.yaml, and it names none", { suggestions: EXAMPLES });
  }
  const region = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"];
  if (!region && !isGiven(flags.region) && listOf(env["EVSCOPE_REGION"]).length === 0) {
    const [subscription, project] = [env["AZURE_SUBSCRIPTION_ID"], env["GOOGLE_CLOUD_PROJECT"]];
    if (subscription && !isGiven(flags.profile)) return [directly([], "azure", asSubscription(subscription))];
    if (project && !isGiven(flags.profile)) return [directly([], "gcp", asProject(project))];
    throw new UserError("nothing says which cloud account and region to read", {
      suggestions: ["--region eu-central-1 [--profile NAME], or set AWS_REGION", "--subscription ID, --project ID", ...EXAMPLES],
    });
  }
  return [
    { ...NOTHING_SAID, cloud: "aws", name: "default", account: null, profile: env["AWS_PROFILE"] || null, regions: region ? [region] : [] },
  ];
}

function listOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function tagOf(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UserError(`--tag ${JSON.stringify(text)} is not KEY=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function usd(text: string | undefined, source: string): Usd | null {
  if (text === undefined || text === "") return null;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0)
    throw new UserError(`${source} ${JSON.stringify(text)} is no amount of US dollars`, {
      suggestions: ["0.50, 5, 0 for no paid queries"],
    });
  return value;
}
