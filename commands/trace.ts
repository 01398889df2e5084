import { Args, Flags } from "@oclif/core";
import { traceLive } from "../src/app/live-trace.ts";
import { scopeOf, wantsLive } from "../src/app/targets.ts";
import { traceInDataset, type TraceResult } from "../src/app/trace.ts";
import { chainHtmlPage } from "../src/cli/report-texts.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { liveFlags, priceFlag, targetFlags, windowFlags } from "../src/cli/live-flags.ts";
import { EXIT, UserError } from "../src/model/errors.ts";
import { chainText } from "../src/report/render.ts";

export default class Trace extends BaseCommand {
  static override summary = "rebuild the chain of a correlation ID";
  static override description =
    prose(`Takes a correlation or business ID, a trace ID (X-Ray 1-…-…, W3C, projects/P/traces/T), a request, message or execution ID, and
shows every hop that belongs to it, across functions, queues, buses and clouds, with time, cost and the evidence that joins them.

In the table: the bar shows waiting, cold start and work to scale; > marks the critical path, whose segments sum to the end-to-end time.
Confidence 1 is a span parent, .95 a shared correlation ID, .9 a transport ID seen on both sides; below .5 is a guess and says so.

Where evscope.yaml names clouds, or with --live, --region, --subscription or --project, the ID is searched there first: in the logs and in the
trace store of every cloud, then the IDs learned from what was found, until nothing new appears (last 24 h, then the whole window).
What was found stays in the dataset. --offline forbids it.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> order-7f3a",
    "<%= config.bin %> <%= command.id %> 1-5fbcfc1f-4d2e9bed6dc0c41c39dfdb2f --parts",
    "<%= config.bin %> <%= command.id %> order-7f3a --format html > chain.html",
    "<%= config.bin %> <%= command.id %> order-7f3a --format mermaid > chain.mmd",
    "<%= config.bin %> <%= command.id %> order-7f3a --format otlp > chain.otlp.json   # opens in Jaeger",
  ];
  static override args = { id: Args.string({ required: true, description: "the ID, in any cloud's notation" }) };
  static override flags = {
    format: Flags.option({ options: ["table", "html", "json", "mermaid", "otlp"] as const })({
      default: "table",
      description: "form of the result",
    }),
    parts: Flags.boolean({ default: false, description: "show the parts of each hop (sub-spans) as rows of their own" }),
    ...liveFlags,
    ...targetFlags,
    ...windowFlags,
    ...priceFlag,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Trace);
    const settings = this.settings(flags);
    const world = this.world(settings);
    const live = wantsLive(settings, flags, process.env);
    const found = live
      ? await traceLive(flags.data, args.id, settings, scopeOf(settings, flags, process.env, world.clock.now()), world)
      : await traceInDataset(flags.data, args.id, settings, this.host, this.abort.signal);
    if (found.chain === null) throw notFound(found, flags.data);
    if (flags.format === "html") this.print(await chainHtmlPage(found.chain, this.config.root));
    else this.print(chainText(found.chain, flags.format, { ...this.terminal(), parts: flags.parts }));
    this.exitWith(found.chain.complete ? EXIT.done : EXIT.partial);
  }
}

/** Says where was looked, and what may help. */
function notFound({ id, looked, searched, nearMisses }: TraceResult, data: string): UserError {
  const name = JSON.stringify(id.length > 120 ? `${id.slice(0, 120)}…` : id);
  const batches = `${looked.batches} ${looked.batches === 1 ? "batch" : "batches"}`;
  const index = `the ID index (correlation, trace, request, message and execution IDs) of ${batches}, ${looked.period}`;
  const where = searched === null ? "" : `, nor found in ${searched.where}`;
  return new UserError(`${name} is not in the dataset ${data}${where}: looked through ${index}`, {
    suggestions: [
      ...nearMisses.map((near) => `did you mean ${near.id} (${near.kind} ID)?`),
      ...(searched?.unread ?? []).map((gap) => `not searched: ${gap}`),
      searched === null
        ? "import the logs of the time in question (evscope import PATH), or ask the clouds: without --offline, or with --live"
        : "search further back: --window 30d, or --since TIME",
      "if your systems write the ID under another field name, add it to correlation.keys in evscope.yaml and import into a new folder (--data)",
    ],
  });
}
