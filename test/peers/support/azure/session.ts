/** A session of the room with our Azure, in this process. */
import { connect } from "../../../../src/clouds/azure/session.ts";
import type { LiveContext, LiveSession, Target } from "../../../../src/clouds/room.ts";
import { liveContext } from "../live-context.ts";
import { trust } from "./clients.ts";
import type { Azure } from "./server.ts";

export function targetOf({ url, world }: Azure): Target {
  return {
    cloud: "azure",
    name: "shop",
    account: world.subscription,
    region: "*",
    endpoints: { management: url, logs: url, metrics: url, authority: url },
    azure: { cloud: "public", tenant: null, workspaces: [] },
    profile: null,
    roleArn: null,
    externalId: null,
    functions: { names: [], tags: {} },
  };
}

/** Credentials of the environment are this Azure's from now on. */
export function sessionOf(azure: Azure, more: Partial<LiveContext> = {}): Promise<LiveSession> {
  trust(azure);
  for (const [name, value] of Object.entries(azure.env)) if (name.startsWith("AZURE_")) process.env[name] = value;
  return connect(targetOf(azure), liveContext({ requestsPerS: 1000, ...more }));
}
