/** The stateful fake: hands a request to the part of Azure that it is for. */
import { armHandler } from "./arm.ts";
import { graphHandler } from "./graph.ts";
import { type Answer, armError, type Seen } from "./http.ts";
import { logsHandler } from "./logs.ts";
import { metricsHandler } from "./metrics.ts";
import { refusedAction } from "./permissions.ts";
import { RowsDb } from "./rows-db.ts";
import type { World } from "./world.ts";

export interface Fake {
  answer(seen: Seen): Promise<Answer>;
  close(): void;
}

/** `base`: where the front listens, for links. KQL that Microsoft's parser objects to goes to `violations`. */
export async function fakeAzure(world: World, base: () => string, violations: string[]): Promise<Fake> {
  const db = await RowsDb.open();
  const [arm, graph, logs, metrics] = [
    armHandler(world, base),
    graphHandler(world, db, violations),
    logsHandler(world, db, violations),
    metricsHandler(world),
  ];
  return {
    async answer(seen) {
      const missing = refusedAction(world, seen);
      if (missing !== null)
        return armError(
          403,
          seen.path.startsWith("/v1/") ? "InsufficientAccessError" : "AuthorizationFailed",
          `The client does not have authorization to perform action '${missing}' over scope '${seen.path}' or the scope is invalid.`,
        );
      if (seen.path.startsWith("/v1/")) return logs(seen);
      if (/^\/providers\/microsoft\.resourcegraph\/resources$/i.test(seen.path)) return graph(seen);
      if (/\/metrics:getBatch$|\/providers\/microsoft\.insights\/metrics$/i.test(seen.path)) return metrics(seen);
      return arm(seen);
    },
    close: () => db.close(),
  };
}
