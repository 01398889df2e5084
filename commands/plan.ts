import { Flags } from "@oclif/core";
import { adviceOn, readsOf, TOPICS } from "../src/app/advice.ts";
import { freshen } from "../src/app/freshen.ts";
import { planOf, savePlan } from "../src/app/plan.ts";
import { EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { addedLatencyOf, batchingFlags } from "../src/cli/batching-flags.ts";
import { ChangeCommand } from "../src/cli/change-command.ts";
import { accountFlags, liveFlags, priceFlag } from "../src/cli/live-flags.ts";
import { retentionFlags } from "../src/cli/retention-flags.ts";
import { objectiveOf, sizingFlags } from "../src/cli/sizing-flags.ts";
import { EXIT } from "../src/model/errors.ts";
import { planText } from "../src/report/render.ts";

export default class Plan extends ChangeCommand {
  static override summary = "put the advice into a plan that apply can make true";
  static override description =
    prose(`All kinds of advice (--kind) become one plan. Every resource with advice is read as it is now: its revision and a hash of its configuration
go into the plan, and apply refuses it when they have changed. Who owns it (CloudFormation, Terraform, azd ...) is asked of the cloud and looked
up in the working folder. Several kinds of advice on one resource make one change; changes that belong together are made in order, or not at all.
Nothing is changed. --offline plans from the dataset alone; apply then compares the settings only.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> --out plan.json && <%= config.bin %> apply plan.json",
    "<%= config.bin %> <%= command.id %> --kind filters,batching --out plan.json",
    "<%= config.bin %> <%= command.id %> --function 'order-*' --optimize balanced --alias live --out plan.json",
  ];
  static override flags = {
    out: Flags.string({ char: "o", helpValue: "FILE", description: "write the plan to this file" }),
    kind: Flags.option({ options: ["all", ...TOPICS] as const, multiple: true, multipleNonGreedy: true, delimiter: "," })({
      default: ["memory"],
      description: "kinds of advice",
    }),
    alias: Flags.string({
      helpValue: "NAME",
      description: "publish a version and move this alias to it, where a function has it (Cloud Run: traffic)",
    }),
    ...sizingFlags,
    "max-added-latency": batchingFlags["max-added-latency"],
    keep: retentionFlags.keep,
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
    const topics = flags.kind.includes("all") ? TOPICS : TOPICS.filter((topic) => flags.kind.includes(topic));
    const { reads, needs } = readsOf(topics);
    const fresh = await freshen(flags.data, reach.settings, flags, process.env, reach.world, reads, needs);
    const wanted = { functions: flags.function ?? null, objective: objectiveOf(flags), maxAddedLatencyMs: addedLatencyOf(flags) };
    const advice = await adviceOn(topics, flags.data, { ...flags, ...fresh, ...wanted, live: !flags.offline }, reach);
    const plan = await planOf(advice, { alias: flags.alias ?? null, folder: process.cwd(), live: !flags.offline }, reach);
    if (flags.out !== undefined) savePlan(flags.out, plan);
    this.print(planText(plan, flags.out ?? null, flags.format, this.terminal(), reach.again));
    this.exitWith(fresh.partial ? EXIT.partial : EXIT.done);
  }
}
