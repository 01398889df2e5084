/** Which vendor's language a filter is in, by its form: each filter is an example of its vendor's page. */
import { expect, it } from "vitest";
import { recogniseGrammar } from "../../../../../src/analyzer/filters/match/recognise.ts";
import type { Json } from "../../../../../src/model/records.ts";

it.each([
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
  ['{"source": ["aws.ec2"]}', "eventbridge"],
  [{ detail: { state: ["terminated"] } }, "eventbridge"],
  ['{"source": ["aws.ec2"', "eventbridge"],
  // https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
  [{ Filters: [{ Pattern: '{"body": {"a": ["x"]}}' }] }, "sqs"],
  [{ Filters: [{ Pattern: '{"data": {"a": ["x"]}}' }] }, "kinesis"],
  [{ Filters: [{ Pattern: '{"eventName": ["INSERT"]}' }] }, "dynamodb"],
  [{ Filters: [{ Pattern: '{"value": {"a": ["x"]}}' }] }, "kafka"],
  // https://learn.microsoft.com/azure/event-grid/event-filtering
  [{ filter: { subjectBeginsWith: "/blobServices", includedEventTypes: [] } }, "event-grid"],
  [{ advancedFilters: [] }, "event-grid"],
  // https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messaging-sql-filter
  ["sys.Label LIKE '%bus%' OR user.tag IN ('queue')", "service-bus-sql"],
  ["[HR-EmployeeID] = 1", "service-bus-sql"],
  [{ properties: { sqlFilter: { sqlExpression: "1=1" } } }, "service-bus-sql"],
  [{ label: "important" }, "service-bus-correlation"],
  // https://cloud.google.com/pubsub/docs/subscription-message-filter
  ['NOT attributes:domain AND hasPrefix(attributes.name, "co")', "pubsub"],
  ["-attributes:domain", "pubsub"],
  // https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers
  [[{ attribute: "type", value: "t" }], "eventarc"],
  [{ eventFilters: [{ attribute: "type", value: "t" }] }, "eventarc"],
] as [Json, string][])("%j: %s", (filter, grammar) => expect(recogniseGrammar(filter)).toBe(grammar));
