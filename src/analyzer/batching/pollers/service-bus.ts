/**
 * Service Bus trigger of Azure Functions with `cardinality: many`: a batch is what a receive finds, at most `maxMessageBatchSize`; with
 * `minMessageBatchSize` it waits for so many, up to `maxBatchWaitTime` (extension 5.10 or newer).
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings
 * Assumed: one batch at a time on each instance, as many instances as `maximumConcurrency` (1 where it is not known; the scale controller adds
 * more under load, which makes batches smaller); a receive that finds nothing ends after a minute (the client's default try timeout).
 */
import { compete } from "./competing.ts";
import type { PollerModel } from "./poller.ts";

export const serviceBus: PollerModel = (arrivals, settings, tally) => {
  const instances = settings.maximumConcurrency ?? 1;
  const least = Math.min(settings.minimumBatchSize ?? 1, settings.batchSize);
  compete(
    arrivals,
    {
      pollers: instances,
      mostPollers: instances,
      growth: 0,
      calmMs: Number.POSITIVE_INFINITY,
      receiveMost: settings.batchSize,
      batchSize: settings.batchSize,
      enough: least,
      windowMs: least > 1 ? settings.windowMs : 0,
      windowEnd: (_, firstMs) => firstMs + settings.windowMs,
      longPollMs: 60_000,
      payloadBytes: null,
      deletesPerCall: 1,
    },
    tally,
    // the wait for a minimum is a timer of the trigger, not of a receive
    "shortest",
  );
};
