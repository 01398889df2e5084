/** Name of the copy of a function that is probed, and back: its lines lie in the function's own log group, and tell of the function. */
import { createHash } from "node:crypto";
import { functionOfGroup } from "./names.ts";

const SUFFIX = "-evscope-probe";
/** https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const LONGEST_NAME = 64;

/** Name of the copy: the same for every probe of one function. */
export function twinName(name: string): string {
  if (name.length + SUFFIX.length <= LONGEST_NAME) return name + SUFFIX;
  const tail = `-${createHash("sha256").update(name).digest("hex").slice(0, 6)}${SUFFIX}`;
  return name.slice(0, LONGEST_NAME - tail.length) + tail;
}

/** Function that this name is the copy of; null: it is no copy, or of a function whose name was cut and whose log group is not its own. */
export function originalOf(name: string, group: string | null): string | null {
  if (!name.endsWith(SUFFIX)) return null;
  const ofGroup = group === null ? null : functionOfGroup(group);
  if (ofGroup !== null && twinName(ofGroup) === name) return ofGroup;
  const stripped = name.slice(0, -SUFFIX.length);
  return stripped !== "" && twinName(stripped) === name && name.length < LONGEST_NAME ? stripped : null;
}
