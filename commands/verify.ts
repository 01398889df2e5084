import { Args, Flags } from "@oclif/core";
import { freshen, SIZING_READS } from "../src/app/freshen.ts";
import { verify } from "../src/app/verify.ts";
import { again } from "../src/cli/again.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { accountFlags, liveFlags, priceFlag } from "../src/cli/live-flags.ts";
import { EXIT } from "../src/model/errors.ts";
import { verifyText } from "../src/report/render.ts";

export default class Verify extends BaseCommand {
  static override summary = "hold what happened since a change against what was promised";
  static override description =
    prose(`Compares the runs since a change (at least 20 warm ones) with the predicted duration, the failures before, and the promised saving.
Verdicts: ok; worse (code 6, with the command that takes it back); too-early; unknown. The verdict is journalled.
Where clouds are configured, what is missing is collected first.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> 20261123T120000-1a2b --format json",
  ];
  static override args = {
    run: Args.string({ required: false, description: "run to verify (default: the last one that was not taken back)" }),
  };
  static override flags = {
    last: Flags.boolean({ default: false, description: "the last run that was not taken back (the default)" }),
    prices: Flags.file({ helpValue: "FILE", description: "prices that replace the built-in ones (YAML or JSON)" }),
    ...liveFlags,
    ...accountFlags,
    ...priceFlag,
    format: Flags.option({ options: ["table", "json"] as const })({ default: "table", description: "form of the result" }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Verify);
    const settings = this.settings(flags);
    const world = this.world(settings);
    await freshen(flags.data, settings, flags, process.env, world, SIZING_READS, { newest: true });
    const prices = flags.prices ?? settings.pricesFile;
    const result = await verify(flags.data, args.run ?? null, { ...settings, pricesFile: prices }, world, again(flags));
    this.print(verifyText(result, flags.format, this.terminal()));
    this.exitWith(result.verdict === "worse" ? EXIT.threshold : EXIT.done);
  }
}
