import { Flags } from "@oclif/core";
import { testFilter } from "../../src/app/filters-test.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../../src/cli/base-command.ts";
import { EXIT } from "../../src/model/errors.ts";
import { FILTER_GRAMMARS } from "../../src/model/filters.ts";
import { filterTestCsv, filterTestText } from "../../src/report/render.ts";

/** Rows of a table: more are not read by anybody. */
const SHOWN = 500;

export default class FiltersTest extends BaseCommand {
  static override summary = "what a filter says of events, one by one, and which clause decided";
  static override description =
    prose(`Decides as the filter's vendor does: EventBridge patterns, FilterCriteria of Lambda mappings and pipes (sqs, kinesis, dynamodb, kafka, mq),
SNS filter policies, Event Grid, Service Bus SQL and correlation filters, Pub/Sub, Eventarc. Nothing is asked of any cloud.

The filter is a file of JSON or text, as its vendor takes it; events are JSON, one a line, plain or packed. A filter that the vendor would
refuse makes every result invalid, and says why. Lines that are no JSON are invalid too, the rest is still decided (exit code 4).

With --cases each line has its own {"pattern": ..., "event": ...}, perhaps with "name" and "expected"; disagreements are counted (exit code 6).

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> --pattern pattern.json --events events.ndjson",
    "<%= config.bin %> <%= command.id %> --pattern filter.sql --events - --grammar service-bus-sql --expect match",
    "<%= config.bin %> <%= command.id %> --cases cases.ndjson --format json",
  ];
  static override flags = {
    pattern: Flags.string({ helpValue: "FILE", dependsOn: ["events"], description: "the filter: JSON or text" }),
    events: Flags.string({ helpValue: "FILE", dependsOn: ["pattern"], description: "events, one a line; - for stdin" }),
    cases: Flags.string({
      helpValue: "FILE",
      exclusive: ["pattern", "events", "expect"],
      description: "filters with their events, one pair a line; - for stdin",
    }),
    grammar: Flags.option({ options: FILTER_GRAMMARS })({ description: "whose language the filter is in (default: seen from its form)" }),
    expect: Flags.option({ options: ["match", "no_match"] as const })({ description: "exit with 6 unless every event has this verdict" }),
    format: Flags.option({ options: ["table", "json", "csv", "markdown"] as const })({
      default: "table",
      description: "form of the result",
    }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(FiltersTest);
    if (flags.cases === undefined && flags.pattern === undefined)
      this.error("give --pattern and --events, or --cases", { exit: EXIT.usage });
    this.abort.signal.addEventListener("abort", () => process.stdin.destroy());
    let isFirst = true;
    const facts = await testFilter({
      pattern: flags.pattern ?? null,
      events: flags.events ?? null,
      cases: flags.cases ?? null,
      grammar: flags.grammar ?? null,
      expect: flags.expect ?? null,
      keep: flags.format === "json" ? null : flags.format === "csv" ? 0 : SHOWN,
      stdin: process.stdin,
      signal: this.abort.signal,
      onResults: (results) => {
        if (flags.format !== "csv") return;
        this.print(filterTestCsv(results, isFirst));
        isFirst = false;
      },
    });
    if (facts.recognised) this.host.note(`grammar: ${facts.grammar}, by the filter's form (--grammar says it for sure)`);
    if (flags.format !== "csv") this.print(filterTestText(facts, flags.format, this.terminal()));
    this.exitWith(facts.counts.disagreements > 0 ? EXIT.threshold : facts.counts.unusable > 0 ? EXIT.partial : EXIT.done);
  }
}
