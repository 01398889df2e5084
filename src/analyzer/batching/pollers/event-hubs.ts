/**
 * Event Hubs trigger of Azure Functions: one batch of each partition at a time, at most `maxEventBatchSize`; with `minEventBatchSize` it waits
 * for so many, up to `maxWaitTime`.
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs#hostjson-settings
 * Assumed: the wait begins with the first event that is not handled yet and no earlier than the batch before has ended (longest), or ran
 * during that run (shortest). Where the number of partitions is not known, one is simulated.
 */
import { serveLanes } from "./lanes.ts";
import type { PollerModel } from "./poller.ts";

export const eventHubs: PollerModel = (arrivals, settings, tally, waits) => {
  const least = Math.min(settings.minimumBatchSize ?? 1, settings.batchSize);
  serveLanes(
    arrivals,
    {
      lanes: settings.shards ?? 1,
      read: null,
      batchSize: settings.batchSize,
      enough: least,
      windowMs: least > 1 ? settings.windowMs : 0,
      windowEnd: (idleMs, firstMs) => (waits === "longest" ? Math.max(idleMs, firstMs) : firstMs) + settings.windowMs,
      payloadBytes: null,
    },
    tally,
  );
};
