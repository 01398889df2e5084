import { Flags } from "@oclif/core";
import { freshen, SIZING_READS } from "../src/app/freshen.ts";
import { applyAdvice } from "../src/app/plan.ts";
import { rightsize, sizeAdvice } from "../src/app/rightsize.ts";
import { EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { tableForm } from "../src/cli/table-flags.ts";
import { ChangeCommand } from "../src/cli/change-command.ts";
import { aliasFlag, allowancesOf } from "../src/cli/change-flags.ts";
import { pathArgs, recommenderFlags } from "../src/cli/recommender-flags.ts";
import { objectiveOf, sizingFlags } from "../src/cli/sizing-flags.ts";
import { EXIT, UserError } from "../src/model/errors.ts";
import { curveText, rightsizeText } from "../src/report/render.ts";

export default class Rightsize extends ChangeCommand {
  static override summary = "what memory each function should have, on what evidence, or why that cannot be said";
  static override description =
    prose(`Learns from production logs how a function's duration depends on its memory, and proposes a size only where the evidence
carries it: several sizes seen, a probe, or CPU time. One size alone says little; then bounds and a probe plan are given instead. Sized are
Lambda, Azure Flex Consumption apps, Cloud Run (also CPU and concurrency) and Google's functions. Without --apply nothing is changed.

--apply reads each function as it is now, shows the changes, asks (--yes in CI), and makes them as evscope apply does; evscope undo --last
takes them back. Functions that infrastructure as code owns, or whose traffic goes through aliases or is held on a Cloud Run revision, are
refused unless told. An Azure app restarts with the change, Cloud Run makes a new revision, the image of a 2nd gen function is built anew.

With PATHs the files are read directly, without a dataset.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> ./exports --optimize balanced --format json",
    "<%= config.bin %> <%= command.id %> --explain place-order",
    "<%= config.bin %> <%= command.id %> --function 'order-*' --apply",
  ];
  static override strict = false;
  static override args = pathArgs;
  static override flags = {
    ...sizingFlags,
    top: Flags.integer({ min: 1, description: "how many functions (default: all); totals always count all" }),
    explain: Flags.string({ helpValue: "FUNCTION", exclusive: ["function", "top"], description: "draw the curve of one function" }),
    alias: aliasFlag,
    ...recommenderFlags,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Rightsize);
    const paths = argv as string[];
    const reach = this.reach({ ...flags, function: undefined });
    const fresh = paths.length > 0 ? null : await freshen(flags.data, reach.settings, flags, process.env, reach.world, SIZING_READS);
    const { sizing, partial } = await rightsize(
      flags.data,
      paths,
      { ...flags, ...fresh, functions: flags.explain ?? flags.function ?? null, objective: objectiveOf(flags) },
      reach.settings,
      this.host,
      this.abort.signal,
    );
    if (flags.explain !== undefined && sizing.functions.length === 0) throw new UserError(`no function ${flags.explain} in the telemetry`);
    const manner = { ...this.manner(flags), dataDir: flags.data, allow: allowancesOf(flags), folder: process.cwd() };
    const applied = flags.apply ? await applyAdvice(sizeAdvice(sizing), flags.alias ?? null, manner, reach) : undefined;
    const isCurve = flags.explain !== undefined && flags.format === "table";
    if (isCurve) this.print(sizing.functions.map((one) => curveText(one, this.terminal())).join("\n\n"));
    else this.print(rightsizeText(sizing, flags.top ?? null, tableForm(flags), this.terminal(flags), applied));
    this.exitWith(applied?.exitCode || (partial || fresh?.partial ? EXIT.partial : EXIT.done));
  }
}
