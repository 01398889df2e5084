/** Why evscope and the rule engine may differ: each class is deliberate. */
import { matchEventBridge } from "../../src/analyzer/filters/match/eventbridge.ts";
import type { Decision } from "../../src/model/filters.ts";
import type { Json } from "../../src/model/records.ts";
import type { EngineVerdict } from "./engine.ts";
import type { Pair } from "./pairs.ts";

const OLDER_COMPILER = /Unsupported anything-but pattern|match pattern must be a string/;

/** null: nothing known explains it, and it is a mistake of ours until shown otherwise. */
export function explanation({ pattern, event }: Pair, ours: Decision, theirs: EngineVerdict): string | null {
  if (ours.verdict === "invalid" && /anything-but [a-z-]+ must hold at least one string/.test(ours.reason)) {
    return "an empty list inside anything-but is refused; the engine takes it, and then fails or matches everything";
  }
  if (ours.reason.includes("wildcards are too complex") !== (theirs.verdict === "too_complex") && pattern.includes('"$or"')) {
    return "wildcards of a field in several alternatives of $or: how far the engine counts them together depends on what it can share between the alternatives";
  }
  if (theirs.verdict === "invalid" && ours.verdict !== "invalid" && pattern.includes('"$or"') && OLDER_COMPILER.test(theirs.note)) {
    return "$or as a field's name: the engine reads such patterns by its older compiler, which lacks the newer forms of anything-but";
  }
  if (theirs.note.includes("the older finder differs") && ours.verdict !== theirs.verdict) {
    return "the engine contradicts itself: its older finder of matches (option withStructuredMatching) agrees with evscope";
  }
  if (theirs.verdict === "match" && decidedByAddresses(pattern, event)) {
    return "the engine compares hexadecimal digits from the left, so that a block of IPv6 may hold IPv4 addresses and numbers, and the reverse; AWS documents neither";
  }
  return null;
}

/** Most patterns that one is split into. */
const MAX_SPLIT = 512;

/**
 * The pattern as patterns of one value for each field: it matches where any of them does. The engine puts all values of a field into one machine of bytes, and where
 * its verdict on the whole is not that on the parts, it contradicts itself. Empty: too many.
 */
export function split(pattern: string): string[] {
  const choices = splitValue(JSON.parse(pattern) as Json, false);
  return choices.length > MAX_SPLIT ? [] : choices.map((choice) => JSON.stringify(choice));
}

function splitValue(value: Json, isOr: boolean): Json[] {
  if (Array.isArray(value))
    return isOr ? value.flatMap((branch) => splitValue(branch, false)).map((branch) => [branch, branch]) : value.map((one) => [one]);
  let made: Json[] = [{}];
  for (const [key, inside] of Object.entries(value as { [key: string]: Json })) {
    const choices = splitValue(inside, key === "$or");
    if (made.length * choices.length > MAX_SPLIT) return Array.from({ length: MAX_SPLIT + 1 }, () => null);
    made = made.flatMap((before) => choices.map((choice) => ({ ...(before as object), [key]: choice }) as Json));
  }
  return made;
}

/** Whether the event matches where every address and block of the pattern is held for fulfilled: then only they can have decided. */
function decidedByAddresses(pattern: string, event: string): boolean {
  const lenient = JSON.stringify(JSON.parse(pattern), (_, value: Json) => (isAddress(value) ? { exists: true } : value));
  return lenient !== JSON.stringify(JSON.parse(pattern)) && matchEventBridge(lenient).matches(JSON.parse(event) as Json);
}

function isAddress(value: Json): boolean {
  return typeof value === "object" && value !== null && "cidr" in value;
}
