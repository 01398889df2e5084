/** Which accounts, regions, functions and times a live command is about: flags over environment over evscope.yaml. */
import type { Signal, Span, Target } from "../clouds/room.ts";
import { UserError } from "../model/errors.ts";
import type { EpochMs, Ms, Usd } from "../model/units.ts";
import type { AccountSettings, Settings } from "./settings.ts";
import { parseWindow, spanMs } from "./window.ts";

/** Flags as the commands have them; undefined: not given. */
export interface LiveFlags {
  live?: boolean | undefined;
  offline?: boolean | undefined;
  account?: readonly string[] | undefined;
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
  requestsPerS: number | null;
  requestTimeoutMs: Ms;
  patienceMs: Ms;
}

const EXAMPLE = `evscope.yaml:  aws: { accounts: [{ name: shop, regions: [eu-central-1] }] }`;

/** Live clouds are part of the answer: asked for with --live or a target, or named in evscope.yaml, and not forbidden. */
export function wantsLive(settings: Settings, flags: LiveFlags, env: Environment): boolean {
  if (flags.offline === true) return false;
  const asked = flags.live === true || [flags.account, flags.profile, flags.region].some((flag) => flag !== undefined && flag.length > 0);
  return asked || settings.live.accounts.length > 0 || Boolean(env["EVSCOPE_REGION"] ?? env["EVSCOPE_PROFILE"]);
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
    requestsPerS: live.requestsPerS,
    requestTimeoutMs: live.requestTimeoutMs,
    patienceMs: live.patienceMs,
  };
}

function targetsOf(configured: readonly AccountSettings[], flags: LiveFlags, env: Environment): Target[] {
  const profile = flags.profile ?? env["EVSCOPE_PROFILE"];
  const named = (flags.region ?? []).flatMap(listOf);
  const regions = named.length > 0 ? named : listOf(env["EVSCOPE_REGION"]);
  const accounts = configured.length > 0 ? chosen(configured, flags.account) : [unnamed(flags, env)];
  if (profile !== undefined && accounts.length > 1) {
    throw new UserError(`one profile (${profile}) for ${accounts.length} accounts: ${accounts.map((one) => one.name).join(", ")}`, {
      suggestions: ["name one of them with --account"],
    });
  }
  const tags = flags.tag === undefined || flags.tag.length === 0 ? null : Object.fromEntries(flags.tag.map(tagOf));
  return accounts.flatMap((one) =>
    [...new Set(regions.length > 0 ? regions : one.regions)].map(asRegion).map((region): Target => ({
      cloud: "aws",
      name: one.name,
      account: one.account,
      region,
      profile: profile ?? one.profile,
      roleArn: one.roleArn,
      externalId: one.externalId,
      functions: {
        names: flags.function !== undefined && flags.function.length > 0 ? flags.function : one.functions.names,
        tags: tags ?? one.functions.tags,
      },
    })),
  );
}

/** Throws UserError for what can be no region: it becomes part of a host name. */
function asRegion(text: string): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/i.test(text)) return text;
  throw new UserError(`${JSON.stringify(text)} is not the name of a region`, { suggestions: ["--region eu-central-1 --region us-east-1"] });
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

/** Nothing is configured: what the AWS tools would take. Regions of flags and EVSCOPE_REGION come over this one. */
function unnamed(flags: LiveFlags, env: Environment): AccountSettings {
  if (flags.account !== undefined && flags.account.length > 0) {
    throw new UserError("--account chooses among the accounts in evscope.yaml, and it names none", { suggestions: [EXAMPLE] });
  }
  const region = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"];
  if (!region && (flags.region ?? []).length === 0 && listOf(env["EVSCOPE_REGION"]).length === 0) {
    throw new UserError("nothing says which cloud account and region to read", {
      suggestions: ["--region eu-central-1 [--profile NAME], or set AWS_REGION", EXAMPLE],
    });
  }
  const none = { account: null, roleArn: null, externalId: null, functions: { names: [], tags: {} } };
  return { name: "default", profile: env["AWS_PROFILE"] || null, regions: region ? [region] : [], ...none };
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
