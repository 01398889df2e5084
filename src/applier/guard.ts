/** What speaks against a change, found out before anything is written. Pure. */
import { EXIT, type ExitCode } from "../model/errors.ts";
import type { Change, LiveResource } from "../model/plan.ts";
import { dangerOf, losesData } from "./danger.ts";
import { diffOf } from "./plan.ts";
import { aliasVersion, lockHolds, settingsOf, stateOf } from "./state.ts";

/** What the user allows beyond what is safe by itself. */
export interface Allowances {
  /** --allow-drift: write although infrastructure as code owns the resource. */
  drift: boolean;
  /** --latest: change the unpublished configuration although aliases exist. */
  latest: boolean;
  /** --accept-data-loss: events or data may be lost, for good too. --accept-irreversible: it cannot be taken back, though nothing else is lost by it. */
  dataLoss: boolean;
  irreversible: boolean;
}

export interface Objection {
  kind: "missing" | "changed" | "busy" | "failed" | "owned" | "aliases" | "danger" | "group";
  /** A sentence for people. */
  text: string;
  /** Flag that lifts it; null: none does. */
  flag: string | null;
  exitCode: ExitCode;
}

/** `owners`: seen by the plan, by the cloud now, and in files of the working folder. Empty: nothing speaks against it. */
export function objections(change: Change, live: LiveResource, owners: readonly string[], allow: Allowances): Objection[] {
  const state = stateOf(change, live);
  if (state === "after" && !live.failed) return [];
  const found: Objection[] = [];
  const object = (kind: Objection["kind"], flag: string | null, text: string): void => {
    found.push({ kind, text, flag, exitCode: EXIT.conflict });
  };
  if (live.busy !== null) object("busy", null, `an update is under way (${live.busy})`);
  if (live.failed) object("failed", null, failedText(live.failed));
  if (change.alias !== null && aliasVersion(change, live) === null) object("missing", null, `there is no alias ${change.alias}`);
  else if (state !== "after" && (state !== "before" || !lockHolds(change, live))) object("changed", null, difference(change, live));
  if (owners.length > 0 && !allow.drift) object("owned", "--allow-drift", ownersText(owners));
  if (change.alias === null && live.aliases.length > 0 && !allow.latest) object("aliases", null, aliasesText(live));
  const danger = dangerObjection(change, allow);
  return danger === null ? found : [...found, danger];
}

/** null: the change endangers nothing, or the user accepted that it does. What cannot be taken back is mostly data that is deleted. */
export function dangerObjection(change: Change, allow: Pick<Allowances, "dataLoss" | "irreversible">): Objection | null {
  const danger = dangerOf(change);
  const facts = { kind: "danger", exitCode: EXIT.conflict } as const;
  if (losesData(change) && !allow.dataLoss) return { ...facts, flag: "--accept-data-loss", text: "it can lose data or events" };
  if (danger === "irreversible" && !allow.dataLoss && !allow.irreversible)
    return { ...facts, flag: "--accept-data-loss or --accept-irreversible", text: "it cannot be taken back" };
  return null;
}

/** A change would not reach what traffic runs through. Google Cloud's one "alias" is the traffic of a service that is held on a revision. */
function aliasesText({ cloud, aliases }: LiveResource): string {
  if (cloud === "gcp") {
    const held = aliases.map((one) => one.version).join(", ");
    return `its traffic is held on revision ${held}: a new revision gets none; --alias ${aliases[0]!.name} moves it to the new one, --latest makes the revision alone`;
  }
  const through = aliases.map((one) => `alias ${one.name} (version ${one.version})`).join(", ");
  return `traffic may run through ${through}: published versions are fixed, changing $LATEST does nothing for them; --alias NAME publishes a version and moves that alias to it, --latest changes $LATEST alone`;
}

/** What is read of a function whose last update failed is not what runs. */
export function failedText(why: string): string {
  return `its last update failed (${why}): the settings that it shows are not the ones that run`;
}

/** Doors say `unknown: why` where they may not ask. */
function ownersText(owners: readonly string[]): string {
  const known = owners.filter((one) => !one.startsWith("unknown: "));
  return known.length === 0
    ? `who owns it is ${owners.join("; ")}`
    : `${known.join(" and ")} owns it: change it there, or the next deployment takes this back`;
}

/** For an undo of our own change: only what happened since speaks against it. */
export function changedSince(change: Change, live: LiveResource): Objection[] {
  const state = stateOf(change, live);
  if (state === "after" || (state === "before" && lockHolds(change, live))) return [];
  return [{ kind: "changed", text: difference(change, live), flag: "--force", exitCode: EXIT.conflict }];
}

/**
 * For an undo: data that it deletes for good, whoever wants it so; events that it loses where it makes changes anew that were taken back
 * (`redo`). Settings that were there before the change are the user's own.
 */
export function dangerAgain(
  change: Change,
  live: LiveResource,
  redo: boolean,
  allow: Pick<Allowances, "dataLoss" | "irreversible">,
): Objection[] {
  if (stateOf(change, live) === "after") return [];
  const danger = dangerObjection(change, allow);
  return danger !== null && (redo || dangerOf(change) === "irreversible") ? [danger] : [];
}

/** How the live resource differs from what the plan saw, in words. */
export function difference(change: Change, live: LiveResource): string {
  const now = settingsOf(change, live);
  const other = diffOf({ before: change.before, after: now }).map(
    ({ setting, before, after }) => `${setting} is ${JSON.stringify(after)} instead of ${JSON.stringify(before)}`,
  );
  const version = aliasVersion(change, live);
  if (change.alias !== null && version !== change.aliasVersion && change.aliasVersion !== null)
    other.push(`alias ${change.alias} points to ${version ?? "nothing"} instead of ${change.aliasVersion}`);
  if (other.length > 0) return `it was changed since: ${other.join(", ")}`;
  const what =
    change.fingerprint !== "" && change.fingerprint !== live.fingerprint
      ? "other settings or the code are not the same"
      : "it was written to (its revision is another), though these settings are the same";
  return `it was changed since: ${what}`;
}
