/** Amazon Web Services: Lambda, and what carries events to it. */
import type { CloudRoom } from "../room.ts";
import { billing } from "./billing.ts";
import { formats } from "./formats.ts";
import { limits } from "./limits.ts";
import { prices } from "./prices.ts";

export const aws: CloudRoom = { cloud: "aws", title: "Amazon Web Services", formats, billing, prices, limits, live: null };
