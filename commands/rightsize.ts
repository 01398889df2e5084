import { Args, Flags } from "@oclif/core";
import { rightsize } from "../src/app/rightsize.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { shareFlag } from "../src/cli/share-flag.ts";
import { EXIT, UserError } from "../src/model/errors.ts";
import { curveText, rightsizeText } from "../src/report/render.ts";

export default class Rightsize extends BaseCommand {
  static override summary = "what memory each function should have, on what evidence, or why that cannot be said";
  static override description =
    prose(`Learns from production logs how a function's duration depends on its memory, and proposes a size only where the evidence
carries it: several sizes seen, a probe, or CPU time. One size alone says little; then bounds and a probe plan are given instead.
Nothing is changed and nothing is called.

With PATHs the files are read directly, without a dataset.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> ./exports --optimize balanced --format json",
    "<%= config.bin %> <%= command.id %> --explain place-order",
  ];
  static override strict = false;
  static override args = {
    path: Args.string({ required: false, description: "exported files or folders to read instead of the dataset; several may be given" }),
  };
  static override flags = {
    optimize: Flags.option({ options: ["cost", "balanced", "speed"] as const })({
      default: "cost",
      description: "what to make small: cost, cost and duration together, or duration",
    }),
    "max-slowdown": shareFlag({ description: "longest accepted slowdown (default: 10%, or 200% where nobody waits)" }),
    "max-cost-increase": shareFlag({ description: "with --optimize speed: how much dearer it may become (default: 20%)" }),
    "min-saving": Flags.string({ default: "1", helpValue: "USD", description: "least saving per month worth a change" }),
    function: Flags.string({ helpValue: "GLOB", description: "only functions of this name; * stands for anything" }),
    since: Flags.string({
      helpValue: "TIME",
      description: "start of the window: 2026-11-01T08:00 (UTC), or a span back from the newest record: 24h, 7d",
    }),
    until: Flags.string({ helpValue: "TIME", description: "end of the window" }),
    top: Flags.integer({ min: 1, description: "how many functions (default: all); totals always count all" }),
    explain: Flags.string({ helpValue: "FUNCTION", exclusive: ["function", "top"], description: "draw the curve of one function" }),
    prices: Flags.file({ helpValue: "FILE", description: "prices that replace the built-in ones (YAML or JSON)" }),
    format: Flags.option({ options: ["table", "json", "csv", "markdown"] as const })({
      default: "table",
      description: "form of the result",
    }),
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Rightsize);
    const settings = this.settings(flags);
    const prices = flags.prices ?? settings.pricesFile;
    const minSaving = Number(flags["min-saving"]);
    if (!(minSaving >= 0)) throw new UserError(`--min-saving ${JSON.stringify(flags["min-saving"])} is no amount of USD`);
    const increase = flags["max-cost-increase"];
    const { sizing, partial } = await rightsize(
      flags.data,
      argv as string[],
      {
        ...flags,
        functions: flags.explain ?? flags.function ?? null,
        objective: {
          optimize: flags.optimize,
          maxSlowdown: flags["max-slowdown"] ?? null,
          minSavingUsdPerMonth: minSaving,
          ...(increase === undefined ? {} : { maxCostIncrease: increase }),
        },
      },
      { ...settings, pricesFile: prices },
      this.host,
      this.abort.signal,
    );
    if (flags.explain !== undefined && sizing.functions.length === 0) throw new UserError(`no function ${flags.explain} in the telemetry`);
    if (flags.explain !== undefined && flags.format === "table")
      this.print(sizing.functions.map((one) => curveText(one, this.terminal())).join("\n\n"));
    else this.print(rightsizeText(sizing, flags.top ?? null, flags.format, this.terminal()));
    this.exitWith(partial ? EXIT.partial : EXIT.done);
  }
}
