/** `plan`: proposals of any topic -> one plan, with the revisions to lock on where the clouds can be reached. */
import type { Door } from "../applier/execute.ts";
import { ownersIn } from "../applier/iac/ownership.ts";
import type { IacFile } from "../applier/iac/files.ts";
import { makePlan, mergedProposals, type Planned, proposedChange } from "../applier/plan.ts";
import { EXIT, UserError } from "../model/errors.ts";
import type { Plan } from "../model/plan.ts";
import type { Proposal, Refused } from "../model/proposal.ts";
import { writePlan } from "../store/plan-file.ts";
import { type ApplyOptions, applyPlan, openPlan, type Reach } from "./apply.ts";
import type { Applied } from "./carry-out.ts";
import { doorTo, scopeFor } from "./doors.ts";
import { iacFiles } from "./iac-files.ts";
import { inParallel } from "./inspect.ts";
import { withSessions } from "./live.ts";

/** What recommenders say that can be done, and what they looked at and leave. */
export interface Advice {
  proposals: readonly Proposal[];
  /** Looked at, and no change is advised: no news to who asked for the advice. */
  refused: readonly Refused[];
  /** Advised, but it is not known well enough what to write: said aloud. */
  unready: readonly Refused[];
}

export interface PlanOptions {
  /** Alias to move where a function has it; null: none. */
  alias: string | null;
  /** Folder that is searched for infrastructure as code. */
  folder: string;
  /** Read the resources as they are now; false: the plan holds no revisions, and apply compares the settings alone. */
  live: boolean;
}

/** Why a resource is left out that --account, --profile or --region leave out: no fault. */
const NOT_ASKED = "it is not in the accounts and regions that were asked for";

/** Resources planned at once; the room's quota decides the pace. */
const AT_ONCE = 8;

/** Throws UserError without credentials, where `live`. A resource that cannot be read is left out, with all that belongs to it, and the plan says why. */
export async function planOf(advice: Advice, options: PlanOptions, reach: Reach): Promise<Plan> {
  const { host, clock } = reach.world;
  const files = iacFiles(options.folder, host);
  const { proposals, left } = mergedProposals(advice.proposals);
  const door = async (work: (door: Door | null) => Promise<Planned[]>): Promise<Planned[]> => {
    if (!options.live || proposals.length === 0) return work(null);
    const scope = scopeFor(proposals, reach.settings, reach.flags, reach.env, clock.now());
    return withSessions(scope, reach.world, ({ sessions }) => work(doorTo(sessions)));
  };
  const planned = await door((open) =>
    inParallel(proposals, AT_ONCE, (proposal) => plannedOne(proposal, open, files, options.alias, narrowed(reach))),
  );
  const possible = new Set(proposals.flatMap((one) => ownersIn(files, one.name).possible));
  for (const place of possible)
    host.warn(`${place} describes functions whose names cannot be read from it: look whether it owns what is planned`);
  const { changes, skipped } = wholeGroups(planned, proposals);
  return makePlan(changes, [...skipped, ...left, ...advice.unready, ...advice.refused], clock.now());
}

/** What belongs to a change that could not be planned is left out as well. */
function wholeGroups(planned: readonly Planned[], proposals: readonly Proposal[]): Pick<Plan, "changes" | "skipped"> {
  const key = (one: Proposal): string => `${one.topic}:${one.group}`;
  const broken = new Map<string, string>();
  planned.forEach((one, i) => {
    if ("skipped" in one && proposals[i]!.group !== null) broken.set(key(proposals[i]!), one.skipped.name);
  });
  const changes: Plan["changes"] = [];
  const skipped: Plan["skipped"] = [];
  planned.forEach((one, i) => {
    const because = broken.get(key(proposals[i]!));
    if ("skipped" in one) skipped.push(one.skipped);
    else if (because === undefined) changes.push(one.change);
    else skipped.push({ name: one.change.name, why: `it belongs to the change of ${because}, which is left out` });
  });
  return { changes, skipped };
}

/** Writes the plan for `apply`. */
export function savePlan(path: string, plan: Plan): void {
  writePlan(path, plan);
}

/**
 * `--apply` of a recommender: plans what was advised, on the resources as they are now, and applies it. What is refused is left out, the rest
 * is done. A resource that could not be planned (it cannot be read, it has other settings by now) is warned of, and ends with `partial`. A run
 * that was interrupted is finished instead.
 */
export async function applyAdvice(
  advice: Advice,
  alias: string | null,
  options: Omit<ApplyOptions, "allOrNothing">,
  reach: Reach,
): Promise<Applied> {
  const open = options.dryRun ? null : openPlan(options.dataDir);
  if (open !== null) reach.world.host.note("an earlier run was interrupted: its plan is finished, no new one is made");
  const plan = open ?? (await planOf(advice, { alias, folder: options.folder, live: true }, reach));
  const unplanned = open === null ? unplannedOf(plan, advice) : [];
  for (const { name, why } of unplanned) reach.world.host.warn(`${name} was advised on and is not changed: ${why}`);
  const applied = await applyPlan(plan, { ...options, allOrNothing: false }, reach);
  return applied.exitCode === EXIT.done && unplanned.length > 0 ? { ...applied, exitCode: EXIT.partial } : applied;
}

/** What the plan leaves out although it was advised; the advice itself says what was refused. */
function unplannedOf(plan: Plan, advice: Advice): Plan["skipped"] {
  const refused = ({ name, why }: Plan["skipped"][number]): boolean => advice.refused.some((one) => one.name === name && one.why === why);
  return plan.skipped.filter((one) => one.why !== NOT_ASKED && !refused(one));
}

/** The user named accounts or regions: others are not meant. */
function narrowed({ flags }: Reach): boolean {
  return [flags.account, flags.profile, flags.region].some((flag) => flag !== undefined && flag.length > 0);
}

async function plannedOne(
  proposal: Proposal,
  door: Door | null,
  files: readonly IacFile[],
  alias: string | null,
  narrow: boolean,
): Promise<Planned> {
  const { name, account, region } = proposal;
  const local = ownersIn(files, name).owners;
  if (door === null) return proposedChange(proposal, null, local, alias);
  const applier = door(proposal);
  if (applier === null) return { skipped: { name, why: narrow ? NOT_ASKED : `no connection leads to account ${account}, ${region}` } };
  try {
    const live = await applier.read(proposal, Object.keys(proposal.after));
    return proposedChange(proposal, live, [...new Set([...(await applier.owners(proposal)), ...local])], alias);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { skipped: { name, why: error.message } };
  }
}
