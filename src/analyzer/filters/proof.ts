/** A filter replayed on events that were not learned from, through the vendor's own grammar. */
import type { FilterProof, LabelledEvent, Matcher } from "../../model/filters.ts";

/** Counts of a replay, by what became of the events. */
export function replay(matcher: Matcher, events: readonly LabelledEvent[], learned: number): FilterProof {
  const seen = { wanted: 0, discarded: 0, unknown: 0 };
  const dropped = { wanted: 0, discarded: 0, unknown: 0 };
  for (const event of events) {
    seen[event.outcome] += 1;
    if (!matcher.matches(event.event)) dropped[event.outcome] += 1;
  }
  return {
    learned,
    replayed: events.length,
    wanted: seen.wanted,
    wantedDropped: dropped.wanted,
    wantedDroppedAtMost: seen.wanted === 0 ? null : Math.min(1, 3 / seen.wanted),
    discarded: seen.discarded,
    discardedDropped: dropped.discarded,
    unknown: seen.unknown,
    unknownDropped: dropped.unknown,
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** Why the replay is no proof, in a sentence with figures; null: it is one. */
export function unproven(proof: FilterProof, maximumDroppedShare: number, minimumSavedShare: number): string | null {
  const { wanted, wantedDropped, unknownDropped, discardedDropped, replayed } = proof;
  if (wantedDropped > 0)
    return `the filter learned from ${proof.learned} events would have dropped ${wantedDropped} of the ${wanted} wanted ones that came after`;
  if (unknownDropped > 0) {
    return `the filter learned from ${proof.learned} events would have dropped ${unknownDropped} later ones of which nothing says whether they were wanted`;
  }
  const needed = Math.ceil(3 / maximumDroppedShare);
  if (wanted < needed) {
    return `${wanted} wanted events in the part of the window that is replayed are too few: ${needed} are needed to say that at most ${percent(maximumDroppedShare)} of them may be dropped`;
  }
  if (discardedDropped < minimumSavedShare * replayed) {
    return `the filter would drop ${discardedDropped} of ${replayed} events (${percent(discardedDropped / replayed)}), which is too little to change it for`;
  }
  return null;
}
