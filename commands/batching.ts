import { Flags } from "@oclif/core";
import { batching, batchingChanges } from "../src/app/batching.ts";
import { BATCHING_READS, freshen } from "../src/app/freshen.ts";
import { applyAdvice } from "../src/app/plan.ts";
import { EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { addedLatencyOf, batchingFlags } from "../src/cli/batching-flags.ts";
import { tableForm } from "../src/cli/table-flags.ts";
import { ChangeCommand } from "../src/cli/change-command.ts";
import { aliasFlag, allowancesOf } from "../src/cli/change-flags.ts";
import { pathArgs, recommenderFlags } from "../src/cli/recommender-flags.ts";
import { EXIT, UserError } from "../src/model/errors.ts";
import { batchingText } from "../src/report/render.ts";

export default class Batching extends ChangeCommand {
  static override summary =
    "batch size and window of each queue, stream or topic that feeds a function, with the latency that they cost, or why not";
  static override description =
    prose(`Lets the vendors' pollers run over the events as they came, and proposes the cheapest batch size and window that add no more than
--max-added-latency at p95, with the memory, timeout and visibility timeout that they need. Where one bad message would bring back a larger batch,
none is proposed. Says too what polling of empty queues costs. Without --apply nothing is changed.

--apply reads everything as it is now, shows the changes, asks (--yes in CI), and makes them in order: queue, function, mapping; evscope undo
--last takes them back. An Azure app restarts with the change.

With PATHs the files are read directly, without a dataset. docs/batching.md says what counts as evidence.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> ./exports --max-added-latency 5s --format json",
    "<%= config.bin %> <%= command.id %> --explain stock-writer",
    "<%= config.bin %> <%= command.id %> --function 'stock-*' --apply",
  ];
  static override strict = false;
  static override args = pathArgs;
  static override flags = {
    ...batchingFlags,
    explain: Flags.string({
      helpValue: "FUNCTION",
      exclusive: ["function", "top"],
      description: "now against then for one function, with the evidence",
    }),
    alias: aliasFlag,
    ...recommenderFlags,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Batching);
    const paths = argv as string[];
    const maxAddedLatencyMs = addedLatencyOf(flags);
    const reach = this.reach({ ...flags, function: undefined });
    const { settings } = reach;
    const fresh =
      paths.length > 0 ? null : await freshen(flags.data, settings, flags, process.env, reach.world, BATCHING_READS, { logs: "all" });
    const options = { ...flags, ...fresh, functions: flags.explain ?? flags.function ?? null, maxAddedLatencyMs };
    const advised = await batching(flags.data, paths, options, settings, this.host, this.abort.signal);
    if (flags.explain !== undefined && advised.batching.mappings.length === 0)
      throw new UserError(`no mapping, subscription or binding to ${flags.explain} is known: evscope batching lists them`);
    const manner = { ...this.manner(flags), dataDir: flags.data, allow: allowancesOf(flags), folder: process.cwd() };
    const applied = flags.apply ? await applyAdvice(batchingChanges(advised.batching), flags.alias ?? null, manner, reach) : undefined;
    const shown = { top: flags.top ?? null, whole: flags.explain !== undefined };
    this.print(batchingText(advised.batching, shown, tableForm(flags), this.terminal(flags), applied));
    this.exitWith(applied?.exitCode || (advised.partial || fresh?.partial ? EXIT.partial : EXIT.done));
  }
}
