import { Flags } from "@oclif/core";
import { runDemo } from "../src/app/demo.ts";
import { BaseCommand, prose } from "../src/cli/base-command.ts";
import { chainText, chainsText, costText, rightsizeText } from "../src/report/render.ts";

export default class Demo extends BaseCommand {
  static override summary = "see it work: an order system over three clouds, no account, no network";
  static override description =
    prose(`Makes the telemetry of a small order system (event sourcing, fan-out, saga) in the vendors' own raw formats, imports it
into a scratch dataset, and shows a chain, the chains, the costs, the memory sizes and what to try next.`);
  static override examples = ["<%= config.bin %> <%= command.id %>", "<%= config.bin %> <%= command.id %> --seed 3 --orders 200"];
  static override flags = {
    seed: Flags.integer({ default: 7, min: 0, description: "another seed tells another story" }),
    orders: Flags.integer({ default: 50, min: 1, max: 5000, description: "how many orders" }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Demo);
    const look = this.terminal();
    const { imported, chain, chains, ledger, sizing, ...demo } = await runDemo(flags, this.settings(flags), this.host, this.abort.signal);
    const records = imported.files.reduce((sum, file) => sum + file.records, 0).toLocaleString("en-US");
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
    this.print(`An order system over AWS, Azure and Google Cloud: ${flags.orders} orders, simulated with seed ${flags.seed}.
Raw telemetry as the clouds' APIs return it: ${imported.files.length} files in ${demo.rawDir}
Imported ${records} records in ${seconds(demo.elapsedMs.import)}; chains and costs took ${seconds(demo.elapsedMs.analyse)}.
`);
    this.heading(`What happened to order ${chain.id}?`, `evscope trace ${chain.id}`);
    this.print(chainText(chain, "table", { ...look, parts: false }));
    this.heading("Which chains are slow, failed or broken?", "evscope chains --sort slowest --top 8");
    this.print(chainsText(chains, 8, "table", look));
    this.heading("What does it cost, and where is the waste?", "evscope cost");
    this.print(costText(ledger, 12, "table", look));
    this.heading("Which memory sizes are right, and which cannot be known?", "evscope rightsize --min-saving 0 --top 4");
    this.print(rightsizeText(sizing, 4, "table", look));
    this.heading("What to try next", null);
    this.print(`  export EVSCOPE_DATA=${demo.dataDir}
  evscope trace ${chain.id} --parts            every sub-span, and which of them the time went to
  evscope trace ${chain.id} --format mermaid   a diagram for a document
  evscope chains --only broken               what is missing, and where
  evscope cost --by route                    cost per kind of business transaction
  evscope rightsize --explain click-counter  how long it takes at other sizes
  evscope filters                            which events consumers only throw away: here none, and why
  evscope batching                           batch sizes of queues and streams: why these few events do not tell
  evscope ttl                                what event stores keep, and what is not known of it
  evscope import YOUR-EXPORT                 your own telemetry: evscope import --help lists what it reads
(without npm link, evscope is: node bin/run.js)`);
  }

  private heading(title: string, command: string | null): void {
    this.print(`\n== ${title}${command === null ? "" : `   $ ${command}`}\n`);
  }
}
