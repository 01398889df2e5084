/** Azure: Function Apps, and what carries events to them. */
import type { CloudRoom, LiveDoors } from "../room.ts";
import { billing } from "./billing.ts";
import { discover } from "./discover.ts";
import { findingsOf } from "./findings.ts";
import { formats } from "./formats.ts";
import { limits } from "./limits.ts";
import { loggedEvents } from "./logged-events.ts";
import { permissions, policy } from "./permissions.ts";
import { prices } from "./prices.ts";

const live: LiveDoors = {
  permissions,
  policy,
  findings: findingsOf,
  // the SDK and all that works over it is loaded by the commands that need it
  connect: async (target, context) => (await import("./session.ts")).connect(target, context),
};

export const azure: CloudRoom = { cloud: "azure", title: "Azure", formats, billing, prices, limits, loggedEvents, live, discover };
