/** The door of the cost room. */
export { attribute, type Attribution } from "./attribution.ts";
export { withConfiguration } from "./configuration.ts";
export { ledger } from "./ledger.ts";
export type { Rates } from "./pricing.ts";
export { transitionsOf } from "./runs.ts";
