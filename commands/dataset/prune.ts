import { Flags } from "@oclif/core";
import { pruneDataset } from "../../src/app/dataset.ts";
import { BaseCommand } from "../../src/cli/base-command.ts";

export default class DatasetPrune extends BaseCommand {
  static override summary = "delete whole days from the local dataset";
  static override description =
    "Deletes only the local copy; the clouds keep what they have. Without --yes it says what would go and deletes nothing.";
  static override examples = [
    "<%= config.bin %> <%= command.id %> --before 2026-10-01",
    "<%= config.bin %> <%= command.id %> --before 90d --yes",
  ];
  static override flags = {
    before: Flags.string({
      required: true,
      helpValue: "TIME",
      description: "days before this date, or further back from the newest record than this (90d), go",
    }),
    yes: Flags.boolean({ default: false, description: "delete without asking" }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(DatasetPrune);
    const { days, sizeBytes } = await pruneDataset(flags.data, flags.before, flags.yes);
    const size = `${(sizeBytes / 1e6).toFixed(1)} MB`;
    const which = days.length === 1 ? `1 day (${days[0]})` : `${days.length} days (${days[0]} to ${days.at(-1)})`;
    if (days.length === 0) this.print("nothing that old");
    else if (flags.yes) this.print(`deleted ${which}, ${size}`);
    else this.print(`would delete ${which}, ${size}; say --yes to do it`);
  }
}
