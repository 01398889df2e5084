/** The archive: exported files of any size into records. */
export { type InputLine, inputLines } from "./lines.ts";
export { planRanges, type ByteRange } from "./ranges.ts";
export type { ReadOptions, SourceHints } from "./options.ts";
export { readSource } from "./read-source.ts";
export type { BrokenPart, SourceResult } from "./result.ts";
export type { Unrecognised } from "./recognise.ts";
export { walk, type SourceInput } from "./walk.ts";
