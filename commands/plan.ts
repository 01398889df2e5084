import { Flags } from "@oclif/core";
import { freshen, SIZING_READS } from "../src/app/freshen.ts";
import { planOf, savePlan } from "../src/app/plan.ts";
import { rightsize, sizeAdvice } from "../src/app/rightsize.ts";
import { EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { ChangeCommand } from "../src/cli/change-command.ts";
import { accountFlags, liveFlags, priceFlag } from "../src/cli/live-flags.ts";
import { objectiveOf, sizingFlags } from "../src/cli/sizing-flags.ts";
import { EXIT } from "../src/model/errors.ts";
import { planText } from "../src/report/render.ts";

export default class Plan extends ChangeCommand {
  static override summary = "put the advice into a plan that apply can make true";
  static override description =
    prose(`Every function with advice is read as it is now: its revision and a hash of its configuration go into the plan, and apply refuses it
when they have changed. Who owns a function (CloudFormation, Terraform, azd ...) is asked of the cloud and looked up in the working folder.
Nothing is changed. --offline plans from the dataset alone; apply then compares the settings only.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> --out plan.json && <%= config.bin %> apply plan.json",
    "<%= config.bin %> <%= command.id %> --function 'order-*' --optimize balanced --alias live --out plan.json",
  ];
  static override flags = {
    out: Flags.string({ char: "o", helpValue: "FILE", description: "write the plan to this file" }),
    kind: Flags.option({ options: ["memory"] as const })({ default: "memory", description: "kind of advice" }),
    alias: Flags.string({
      helpValue: "NAME",
      description: "publish a version and move this alias to it, where a function has it (Cloud Run: traffic)",
    }),
    ...sizingFlags,
    ...liveFlags,
    ...accountFlags,
    ...priceFlag,
    format: Flags.option({ options: ["table", "json", "csv", "markdown"] as const })({
      default: "table",
      description: "form of the result",
    }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Plan);
    const reach = this.reach({ ...flags, function: undefined });
    const fresh = await freshen(flags.data, reach.settings, flags, process.env, reach.world, SIZING_READS);
    const { sizing } = await rightsize(
      flags.data,
      [],
      { ...flags, ...fresh, functions: flags.function ?? null, objective: objectiveOf(flags) },
      reach.settings,
      this.host,
      this.abort.signal,
    );
    const plan = await planOf(sizeAdvice(sizing), { alias: flags.alias ?? null, folder: process.cwd(), live: !flags.offline }, reach);
    if (flags.out !== undefined) savePlan(flags.out, plan);
    this.print(planText(plan, flags.out ?? null, flags.format, this.terminal(), reach.again));
    this.exitWith(fresh.partial ? EXIT.partial : EXIT.done);
  }
}
