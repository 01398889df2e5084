import { Flags } from "@oclif/core";
import { listChains } from "../src/app/chains.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { columnFlags, tableForm } from "../src/cli/table-flags.ts";
import { chainsText } from "../src/report/render.ts";

export default class Chains extends BaseCommand {
  static override summary = "list and sort the chains found";
  static override description =
    prose(`Every chain of the dataset (or of a window of it) with its route, time, cost, outcome and what is missing.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> --sort dearest --top 20",
    "<%= config.bin %> <%= command.id %> --only broken --since 24h",
    "<%= config.bin %> <%= command.id %> --route place-order --format csv",
  ];
  static override flags = {
    sort: Flags.option({ options: ["newest", "slowest", "dearest"] as const })({ default: "newest", description: "what comes first" }),
    only: Flags.option({ options: ["failed", "broken"] as const })({
      description: "failed: ended in an error; broken: something is missing",
    }),
    route: Flags.string({ helpValue: "NAME", description: "only chains through this function" }),
    top: Flags.integer({ default: 20, min: 1, description: "how many rows; the summary below counts all" }),
    since: Flags.string({
      helpValue: "TIME",
      description: "start of the window: 2026-11-01T08:00 (UTC), or a span back from the newest record: 24h, 7d",
    }),
    until: Flags.string({ helpValue: "TIME", description: "end of the window" }),
    format: Flags.option({ options: ["table", "json", "csv", "markdown"] as const })({
      default: "table",
      description: "form of the result",
    }),
    ...columnFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Chains);
    const chains = await listChains(flags.data, flags, this.settings(flags), this.host, this.abort.signal);
    this.print(chainsText(chains, flags.top, tableForm(flags), this.terminal({ ...flags, sort: undefined })));
  }
}
