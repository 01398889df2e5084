/** Several consumers behind one rule: a filter there is a filter for all of them, so that an event is discarded only where all discard it. */
import type { LabelledEvent } from "../../model/filters.ts";

export interface CombinedOutcome {
  /** Events of the first consumer with the outcome over all. */
  events: LabelledEvent[];
  discardedHere: number;
  /** Of these: how many another one wants, or may want. */
  wantedElsewhere: number;
  unknownElsewhere: number;
  /** The others that want them, or of whom it is not known. */
  by: string[];
}

/** Events are the same by their transport ID. */
export function combined(
  own: readonly LabelledEvent[],
  others: readonly { fn: string; events: readonly LabelledEvent[] }[],
): CombinedOutcome {
  const known = others.map(({ fn, events }) => ({ fn, outcomes: new Map(events.map(({ messageId, outcome }) => [messageId, outcome])) }));
  const result: CombinedOutcome = { events: [], discardedHere: 0, wantedElsewhere: 0, unknownElsewhere: 0, by: [] };
  const by = new Map<string, "wanted" | "unknown">();
  for (const event of own) {
    if (event.outcome !== "discarded") {
      result.events.push(event);
      continue;
    }
    result.discardedHere++;
    const said = known.map(({ fn, outcomes }) => ({
      fn,
      outcome: event.messageId === null ? "unknown" : (outcomes.get(event.messageId) ?? "unknown"),
    }));
    for (const { fn, outcome } of said) if (outcome === "wanted" || (outcome === "unknown" && !by.has(fn))) by.set(fn, outcome);
    const outcome = said.some((one) => one.outcome === "wanted")
      ? "wanted"
      : said.some((one) => one.outcome === "unknown")
        ? "unknown"
        : "discarded";
    if (outcome === "wanted") result.wantedElsewhere++;
    if (outcome === "unknown") result.unknownElsewhere++;
    result.events.push({ ...event, outcome });
  }
  const wanting = [...by].filter(([, outcome]) => outcome === "wanted");
  return { ...result, by: (wanting.length > 0 ? wanting : [...by]).map(([fn]) => fn).sort() };
}
