/** Google Cloud: the door of its room. */
import type { CloudRoom } from "../room.ts";
import { billing } from "./billing.ts";
import { formats } from "./formats.ts";
import { limits } from "./limits.ts";
import { prices } from "./prices.ts";

export const gcp: CloudRoom = { cloud: "gcp", title: "Google Cloud", formats, billing, prices, limits, live: null };
