import { freshen, TTL_READS } from "../src/app/freshen.ts";
import { applyAdvice } from "../src/app/plan.ts";
import { ttl, ttlAdvice } from "../src/app/ttl.ts";
import { EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { tableForm } from "../src/cli/table-flags.ts";
import { ChangeCommand } from "../src/cli/change-command.ts";
import { allowancesOf } from "../src/cli/change-flags.ts";
import { pathArgs, recommenderFlags } from "../src/cli/recommender-flags.ts";
import { minSavingOf } from "../src/cli/learning-flags.ts";
import { retentionFlags } from "../src/cli/retention-flags.ts";
import { EXIT, UserError } from "../src/model/errors.ts";
import { ttlText } from "../src/report/render.ts";

export default class Ttl extends ChangeCommand {
  static override summary = "what event stores and logs keep, what that costs, and what of it may go";
  static override description =
    prose(`Lists tables, containers and log groups with size, growth and monthly cost, dearest first. A time to live for a table is proposed where
sampled items (--sample, --items) have an attribute of the right form that says when they end; a shorter retention of logs only where you say
how long they must be kept (--keep, or retention.floors in evscope.yaml). How many items would go at once is counted first.

What is deleted cannot be had back: --apply makes no such change without --accept-irreversible or --accept-data-loss, besides its question.
Without --apply nothing is changed. With PATHs the files are read directly, without a dataset.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --store cloudwatch-logs --keep 90d",
    "<%= config.bin %> <%= command.id %> --name order-events --sample 1000",
    "<%= config.bin %> <%= command.id %> --items events.ndjson --table order-events --explain order-events",
    "<%= config.bin %> <%= command.id %> --name '/aws/lambda/*' --keep 30d --apply --accept-irreversible",
  ];
  static override strict = false;
  static override args = pathArgs;
  static override flags = {
    ...retentionFlags,
    ...recommenderFlags,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Ttl);
    const paths = argv as string[];
    const reach = this.reach(flags);
    const fresh = paths.length > 0 ? null : await freshen(flags.data, reach.settings, flags, process.env, reach.world, TTL_READS);
    const items = flags.items === undefined ? undefined : { path: flags.items, table: flags.table! };
    const options = { ...flags, ...fresh, items, name: flags.explain ?? flags.name ?? null, minSavingUsdPerMonth: minSavingOf(flags) };
    const { retention, partial } = await ttl(flags.data, paths, options, reach);
    if (flags.explain !== undefined && retention.stores.length === 0)
      throw new UserError(`no store ${flags.explain} is known; evscope ttl lists them`);
    const manner = { ...this.manner(flags), dataDir: flags.data, allow: allowancesOf(flags), folder: process.cwd() };
    const applied = flags.apply ? await applyAdvice(ttlAdvice(retention), null, manner, reach) : undefined;
    this.print(
      ttlText(retention, { top: flags.top ?? null, whole: flags.explain !== undefined }, tableForm(flags), this.terminal(flags), applied),
    );
    this.exitWith(applied?.exitCode || (partial || fresh?.partial ? EXIT.partial : EXIT.done));
  }
}
