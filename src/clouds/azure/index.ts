/** The door of the Azure room. */
import type { CloudRoom } from "../room.ts";
import { billing } from "./billing.ts";
import { formats } from "./formats.ts";
import { limits } from "./limits.ts";
import { prices } from "./prices.ts";

export const azure: CloudRoom = { cloud: "azure", title: "Azure", formats, billing, prices, limits, live: null };
