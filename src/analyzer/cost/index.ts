/** The door of the cost room. */
export { attribute, type Attribution } from "./attribution.ts";
export { withConfiguration } from "./configuration.ts";
export { ledger, readingsOf } from "./ledger.ts";
export { billingMetrics, meteredSpans, withMeters } from "./meters.ts";
export { priceReadings, type Rates, usdOf } from "./pricing.ts";
export { atVolume } from "./volume.ts";
export { transitionsOf } from "./runs.ts";
