/** A rule in the words of each vendor's grammar. */
import type { FilterGrammar } from "../../model/filters.ts";
import type { KeepRule } from "./clause.ts";
import { eventGridFilter, serviceBusSql } from "./dialect-azure.ts";
import { correlationFilter, eventarcFilter, pubsubFilter } from "./dialect-google.ts";
import { patternsOf } from "./dialect-patterns.ts";

/** Whether a filter names what it excludes (`open`), or what it keeps (`closed`), where the grammar leaves no other way. */
export type Style = "open" | "closed";

/** A filter as text. */
export interface Written {
  /** The whole filter, as `matcherOf` reads it. */
  filter: string;
  /** The patterns of a Lambda mapping or pipe one by one; else only `filter`. */
  patterns: string[];
}

const alone = (filter: string | null): Written | null => (filter === null ? null : { filter, patterns: [filter] });

/**
 * The rule joined by AND to the filter that is there; null: the grammar cannot say it. `closed` names what is kept instead of what is dropped, where an
 * exclusion is not in the grammar: values never seen are dropped then.
 */
export function writtenAs(grammar: FilterGrammar, rule: KeepRule, current: string | null, style: Style): Written | null {
  switch (grammar) {
    case "event-grid":
      return style === "open" ? alone(eventGridFilter(rule, current)) : null;
    case "service-bus-sql":
      return style === "open" ? alone(serviceBusSql(rule, current)) : null;
    case "pubsub":
      return style === "open" ? alone(pubsubFilter(rule, current)) : null;
    case "service-bus-correlation":
      return style === "closed" ? alone(correlationFilter(rule, current)) : null;
    case "eventarc":
      return style === "closed" ? alone(eventarcFilter(rule, current)) : null;
    default: {
      const patterns = style === "open" ? patternsOf(grammar, rule, current) : null;
      if (patterns === null) return null;
      const filter = patterns.length === 1 ? patterns[0]! : JSON.stringify({ Filters: patterns.map((text) => ({ Pattern: text })) });
      return { filter, patterns };
    }
  }
}
