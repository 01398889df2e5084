/** The door of the room of filters: see README.md. */
export { type Considered, filterAdvice } from "./recommend.ts";
export { functionsByRule } from "./target-aws.ts";
export type { Volumes } from "./saving.ts";
