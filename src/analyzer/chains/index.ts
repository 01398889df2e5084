/** The door of the chain analyzer: records in, chains out. */
export { chainOf, nextIds } from "./closure.ts";
export { invocationGraph } from "./contract.ts";
export { correlate } from "./correlate.ts";
export { coverage } from "./coverage.ts";
export { observedRoutes } from "./observed-routes.ts";
export { DEFAULT_HUB_LIMIT } from "./evidence.ts";
