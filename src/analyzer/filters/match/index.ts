/** Every vendor's filters behind one door. */
import type { FilterGrammar, Matcher } from "../../../model/filters.ts";
import type { Json } from "../../../model/records.ts";
import { matchEventGrid } from "./event-grid.ts";
import { matchEventarc } from "./eventarc.ts";
import { matchEventBridge } from "./eventbridge.ts";
import { matchPubsub } from "./pubsub.ts";
import { matchCorrelation } from "./service-bus-correlation.ts";
import { matchServiceBusSql } from "./service-bus-sql.ts";
import { matchSns } from "./sns.ts";
import { filterPatterns, matchSourceMapping } from "./source-mapping.ts";

/**
 * A filter ready to be asked, in the form that the grammar's vendor writes it: JSON as text or parsed, or the text of an expression. For Lambda
 * mappings: one pattern, an array of them, or `{"Filters": [{"Pattern": "..."}]}`. An illegal filter is a matcher that says so.
 */
export function matcherOf(grammar: FilterGrammar, filter: string | Json): Matcher {
  switch (grammar) {
    case "eventbridge":
      return matchEventBridge(filter);
    case "sqs":
    case "kinesis":
    case "dynamodb":
    case "kafka":
    case "mq":
      return matchSourceMapping(grammar, filterPatterns(filter));
    case "sns-attributes":
    case "sns-body":
      return matchSns(grammar, filter);
    case "event-grid":
      return matchEventGrid(filter);
    case "service-bus-sql":
      return matchServiceBusSql(filter);
    case "service-bus-correlation":
      return matchCorrelation(filter);
    case "pubsub":
      return matchPubsub(filter);
    case "eventarc":
      return matchEventarc(filter);
  }
}
