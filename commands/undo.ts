import { Args, Flags } from "@oclif/core";
import { undo } from "../src/app/undo.ts";
import { EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { ChangeCommand } from "../src/cli/change-command.ts";
import { acceptedOf, dangerFlags, mannerFlags } from "../src/cli/change-flags.ts";
import { accountFlags } from "../src/cli/live-flags.ts";
import { UserError } from "../src/model/errors.ts";
import { applyText } from "../src/report/render.ts";

export default class Undo extends ChangeCommand {
  static override summary = "take back what a run changed";
  static override description =
    prose(`Restores the settings, and the version an alias pointed to (the revision that had the traffic), exactly as the journal has them, through the same checks as apply. What
somebody changed since is refused (code 5); --force restores it all the same. The undo is a run of its own, and can be taken back.
Data that a shorter retention or a time to live has deleted does not come back.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> --last",
    "<%= config.bin %> <%= command.id %> 20261123T120000-1a2b --yes",
  ];
  static override args = { run: Args.string({ required: false, description: "run to take back, as evscope journal names it" }) };
  static override flags = {
    last: Flags.boolean({ default: false, description: "the last run that was not taken back" }),
    force: Flags.boolean({ default: false, description: "restore also what somebody changed since" }),
    ...mannerFlags,
    ...dangerFlags,
    ...accountFlags,
    format: Flags.option({ options: ["table", "json"] as const })({ default: "table", description: "form of the result" }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Undo);
    if (args.run !== undefined && flags.last) throw new UserError("a run or --last, not both");
    if (args.run === undefined && !flags.last)
      throw new UserError("say which run, or --last", { suggestions: ["evscope journal lists the runs"] });
    const options = { ...this.manner(flags), dataDir: flags.data, run: args.run ?? null, force: flags.force, allow: acceptedOf(flags) };
    const undone = await undo(options, this.reach(flags));
    this.print(applyText(undone, flags.format, this.terminal()));
    this.exitWith(undone.exitCode);
  }
}
