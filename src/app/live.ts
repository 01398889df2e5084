/** Open connections to the targets of a command. */
import { rooms } from "../clouds/index.ts";
import type { LiveContext, LiveSession, Target } from "../clouds/room.ts";
import type { Clock } from "../model/clock.ts";
import { EXIT, UserError } from "../model/errors.ts";
import type { Host } from "../model/host.ts";
import type { IdKeys } from "../model/id-keys.ts";
import type { Gap } from "../model/records.ts";
import { nameOf, regionOf, type Scope } from "./targets.ts";

/** What live work needs from outside the engine. */
export interface LiveWorld {
  host: Host;
  signal: AbortSignal;
  clock: Clock;
  keys: IdKeys;
  /** Stands in for the rooms' own doors in tests. */
  connect?: (target: Target, context: LiveContext) => Promise<LiveSession>;
}

export interface Sessions {
  sessions: readonly LiveSession[];
  /** Targets that could not be reached, while others could. */
  unreached: readonly { target: Target; gap: Gap }[];
}

/**
 * Opens a session to every target, hands them to `work`, and closes them whatever happens. Throws UserError (exit 3) when no target can be
 * reached, with the first reason of each cloud; one of several that cannot is a warning and a gap.
 */
export async function withSessions<Result>(scope: Scope, world: LiveWorld, work: (open: Sessions) => Promise<Result>): Promise<Result> {
  const spent = { usd: 0 };
  const contextOf = (target: Target): LiveContext => ({
    host: world.host,
    signal: world.signal,
    clock: world.clock,
    keys: world.keys,
    ...scope.paces[target.cloud],
    spent,
  });
  const tried = await Promise.allSettled(scope.targets.map((target) => (world.connect ?? connectRoom)(target, contextOf(target))));
  const sessions = tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    const failed = tried.flatMap((one, i) =>
      one.status === "rejected" ? [{ target: scope.targets[i]!, error: one.reason as unknown }] : [],
    );
    const bug = failed.find(({ error }) => !(error instanceof UserError));
    if (bug !== undefined) throw bug.error;
    if (sessions.length === 0 && failed.length > 0) throw noneReached(failed as Failed[]);
    for (const { target, error } of failed as Failed[]) world.host.warn(named(target, error) + advice(error));
    const unreached = failed.map(({ target, error }) => ({ target, gap: unreachedGap(target, error as UserError) }));
    return await work({ sessions, unreached });
  } finally {
    for (const session of sessions) session.close();
  }
}

interface Failed {
  target: Target;
  error: UserError;
}

/** Credentials are a cloud's: accounts and regions of one mostly fail alike, those of two clouds need two remedies. */
function noneReached(failed: readonly Failed[]): UserError {
  const [first, ...others] = [...Map.groupBy(failed, ({ target }) => target.cloud).values()].map(([one]) => one!);
  if (others.length === 0) return first!.error;
  const all = [first!, ...others];
  return new UserError(all.map(({ target, error }) => named(target, error)).join("; "), {
    exitCode: first!.error.exitCode,
    suggestions: [...new Set(all.flatMap(({ error }) => error.suggestions))],
    cause: first!.error,
  });
}

/** The rooms' messages about a whole target begin with its name. */
function named(target: Target, { message }: UserError): string {
  return message.startsWith(target.name) ? message : `${nameOf(target)}: ${message}`;
}

/** The first thing to try, after a message. */
function advice({ suggestions: [first] }: UserError): string {
  return first === undefined ? "" : ` (${first})`;
}

function unreachedGap(target: Target, error: UserError): Gap {
  const { cloud, account } = target;
  return {
    type: "gap",
    cloud,
    account,
    region: regionOf(target),
    what: `everything of ${nameOf(target)}`,
    // what it is of is said already
    why: error.message.startsWith(`${target.name}: `) ? error.message.slice(target.name.length + 2) : error.message,
    from: null,
    to: null,
  };
}

async function connectRoom(target: Target, context: LiveContext): Promise<LiveSession> {
  const { live, title } = rooms[target.cloud];
  if (live === null) throw new UserError(`evscope reads exports of ${title} only`, { exitCode: EXIT.usage });
  return live.connect(target, context);
}
