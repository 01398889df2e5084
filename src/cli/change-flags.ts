/** Flags of every command that changes something in a cloud. */
import { Flags } from "@oclif/core";
import type { ApplyOptions } from "../app/apply.ts";

const group = { helpGroup: "CHANGE" };

/** How it is done. */
export const mannerFlags = {
  yes: Flags.boolean({ ...group, char: "y", default: false, description: "do not ask" }),
  "dry-run": Flags.boolean({ ...group, default: false, description: "only show what would be done" }),
  parallel: Flags.integer({ ...group, min: 1, max: 50, default: 1, description: "resources changed at once" }),
  continue: Flags.boolean({ ...group, default: false, description: "go on with the others where one is refused or fails" }),
};

/** Leave to lose something. */
export const dangerFlags = {
  "accept-data-loss": Flags.boolean({
    ...group,
    default: false,
    description: "make changes that can lose events, or delete data for good",
  }),
  "accept-irreversible": Flags.boolean({
    ...group,
    default: false,
    description: "make changes that cannot be taken back; those that lose events need --accept-data-loss",
  }),
};

/** What is allowed beyond what is safe by itself. */
export const allowanceFlags = {
  "allow-drift": Flags.boolean({ ...group, default: false, description: "change what infrastructure as code owns" }),
  latest: Flags.boolean({
    ...group,
    default: false,
    description: "change $LATEST alone where aliases exist (Cloud Run: make the revision, leave the traffic)",
  }),
  ...dangerFlags,
};

export const aliasFlag = Flags.string({
  ...group,
  helpValue: "NAME",
  exclusive: ["latest"],
  description: "publish a version and move this alias to it, where a function has it (Cloud Run: traffic)",
});

type Parsed<Flag extends string> = Record<Flag, boolean>;

/** What of `dangerFlags` was given. */
export function acceptedOf(flags: Parsed<keyof typeof dangerFlags>): Pick<ApplyOptions["allow"], "dataLoss" | "irreversible"> {
  return { dataLoss: flags["accept-data-loss"], irreversible: flags["accept-irreversible"] };
}

export function allowancesOf(flags: Parsed<keyof typeof allowanceFlags>): ApplyOptions["allow"] {
  return { drift: flags["allow-drift"], latest: flags.latest, ...acceptedOf(flags) };
}
