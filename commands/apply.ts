import { Args, Flags } from "@oclif/core";
import { applyFile } from "../src/app/apply.ts";
import { EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { ChangeCommand } from "../src/cli/change-command.ts";
import { allowanceFlags, allowancesOf, mannerFlags } from "../src/cli/change-flags.ts";
import { accountFlags } from "../src/cli/live-flags.ts";
import { UserError } from "../src/model/errors.ts";
import { applyText } from "../src/report/render.ts";

export default class Apply extends ChangeCommand {
  static override summary = "make exactly the changes of a plan";
  static override description =
    prose(`Shows what will be done and asks; --yes answers for CI. Saying no ends with code 0 and changes nothing.
Every write is journalled and flushed to disk before and after, and read back. Stopped or killed, the same command goes on where it was:
what the resource is like now decides whether a write that was under way took effect. evscope undo takes it back, evscope verify measures it.

Refused with code 5, the whole plan unless --continue: what was changed since the plan, what can lose data without its flag, what infrastructure as code owns, or a function whose
traffic goes through aliases, which a change of $LATEST does not reach, or is held on a Cloud Run revision.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> plan.json",
    "<%= config.bin %> <%= command.id %> plan.json --yes --parallel 4 --continue --format json",
    "<%= config.bin %> <%= command.id %> --resume",
  ];
  static override args = { plan: Args.string({ required: false, description: "plan file, as evscope plan --out writes it" }) };
  static override flags = {
    resume: Flags.boolean({ default: false, description: "finish the run that was interrupted, without its plan file" }),
    ...mannerFlags,
    ...allowanceFlags,
    ...accountFlags,
    format: Flags.option({ options: ["table", "json"] as const })({ default: "table", description: "form of the result" }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Apply);
    if ((args.plan === undefined) === !flags.resume)
      throw new UserError("say which plan, or --resume", { suggestions: ["evscope plan --out plan.json", "evscope apply plan.json"] });
    const options = { ...this.manner(flags), dataDir: flags.data, allow: allowancesOf(flags), folder: process.cwd(), allOrNothing: true };
    const applied = await applyFile(args.plan ?? null, options, this.reach(flags));
    this.print(applyText(applied, flags.format, this.terminal()));
    this.exitWith(applied.exitCode);
  }
}
