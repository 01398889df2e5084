import { Args, Flags } from "@oclif/core";
import { probe } from "../src/app/probe/index.ts";
import { readPayloads } from "../src/app/probe/payloads.ts";
import { scopeOf } from "../src/app/targets.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { confirm } from "../src/cli/confirm.ts";
import { accountFlags } from "../src/cli/live-flags.ts";
import { EXIT, UserError } from "../src/model/errors.ts";
import { probeText } from "../src/report/render.ts";

export default class Probe extends BaseCommand {
  static override summary = "measure a function at several memory sizes, on a copy";
  static override description = prose(`On AWS Lambda only: other clouds have no versions that can be run beside the live one.

Makes a temporary copy of the function (same code, role, network and environment), publishes a version of it per size, and invokes
these in turn with the given payloads. The function itself, its aliases and its $LATEST are only read; the copy has no triggers and is deleted
whatever happens. The runs are real: payloads must be ones that may be worked on again, since the copy writes where the function writes.

The price is said first; nothing is made before you agree (--yes without a terminal). Before every round the budget is held against what that round
costs at most, each run taking its whole timeout. It stops early when more runs would not change the choice. The runs are kept in the dataset, where
evscope rightsize counts them as evidence.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> checkout --payload event.json --dry-run",
    "<%= config.bin %> <%= command.id %> checkout --payload events.ndjson --sizes 512,1024,2048 --budget 0.05 --yes",
  ];
  static override args = { function: Args.string({ required: true, description: "name of the function" }) };
  static override flags = {
    payload: Flags.file({ required: true, helpValue: "FILE", description: "event to send as JSON, or one event per line" }),
    sizes: Flags.string({ helpValue: "MIB,MIB", description: "memory sizes (default: three that span what is allowed)" }),
    rounds: Flags.integer({ min: 1, max: 50, default: 10, description: "most measured runs per size" }),
    budget: Flags.string({ helpValue: "USD", default: "0.05", description: "most that it may cost" }),
    yes: Flags.boolean({ char: "y", description: "go ahead without asking" }),
    "dry-run": Flags.boolean({ description: "only say what would be done and what it would cost" }),
    prices: Flags.file({ helpValue: "FILE", description: "prices that replace the built-in ones (YAML or JSON)" }),
    format: Flags.option({ options: ["table", "json"] as const })({ default: "table", description: "form of the result" }),
    ...accountFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Probe);
    const settings = this.settings(flags);
    const world = this.world(settings);
    const options = {
      fn: args.function,
      sizesMib: flags.sizes === undefined ? null : flags.sizes.split(",").map((size) => Number(size.trim())),
      rounds: flags.rounds,
      payloads: readPayloads(flags.payload),
      budgetUsd: amount(flags.budget),
      dryRun: flags["dry-run"],
      confirm: (question: string) => (flags.yes ? Promise.resolve(true) : confirm(question, this.abort.signal)),
    };
    const scope = scopeOf(settings, { ...flags, function: [args.function] }, process.env, world.clock.now());
    const outcome = await probe(flags.data, options, scope, { ...settings, pricesFile: flags.prices ?? settings.pricesFile }, world);
    this.print(probeText(outcome, flags.format, this.terminal()));
    this.exitWith(outcome.ended === "failed" || outcome.leftBehind.length > 0 ? EXIT.partial : EXIT.done);
  }
}

function amount(text: string): number {
  const usd = Number(text);
  if (text.trim() === "" || !Number.isFinite(usd) || usd < 0)
    throw new UserError(`--budget ${JSON.stringify(text)} is no amount of US dollars`);
  return usd;
}
