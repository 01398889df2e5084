/** What every recommender takes beside its own flags: files in place of the dataset, the form of the result, and that its advice be followed. */
import { Args, Flags } from "@oclif/core";
import { allowanceFlags, mannerFlags } from "./change-flags.ts";
import { tableFlags } from "./table-flags.ts";
import { accountFlags, liveFlags, priceFlag } from "./live-flags.ts";

export const pathArgs = {
  path: Args.string({ required: false, description: "exported files or folders to read instead of the dataset; several may be given" }),
};

export const recommenderFlags = {
  apply: Flags.boolean({
    helpGroup: "CHANGE",
    exclusive: ["explain", "top"],
    description: "make the changes, after showing them and asking",
  }),
  ...mannerFlags,
  ...allowanceFlags,
  ...liveFlags,
  ...accountFlags,
  ...priceFlag,
  format: Flags.option({ options: ["table", "json", "csv", "markdown"] as const })({
    default: "table",
    description: "form of the result",
  }),
  ...tableFlags,
};
