/** What a filter of a consumer would be written to, in any cloud. */
import type { RecordedEvent } from "../../model/filters.ts";
import type { Config } from "../../model/records.ts";
import { type Consumer, type FoundPlace, notFound } from "./target.ts";
import { placeOnAws } from "./target-aws.ts";
import { placeOnAzure } from "./target-azure.ts";
import { placeOnGcp } from "./target-gcp.ts";

/** `events`: some of the consumer's own. */
export function placeOf(consumer: Consumer, configs: readonly Config[], events: readonly RecordedEvent[]): FoundPlace {
  switch (consumer.cloud) {
    case "aws":
      return placeOnAws(consumer, configs, events);
    case "azure":
      return placeOnAzure(consumer, configs);
    case "gcp":
      return placeOnGcp(consumer, configs);
    case "other":
      return notFound("telemetry without a cloud names no subscription");
  }
}
