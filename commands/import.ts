import { Args, Flags } from "@oclif/core";
import { importFiles } from "../src/app/import/index.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { EXIT } from "../src/model/errors.ts";
import { importText } from "../src/report/render.ts";

export default class Import extends BaseCommand {
  static override summary = "read exported telemetry into the dataset";
  static override description =
    prose(`Files and folders, plain, .gz or .zst; "-" reads stdin. What a file is is recognised from its content, never from its name:
CloudWatch Logs (FilterLogEvents, GetLogEvents, S3 export, subscription payloads, sam logs), X-Ray, Step Functions histories, Lambda, SQS
and EventBridge descriptions; Application Insights and Log Analytics responses, diagnostic records, Event Grid; Google Cloud LogEntry,
Monitoring series, Cloud Trace; OTLP and Jaeger JSON; CloudEvents.

Importing the same file again, or exports that overlap, changes nothing. A broken record is reported with its place and the rest is
imported (exit code 4). A file of no known format is refused with what was looked for (exit code 2).

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> ./exports",
    "aws logs filter-log-events --log-group-name /aws/lambda/checkout --output json | <%= config.bin %> <%= command.id %> - --function checkout",
    "<%= config.bin %> <%= command.id %> requests.json.gz traces.json --format json",
  ];
  static override strict = false;
  static override args = { path: Args.string({ required: true, description: "file or folder, or - for stdin; several may be given" }) };
  static override flags = {
    format: Flags.option({ options: ["table", "json"] as const })({ default: "table", description: "form of the summary" }),
    function: Flags.string({ helpValue: "NAME", description: "function the logs belong to, where the export does not name it" }),
    account: Flags.string({ helpValue: "ID", description: "account, subscription or project, where the export does not name it" }),
    region: Flags.string({ helpValue: "NAME", description: "region, where the export does not name it" }),
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Import);
    // input that does not come would otherwise keep Ctrl-C waiting
    this.abort.signal.addEventListener("abort", () => process.stdin.destroy());
    const result = await importFiles(argv as string[], {
      dataDir: flags.data,
      correlationKeys: this.settings(flags).correlationKeys,
      hints: { fn: flags.function ?? null, account: flags.account ?? null, region: flags.region ?? null },
      host: this.host,
      signal: this.abort.signal,
      stdin: process.stdin,
    });
    this.print(importText(result, flags.format, this.terminal()));
    const nothing = result.files.every((file) => file.format === null);
    const partial = result.files.some((file) => file.error !== null || file.skipped > 0);
    this.exitWith(nothing ? EXIT.usage : partial ? EXIT.partial : EXIT.done);
  }
}
