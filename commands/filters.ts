import { Flags } from "@oclif/core";
import { filterChanges, filters } from "../src/app/filters.ts";
import { askClouds } from "../src/app/filters-ask.ts";
import { FILTER_READS, freshen } from "../src/app/freshen.ts";
import { givenEvents } from "../src/app/given-events.ts";
import { applyAdvice } from "../src/app/plan.ts";
import { wantsLive } from "../src/app/targets.ts";
import { EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { tableForm } from "../src/cli/table-flags.ts";
import { ChangeCommand } from "../src/cli/change-command.ts";
import { allowancesOf } from "../src/cli/change-flags.ts";
import { pathArgs, recommenderFlags } from "../src/cli/recommender-flags.ts";
import { givenFlags, learningFlags, minSavingOf } from "../src/cli/learning-flags.ts";
import { EXIT, UserError } from "../src/model/errors.ts";
import { filtersText, filterText } from "../src/report/render.ts";

export default class Filters extends ChangeCommand {
  static override summary = "which events each consumer only throws away, and the filter that would keep them from it, or why none is safe";
  static override description =
    prose(`Learns from the events that functions logged, and what became of them, which ones nothing is done with; writes the smallest filter of
the vendor's grammar that keeps every wanted event, and replays it on later events that it was not learned from. Without --apply nothing is changed.

What a filter leaves out is gone: --apply also needs --accept-data-loss, and says first how to keep a copy. evscope undo --last puts the
filter back that was there. Rules that a service manages are not touched.

With PATHs the files are read directly, without a dataset. docs/filters.md says what counts as evidence.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> ./exports --explain notify-customer",
    "<%= config.bin %> <%= command.id %> --events labelled.ndjson --grammar sqs",
    "<%= config.bin %> <%= command.id %> --function 'notify-*' --apply --accept-data-loss",
  ];
  static override strict = false;
  static override args = pathArgs;
  static override flags = {
    ...learningFlags,
    ...givenFlags,
    explain: Flags.string({ helpValue: "FUNCTION", exclusive: ["function", "top"], description: "one consumer's filter and its proof" }),
    ...recommenderFlags,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Filters);
    const reach = this.reach({ ...flags, function: undefined });
    const paths = argv as string[];
    const given = flags.events === undefined ? [] : givenEvents(flags.events, flags.grammar!, flags.function ?? null);
    const read = paths.length > 0 || given.length > 0;
    const fresh = read ? null : await freshen(flags.data, reach.settings, flags, process.env, reach.world, FILTER_READS, { logs: "all" });
    const functions = flags.explain ?? flags.function ?? null;
    const options = { ...flags, ...fresh, functions, given, minSavingUsdPerMonth: minSavingOf(flags) };
    const learned = await filters(flags.data, paths, options, reach.settings, this.host, this.abort.signal);
    const isLive = flags.apply || (!read && wantsLive(reach.settings, reach.flags, process.env));
    const survey = isLive ? await askClouds(learned.survey, learned.considered, reach) : learned.survey;
    if (flags.explain && survey.advice.length === 0) throw new UserError(`no event of ${flags.explain} is held; see evscope filters`);
    const manner = { ...this.manner(flags), dataDir: flags.data, allow: allowancesOf(flags), folder: process.cwd() };
    const applied = flags.apply ? await applyAdvice(filterChanges(survey), null, manner, reach) : undefined;
    const format = tableForm(flags);
    if (flags.explain !== undefined && format !== "json")
      this.print(survey.advice.map((one) => filterText(one, format, this.terminal())).join("\n\n"));
    else this.print(filtersText(survey, flags.top ?? null, format, this.terminal(flags), applied));
    this.exitWith(applied?.exitCode || (learned.partial || fresh?.partial ? EXIT.partial : EXIT.done));
  }
}
