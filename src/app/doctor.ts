/** `doctor`: can the targets be read, what is not allowed, which settings lose telemetry, and which functions and ways lose the ID. */
import { rooms } from "../clouds/index.ts";
import type { Finding, LiveDoors, LiveSession, Permission, PermissionCheck, Target } from "../clouds/room.ts";
import type { Coverage } from "../model/coverage.ts";
import { EXIT, UserError } from "../model/errors.ts";
import type { Config, Gap, Json } from "../model/records.ts";
import { coverageOf } from "./coverage.ts";
import { type LiveWorld, withSessions } from "./live.ts";
import type { Settings } from "./settings.ts";
import { type Environment, type LiveFlags, nameOf, namesCloud, type Scope, scopeOf, wantsLive } from "./targets.ts";

export type Feature = Permission["feature"];

export interface DoctorTarget {
  cloud: Target["cloud"];
  name: string;
  region: string;
  account: string | null;
  /** Who the credentials say we are; null: not told. */
  principal: string | null;
  /** Why it could not be reached; null: it was. */
  error: string | null;
  functions: number;
  permissions: PermissionCheck[];
  findings: Finding[];
}

/** What the clouds answered. */
interface Examined {
  targets: DoctorTarget[];
  /** Something that commands cannot do without is not granted, or a target cannot be reached. */
  blocked: boolean;
}

export interface DoctorResult extends Examined {
  /** Why no cloud was asked, so that permissions and settings are not known; null: they were. */
  unasked: string | null;
  /** Of what the dataset holds; null: there is none, it is empty, or it cannot be read (which is a warning). */
  coverage: Coverage | null;
}

/**
 * The least-privilege policy for these features, in the cloud's own form; needs no credentials. Throws UserError where the cloud has none of
 * them: a policy that allows nothing is none.
 */
export function policyFor(cloud: Target["cloud"], features: readonly Feature[]): Json {
  const { policy, permissions } = doorsOf(cloud);
  if (permissions.some((one) => features.includes(one.feature))) return policy(features);
  throw new UserError(`${rooms[cloud].title} has no ${features.join(", ")}: there is nothing to allow`, {
    suggestions: [`--feature ${[...new Set(permissions.map((one) => one.feature))].join(" --feature ")}`],
  });
}

/**
 * Which cloud's policy is meant where the user does not say: that of the subscription or project given, else that of the accounts in evscope.yaml.
 * Throws UserError where these are several.
 */
export function policyCloud(
  settings: Settings,
  { cloud, subscription = [], project = [] }: Pick<LiveFlags, "subscription" | "project"> & { cloud?: Target["cloud"] | undefined },
): Target["cloud"] {
  if (cloud !== undefined) return cloud;
  const given: Target["cloud"][] = [
    ...(subscription.length > 0 ? ["azure" as const] : []),
    ...(project.length > 0 ? ["gcp" as const] : []),
  ];
  const meant = given.length > 0 ? given : [...new Set(settings.live.accounts.map((one) => one.cloud))];
  if (meant.length < 2) return meant[0] ?? "aws";
  throw new UserError(`a policy is for one cloud, and ${given.length > 0 ? "the flags name" : "evscope.yaml names"} ${meant.join(", ")}`, {
    suggestions: meant.map((one) => `--cloud ${one}`),
  });
}

function doorsOf(cloud: Target["cloud"]): LiveDoors {
  const { live, title } = rooms[cloud];
  if (live === null) throw new UserError(`evscope reads exports of ${title} only`);
  return live;
}

/**
 * Asks the clouds and the dataset. Where no account is configured or named, a dataset alone is enough: then only its coverage is told.
 * Throws UserError as `examine` and `scopeOf` do.
 */
export async function diagnose(
  dataDir: string,
  settings: Settings,
  flags: LiveFlags,
  env: Environment,
  world: LiveWorld,
): Promise<DoctorResult> {
  if (wantsLive(settings, flags, env)) {
    const examined = await examine(scopeOf(settings, flags, env, world.clock.now()), world);
    return { ...examined, unasked: null, coverage: await coverageOrWarning(dataDir, world) };
  }
  if (!namesCloud(env)) {
    const coverage = await coverageOrWarning(dataDir, world);
    if (coverage !== null) return { targets: [], blocked: false, unasked: "no account is configured", coverage };
  }
  const scope = scopeOf(settings, flags, env, world.clock.now());
  try {
    return { ...(await examine(scope, world)), unasked: null, coverage: await coverageOrWarning(dataDir, world) };
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode !== EXIT.credentials) throw error;
    const coverage = await coverageOrWarning(dataDir, world);
    if (coverage === null) throw error;
    return { targets: [], blocked: false, unasked: `no account is configured, and ${error.message}`, coverage };
  }
}

async function coverageOrWarning(dataDir: string, { host, signal }: LiveWorld): Promise<Coverage | null> {
  try {
    return await coverageOf(dataDir, host, signal);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    host.warn(`correlation coverage is not known: ${error.message}`);
    return null;
  }
}

/** Asks each target for what commands need. Throws UserError (exit 3) when none can be reached. */
export async function examine(scope: Scope, world: LiveWorld): Promise<Examined> {
  return withSessions(scope, world, async ({ sessions, unreached }) => {
    const targets = [
      ...(await Promise.all(sessions.map((session) => examineTarget(session, scope, world)))),
      ...unreached.map(({ target, gap }) => unreachedTarget(target, gap.why)),
    ];
    const blocked = targets.some((one) => one.error !== null || one.permissions.some((p) => p.required && p.state === "denied"));
    return { targets, blocked };
  });
}

async function examineTarget(session: LiveSession, scope: Scope, { host }: LiveWorld): Promise<DoctorTarget> {
  const permissions: PermissionCheck[] = [];
  for await (const check of session.permissions()) {
    permissions.push(check);
    host.progress(`permissions of ${nameOf(session.target)}`, permissions.length, null, "permissions");
  }
  const configs: Config[] = [];
  const gaps: Gap[] = [];
  for await (const page of session.collector.inventory()) {
    for (const record of page) {
      if (record.type === "config") configs.push(record);
      if (record.type === "gap") gaps.push(record);
    }
    host.progress(`inventory of ${nameOf(session.target)}`, configs.length, null, "descriptions");
  }
  return {
    cloud: session.target.cloud,
    name: session.target.name,
    region: session.target.region,
    account: session.account,
    principal: session.principal,
    error: null,
    functions: new Set(configs.flatMap((one) => (one.kind === "function" ? [one.name] : []))).size,
    permissions,
    findings: [...doorsOf(session.target.cloud).findings(configs, scope.window.to - scope.window.from), ...unread(gaps)],
  };
}

function unreachedTarget({ cloud, name, region, account }: Target, error: string): DoctorTarget {
  return { cloud, name, region, account, principal: null, error, functions: 0, permissions: [], findings: [] };
}

function unread(gaps: readonly Gap[]): Finding[] {
  return gaps.map(({ what, why }) => ({ code: "not-read", what: `${what}: ${why}`, names: [], advice: "see the permissions above" }));
}
