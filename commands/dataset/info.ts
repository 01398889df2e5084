import { Flags } from "@oclif/core";
import { datasetInfo } from "../../src/app/dataset.ts";
import { BaseCommand } from "../../src/cli/base-command.ts";
import { datasetText } from "../../src/report/render.ts";

export default class DatasetInfo extends BaseCommand {
  static override summary = "what the dataset holds: records by kind, days, size, gaps";
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --data /srv/evscope --format json",
  ];
  static override flags = {
    format: Flags.option({ options: ["table", "json"] as const })({ default: "table", description: "form of the result" }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(DatasetInfo);
    this.print(datasetText(await datasetInfo(flags.data), flags.format, this.terminal()));
  }
}
