/** Records straight into a dataset, as an import writes them. */
import type { Rec } from "../../src/model/records.ts";
import { openBatchWriter, openCommitter } from "../../src/store/index.ts";

/** One batch of one source. */
export async function writeRecords(dir: string, records: readonly Rec[]): Promise<void> {
  const committer = openCommitter(dir);
  const writer = await openBatchWriter({ dir, publisher: committer, threads: 1, memoryMib: 256 });
  writer.beginSource();
  for (const record of records) writer.write(record);
  await writer.finish();
  await writer.close();
  committer.close();
}
