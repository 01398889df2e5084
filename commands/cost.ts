import { Args, Flags } from "@oclif/core";
import { costOf } from "../src/app/cost.ts";
import { BILL_READS, CHAIN_READS, freshen } from "../src/app/freshen.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { accountFlags, liveFlags, priceFlag } from "../src/cli/live-flags.ts";
import { tableFlags, tableForm } from "../src/cli/table-flags.ts";
import { EXIT } from "../src/model/errors.ts";
import { costText } from "../src/report/render.ts";

export default class Cost extends BaseCommand {
  static override summary = "what functions, services, routes and chains cost";
  static override description =
    prose(`The ledger of what the telemetry says was billed, at list price, with waste (errors, timeouts, retries, cold starts) apart.
Where no log says what was billed, the cost is unknown, counted as such and never taken as 0. Rows plus unattributed are the total.

With PATHs the files are read directly, without a dataset. Where evscope.yaml names clouds, what is missing of the window is collected first
(--offline forbids it).

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --by route --since 7d",
    "<%= config.bin %> <%= command.id %> ./exports --by function --format json",
    "<%= config.bin %> <%= command.id %> --columns function,cost,invocations --sort invocations --top 10",
  ];
  static override strict = false;
  static override args = {
    path: Args.string({ required: false, description: "exported files or folders to read instead of the dataset; several may be given" }),
  };
  static override flags = {
    by: Flags.option({ options: ["function", "service", "route", "chain", "cloud"] as const })({
      default: "function",
      description: "what a row is",
    }),
    top: Flags.integer({ min: 1, description: "how many rows (default: all); totals always count all" }),
    since: Flags.string({
      helpValue: "TIME",
      description: "start of the window: 2026-11-01T08:00 (UTC), or a span back from the newest record: 24h, 7d",
    }),
    until: Flags.string({ helpValue: "TIME", description: "end of the window" }),
    prices: Flags.file({ helpValue: "FILE", description: "prices that replace the built-in ones (YAML or JSON)" }),
    format: Flags.option({ options: ["table", "json", "csv", "markdown"] as const })({
      default: "table",
      description: "form of the result",
    }),
    ...tableFlags,
    ...liveFlags,
    ...accountFlags,
    ...priceFlag,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Cost);
    const settings = this.settings(flags);
    const prices = flags.prices ?? settings.pricesFile;
    const paths = argv as string[];
    const reads = flags.by === "route" || flags.by === "chain" ? CHAIN_READS : BILL_READS;
    const fresh = paths.length > 0 ? null : await freshen(flags.data, settings, flags, process.env, this.world(settings), reads);
    const { ledger, partial } = await costOf(
      flags.data,
      paths,
      { ...flags, ...fresh },
      { ...settings, pricesFile: prices },
      this.host,
      this.abort.signal,
    );
    this.print(costText(ledger, flags.top ?? null, tableForm(flags), this.terminal(flags)));
    this.exitWith(partial || fresh?.partial ? EXIT.partial : EXIT.done);
  }
}
