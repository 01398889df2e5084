import { Flags } from "@oclif/core";
import { collect } from "../src/app/collect/index.ts";
import { scopeOf } from "../src/app/targets.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { priceFlag, targetFlags, windowFlags } from "../src/cli/live-flags.ts";
import { EXIT } from "../src/model/errors.ts";
import { collectText } from "../src/report/render.ts";

export default class Collect extends BaseCommand {
  static override summary = "read telemetry of live clouds into the dataset";
  static override description =
    prose(`Inventory (functions, triggers, queues, rules, state machines, log groups), log lines, metrics, traces and workflow histories of the
accounts, subscriptions and projects in evscope.yaml, or of --region and --profile, --subscription, --project. Credentials are the clouds' own:
the AWS SDK's chain, DefaultAzureCredential (az login), Application Default Credentials (gcloud). Workflow histories are read on AWS only.

Only the windows that the dataset does not hold are read, so running it again, or after it was stopped, goes on where it was. What paid
queries will cost is said first; above --max-query-usd nothing is asked. What could not be read is a gap (exit code 4), and is read next time.

--logs platform (the default) reads the platform's own lines: bills, durations, memory, cold starts. --logs all reads every line, as whole
chains need; evscope trace ID asks for the lines of one chain by itself.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --region eu-central-1 --profile shop --window 24h --function 'order-*'",
    "<%= config.bin %> <%= command.id %> --subscription 11111111-2222-3333-4444-555555555555",
    "<%= config.bin %> <%= command.id %> --project shop-prod --region europe-west1",
    "<%= config.bin %> <%= command.id %> --account shop --signal logs --logs all --since 2026-11-20T08:00 --until 2026-11-20T09:00",
  ];
  static override flags = {
    ...targetFlags,
    ...windowFlags,
    signal: Flags.option({ options: ["logs", "metrics", "traces", "histories"] as const, multiple: true, multipleNonGreedy: true })({
      helpGroup: "LIVE",
      description: "only this kind of telemetry, may be given several times",
    }),
    logs: Flags.option({ options: ["platform", "all"] as const })({
      helpGroup: "LIVE",
      description: "which log lines (default: platform)",
    }),
    ...priceFlag,
    format: Flags.option({ options: ["table", "json"] as const })({ default: "table", description: "form of the summary" }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Collect);
    const settings = this.settings(flags);
    const world = this.world(settings);
    const result = await collect(flags.data, scopeOf(settings, flags, process.env, world.clock.now()), world);
    this.print(collectText(result, flags.format, this.terminal()));
    this.exitWith(result.partial ? EXIT.partial : EXIT.done);
  }
}
