/** `plan`: advice -> one plan, with the revisions to lock on where the clouds can be reached. */
import type { Door } from "../applier/execute.ts";
import { ownersIn } from "../applier/iac/ownership.ts";
import type { IacFile } from "../applier/iac/files.ts";
import { type Advised, makePlan, type Planned, sizeChange } from "../applier/plan.ts";
import { EXIT, UserError } from "../model/errors.ts";
import type { Plan, ResourceRef } from "../model/plan.ts";
import type { Sizing, SizingAdvice } from "../model/sizing.ts";
import { writePlan } from "../store/plan-file.ts";
import { type ApplyOptions, applyPlan, openPlan, type Reach } from "./apply.ts";
import type { Applied } from "./carry-out.ts";
import { doorTo, scopeFor } from "./doors.ts";
import { iacFiles } from "./iac-files.ts";
import { inParallel } from "./inspect.ts";
import { withSessions } from "./live.ts";

export interface PlanOptions {
  /** Alias to move where a function has it; null: none. */
  alias: string | null;
  /** Folder that is searched for infrastructure as code. */
  folder: string;
  /** Read the functions as they are now; false: the plan holds no revisions, and apply compares the settings alone. */
  live: boolean;
}

type Proposed = Advised & { account: string; region: string };

/** Why a function is left out that --account, --profile or --region leave out: no fault. */
const NOT_ASKED = "it is not in the accounts and regions that were asked for";

/** Functions planned at once; the room's quota decides the pace. */
const AT_ONCE = 8;

/** Throws UserError without credentials, where `live`. A function that cannot be read is left out, and the plan says why. */
export async function planOf(sizing: Sizing, options: PlanOptions, reach: Reach): Promise<Plan> {
  const { host, clock } = reach.world;
  const files = iacFiles(options.folder, host);
  const proposed = sizing.functions.filter((one) => one.change !== null);
  const ready = proposed.filter(isReady);
  const unready = proposed
    .filter((one) => !isReady(one))
    .map(({ fn, cloud }) => ({
      name: fn,
      why: `its ${cloud === "aws" ? "ARN" : "resource ID"} or present size is not in the dataset: evscope collect`,
    }));
  const refused = sizing.functions.flatMap(({ fn, refusal }) => (refusal === null ? [] : [{ name: fn, why: refusal }]));
  const door = async (work: (door: Door | null) => Promise<Planned[]>): Promise<Planned[]> => {
    if (!options.live || ready.length === 0) return work(null);
    const scope = scopeFor(ready.map(refOf), reach.settings, reach.flags, reach.env, clock.now());
    return withSessions(scope, reach.world, ({ sessions }) => work(doorTo(sessions)));
  };
  const planned = await door((open) =>
    inParallel(ready, AT_ONCE, (advice) => plannedOne(advice, open, files, options.alias, narrowed(reach))),
  );
  const possible = new Set(ready.flatMap((one) => ownersIn(files, one.fn).possible));
  for (const place of possible)
    host.warn(`${place} describes functions whose names cannot be read from it: look whether it owns what is planned`);
  const changes = planned.flatMap((one) => ("change" in one ? [one.change] : []));
  const skipped = planned.flatMap((one) => ("skipped" in one ? [one.skipped] : []));
  return makePlan(changes, [...skipped, ...unready, ...refused], clock.now());
}

/** Writes the plan for `apply`. */
export function savePlan(path: string, plan: Plan): void {
  writePlan(path, plan);
}

/**
 * `rightsize --apply`: plans what was advised, on the functions as they are now, and applies it. What is refused is left out, the rest is done.
 * A function that could not be planned (it cannot be read, it has another size by now) is warned of, and ends with `partial`. A run that was
 * interrupted is finished instead.
 */
export async function applyAdvice(
  sizing: Sizing,
  alias: string | null,
  options: Omit<ApplyOptions, "allOrNothing">,
  reach: Reach,
): Promise<Applied> {
  const open = options.dryRun ? null : openPlan(options.dataDir);
  if (open !== null) reach.world.host.note("an earlier run was interrupted: its plan is finished, no new one is made");
  const plan = open ?? (await planOf(sizing, { alias, folder: options.folder, live: true }, reach));
  const unplanned = open === null ? unplannedOf(plan, sizing) : [];
  for (const { name, why } of unplanned) reach.world.host.warn(`${name} was advised on and is not changed: ${why}`);
  const applied = await applyPlan(plan, { ...options, allOrNothing: false }, reach);
  return applied.exitCode === EXIT.done && unplanned.length > 0 ? { ...applied, exitCode: EXIT.partial } : applied;
}

/** What the plan leaves out although it was advised; the advice itself says what was refused. */
function unplannedOf(plan: Plan, sizing: Sizing): Plan["skipped"] {
  const refused = ({ name, why }: Plan["skipped"][number]): boolean =>
    sizing.functions.some((one) => one.fn === name && one.refusal === why);
  return plan.skipped.filter((one) => one.why !== NOT_ASKED && !refused(one));
}

/** The user named accounts or regions: others are not meant. */
function narrowed({ flags }: Reach): boolean {
  return [flags.account, flags.profile, flags.region].some((flag) => flag !== undefined && flag.length > 0);
}

function isReady(advice: SizingAdvice): advice is Proposed {
  const { change, kind, resource, account, region } = advice;
  return [change, kind, resource, account, region].every((one) => one !== null) && !Object.values(change!.before).includes(null);
}

function refOf({ cloud, account, region, kind, resource, fn }: Proposed): ResourceRef {
  return { cloud, account, region, kind, resource, name: fn };
}

async function plannedOne(
  advice: Proposed,
  door: Door | null,
  files: readonly IacFile[],
  alias: string | null,
  narrow: boolean,
): Promise<Planned> {
  const local = ownersIn(files, advice.fn).owners;
  if (door === null) return sizeChange(advice, null, local, alias);
  const ref = refOf(advice);
  const applier = door(ref);
  if (applier === null)
    return { skipped: { name: advice.fn, why: narrow ? NOT_ASKED : `no connection leads to account ${ref.account}, ${ref.region}` } };
  try {
    const live = await applier.read(ref, Object.keys(advice.change?.after ?? {}));
    return sizeChange(advice, live, [...new Set([...(await applier.owners(ref)), ...local])], alias);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { skipped: { name: advice.fn, why: error.message } };
  }
}
