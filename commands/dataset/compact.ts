import { compactDataset } from "../../src/app/dataset.ts";
import { BaseCommand } from "../../src/cli/base-command.ts";

export default class DatasetCompact extends BaseCommand {
  static override summary = "merge the many small files of a day into few, for quicker questions";
  static override description = "Safe to interrupt: the old files go only after the new ones are whole. Nothing in the answers changes.";
  static override examples = ["<%= config.bin %> <%= command.id %>", "<%= config.bin %> <%= command.id %> --data /srv/evscope"];

  override async run(): Promise<void> {
    const { flags } = await this.parse(DatasetCompact);
    const { days, before, after } = await compactDataset(flags.data, this.host, this.abort.signal);
    this.print(days === 0 ? "nothing to compact" : `compacted ${days} day${days === 1 ? "" : "s"}: ${before} files are now ${after}`);
  }
}
