import { Flags } from "@oclif/core";
import { diagnose, type Feature, policyCloud, policyFor } from "../src/app/doctor.ts";
import { BaseCommand, EXIT_CODES_HELP, prose } from "../src/cli/base-command.ts";
import { accountFlags, windowFlags } from "../src/cli/live-flags.ts";
import { EXIT } from "../src/model/errors.ts";
import { doctorText } from "../src/report/render.ts";

const FEATURES = ["collect", "trace", "apply", "probe", "filters", "batching", "ttl"] as const;

export default class Doctor extends BaseCommand {
  static override summary = "check credentials, permissions, settings that lose telemetry, and where correlation IDs get lost";
  static override description =
    prose(`For every account, subscription and project of evscope.yaml (or of --region and --profile, --subscription, --project): who the credentials belong to, which calls are allowed
(each is tried as cheaply as it can be; nothing is written), what is lost without the others, and settings that lose telemetry: retention
shorter than the window, system log level WARN, no log group, no tracing, no Application Insights.

Of the last 24 hours that the dataset holds (--data): which functions carry a correlation ID, on which way from function to function it is lost, and
the lines of code that mend it. Where a dataset is held and no account is configured, this alone is told.

--policy prints the least privilege as JSON, without credentials and without asking anybody: an IAM policy for AWS, the definition of a custom
role for Azure (az role definition create) and Google Cloud (gcloud iam roles create).

${EXIT_CODES_HELP}`);
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --region eu-central-1 --profile shop --format json",
    "<%= config.bin %> <%= command.id %> --policy --feature collect --feature trace > policy.json",
    "<%= config.bin %> <%= command.id %> --policy --cloud gcp > role.json",
  ];
  static override flags = {
    policy: Flags.boolean({ default: false, description: "print the policy instead" }),
    feature: Flags.option({ options: FEATURES, multiple: true, multipleNonGreedy: true, delimiter: "," })({
      dependsOn: ["policy"],
      description: "what the policy shall allow (default: everything)",
    }),
    cloud: Flags.option({ options: ["aws", "azure", "gcp"] as const })({
      dependsOn: ["policy"],
      description: "whose policy (default: that of --subscription or --project, of evscope.yaml, or aws)",
    }),
    ...accountFlags,
    window: windowFlags.window,
    format: Flags.option({ options: ["table", "json"] as const })({ default: "table", description: "form of the result" }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    if (flags.policy) {
      const features: readonly Feature[] = flags.feature !== undefined && flags.feature.length > 0 ? flags.feature : FEATURES;
      this.print(JSON.stringify(policyFor(policyCloud(this.settings(flags), flags), features), null, 2));
      return;
    }
    const settings = this.settings(flags);
    const world = this.world(settings);
    const result = await diagnose(flags.data, settings, flags, process.env, world);
    this.print(doctorText(result, flags.format, this.terminal()));
    this.exitWith(result.blocked ? EXIT.credentials : EXIT.done);
  }
}
