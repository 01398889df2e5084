import { reportGates } from "../src/app/report/gates.ts";
import { makeReport, saveReport } from "../src/app/report/index.ts";
import { readsOf, TOPICS } from "../src/app/advice.ts";
import { CHAIN_READS, freshen } from "../src/app/freshen.ts";
import { EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { ChangeCommand } from "../src/cli/change-command.ts";
import { pathArgs } from "../src/cli/recommender-flags.ts";
import { tellCi } from "../src/cli/report-ci.ts";
import { formOf, reportFlags } from "../src/cli/report-flags.ts";
import { reportTexts } from "../src/cli/report-texts.ts";
import { minSavingOf } from "../src/cli/learning-flags.ts";
import { tableForm } from "../src/cli/table-flags.ts";
import { EXIT } from "../src/model/errors.ts";

export default class Report extends ChangeCommand {
  static override summary = "what it cost, what changed and why, what could be saved: as a table, a comment, a gate in CI";
  static override description =
    prose(`One report of a window: cost and its change against a baseline, by cloud, service, tag, function and route and per business transaction;
why it changed (an exact decomposition), waste, recommendations, savings promised and realised, and what is not known.

--out writes it as many forms at once; --budget, --fail-on and --warn-on hold it against thresholds: exit code 6 when one is crossed.
On a CI server --comment auto writes one comment and updates it in later runs, and --annotate auto shows there what is crossed (docs/comments.md).
The report is kept with the dataset, so that the next run compares with it. With PATHs the files are read directly, without a dataset.

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %> --out report.html --out report.md",
    "<%= config.bin %> <%= command.id %> ./exports --out report.html",
    "<%= config.bin %> <%= command.id %> --baseline report.json --fail-on 'increase>10%' --warn-on 'waste>5%' --format markdown",
    "<%= config.bin %> <%= command.id %> --since 30d --budget 500 --by-tag team --out report.md",
    "<%= config.bin %> <%= command.id %> --fail-on 'increase>10%' --comment auto --annotate auto --out evscope/report.html",
  ];
  static override strict = false;
  static override args = pathArgs;
  static override flags = reportFlags;

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Report);
    const paths = argv as string[];
    const out = (flags.out ?? []).map((path) => ({ path, form: formOf(path) }));
    const gates = reportGates(flags.budget, flags["fail-on"] ?? [], flags["warn-on"] ?? []);
    const reach = this.reach({ ...flags });
    const topics = flags.advice.includes("all") ? TOPICS : TOPICS.filter((topic) => flags.advice.includes(topic));
    const { reads, needs } = readsOf(topics);
    const wanted = { ...flags, since: flags.since ?? (paths.length > 0 ? undefined : "7d") };
    const all = [...new Set([...reads, ...CHAIN_READS])];
    const fresh = paths.length > 0 ? null : await freshen(flags.data, reach.settings, wanted, process.env, reach.world, all, needs);
    const objective = { optimize: "cost" as const, maxSlowdown: null, minSavingUsdPerMonth: minSavingOf(flags) };
    const made = await makeReport(
      flags.data,
      paths,
      {
        ...wanted,
        ...fresh,
        baseline: flags.baseline ?? null,
        tagKey: flags["by-tag"] ?? null,
        withChains: flags.chains,
        topics,
        advice: { functions: null, objective, maxAddedLatencyMs: 1000, live: false },
        gates,
        keep: flags.keep ?? paths.length === 0,
        version: this.config.version,
        ownUsd: fresh === null ? 0 : fresh.spentUsd,
      },
      reach,
    );
    const { report } = made;
    const printed = tableForm(flags);
    const forms = [printed, ...out.map(({ form }) => form)];
    const text = await reportTexts(made, forms, flags.top ?? null, this.terminal(flags), this.config.root);
    for (const { path, form } of out) saveReport(path, text(form));
    const told = await tellCi({ ...flags, format: printed }, report, () => text("markdown"), process.env, reach.world);
    this.print(told.print ?? text(printed));
    for (const { path } of out) this.host.note(`written: ${path}`);
    for (const { reason } of report.gates.filter((gate) => gate.outcome !== "passed")) this.host.warn(reason);
    this.exitWith(made.crossed ? EXIT.threshold : (told.failure ?? (made.partial || fresh?.partial ? EXIT.partial : EXIT.done)));
  }
}
