/** The door of the cost room. */
export { attribute, type Attribution } from "./attribution.ts";
export { withConfiguration } from "./configuration.ts";
export { ledger, type LedgerInput, readingsOf } from "./ledger.ts";
export { billingMetrics, meteredSpans, withMeters } from "./meters.ts";
export { priceReadings, type Rates, usdOf } from "./pricing.ts";
export { atVolume } from "./volume.ts";
export { transitionsOf } from "./runs.ts";
export { costChange } from "./change.ts";
export { projection } from "./projection.ts";
export { failuresOf, slicesOf, taggedSlices } from "./slices.ts";
export { transactionsOf } from "./transactions.ts";
