import { Args, Flags } from "@oclif/core";
import { journalOf } from "../src/app/journal.ts";
import { again } from "../src/cli/again.ts";
import { BaseCommand, prose } from "../src/cli/base-command.ts";
import { journalText } from "../src/report/render.ts";

export default class Journal extends BaseCommand {
  static override summary = "what was changed, by which run, and whether it was taken back";
  static override description =
    prose(`The journal lies in the dataset's folder. It is only ever appended to, and each entry holds the hash of the one
before: an edited or cut journal is refused (code 5).`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> 20261123T120000-1a2b --format json",
  ];
  static override args = { run: Args.string({ required: false, description: "only this run, with its changes" }) };
  static override flags = {
    format: Flags.option({ options: ["table", "json"] as const })({ default: "table", description: "form of the result" }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Journal);
    this.print(journalText({ ...journalOf(flags.data, args.run ?? null), again: again(flags) }, flags.format, this.terminal()));
  }
}
