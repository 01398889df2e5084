import { Flags } from "@oclif/core";
import { runDemo } from "../src/app/demo.ts";
import { BaseCommand } from "../src/cli/base-command.ts";
import { demoText } from "../src/report/render.ts";

export default class Demo extends BaseCommand {
  static override summary = "see it work: an order system over three clouds, no account, no network";
  static override description = `Makes the telemetry of a small order system (event sourcing, fan-out, saga) in the vendors' own raw formats, imports it
into a scratch dataset, and shows a chain, the costs and what to try next.`;
  static override examples = ["<%= config.bin %> <%= command.id %>", "<%= config.bin %> <%= command.id %> --seed 3 --orders 200"];
  static override flags = {
    seed: Flags.integer({ default: 7, min: 0, description: "another seed tells another story" }),
    orders: Flags.integer({ default: 50, min: 1, max: 5000, description: "how many orders" }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Demo);
    const demo = await runDemo({ seed: flags.seed, orders: flags.orders }, this.settings(flags), this.host, this.abort.signal);
    this.print(demoText(demo, this.terminal()));
  }
}
