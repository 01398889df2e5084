/** What a learned filter does in the weeks that neither learner nor proof have seen. */
import { learnFilter } from "../../src/analyzer/filters/learn.ts";
import { matcherOf } from "../../src/analyzer/filters/match/index.ts";
import type { Case } from "./cases.ts";
import { simulate } from "./cases.ts";

export interface Result {
  given: Case;
  /** null: advised. */
  refusal: string | null;
  filter: string | null;
  words: string | null;
  /** Of the weeks after, by what is true. */
  wanted: number;
  wantedDropped: number;
  discarded: number;
  discardedDropped: number;
}

export function scored(given: Case): Result {
  const { events, later } = simulate(given);
  const learned = learnFilter(events);
  const wanted = later.filter((one) => one.wanted).length;
  const base = { given, wanted, discarded: later.length - wanted };
  if ("refusal" in learned) return { ...base, refusal: learned.refusal, filter: null, words: null, wantedDropped: 0, discardedDropped: 0 };
  const matcher = matcherOf(given.grammar, learned.filter);
  let wantedDropped = 0;
  let discardedDropped = 0;
  for (const one of later) {
    if (matcher.matches(one.event)) continue;
    if (one.wanted) wantedDropped += 1;
    else discardedDropped += 1;
  }
  return { ...base, refusal: null, filter: learned.filter, words: learned.words, wantedDropped, discardedDropped };
}
