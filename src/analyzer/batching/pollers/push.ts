/**
 * Delivery by push. Event Grid never waits to fill a batch: one holds the events that are there at the same instant, so that a larger
 * `maxEventsPerBatch` gains nothing at low rates. Pub/Sub push: one message, one request, whatever the settings.
 * https://learn.microsoft.com/azure/event-grid/delivery-and-retry#output-batching, https://cloud.google.com/pubsub/docs/push
 * Assumed: deliveries are not held back by those under way (Event Grid's page says best effort; batches under load may be larger than this).
 */
import type { Columns } from "../columns.ts";
import type { Tally } from "../tally.ts";
import type { PollerModel } from "./poller.ts";

export const eventGrid: PollerModel = (arrivals, settings, tally) => deliver(arrivals, settings.batchSize, tally);

export const pubsubPush: PollerModel = (arrivals, _, tally) => deliver(arrivals, 1, tally);

function deliver(arrivals: Columns, most: number, tally: Tally): void {
  const { atMs, length } = arrivals;
  const members: number[] = [];
  for (let i = 0; i < length;) {
    const at = atMs[i]!;
    let count = 0;
    while (i < length && count < most && atMs[i] === at) members[count++] = i++;
    tally.run(at, members, count);
  }
}
