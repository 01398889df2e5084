/** The archive: exported files of any size into records. */
export { planRanges, type ByteRange } from "./ranges.ts";
export { readSource, type BrokenPart, type ReadOptions, type SourceHints, type SourceResult } from "./read-source.ts";
export type { Unrecognised } from "./recognise.ts";
export { walk, type SourceInput } from "./walk.ts";
