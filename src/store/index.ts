/** The door of the dataset: nothing outside this folder touches a file of it. */
export { openBatchWriter } from "./batch-writer.ts";
export { type Collected, openCollected } from "./collected.ts";
export type { Coverage } from "./manifest.ts";
export { type Committer, type Draft, openCommitter, type Overlap, type Publisher } from "./committer.ts";
export { compact } from "./compact.ts";
export { openDataset } from "./dataset.ts";
export { hasDataset } from "./layout.ts";
export { prune } from "./prune.ts";
export type * from "./types.ts";
