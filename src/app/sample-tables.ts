/** Looks at items of tables that have no time to live, live, within the price limit. */
import { counter, type Sampled, storeKindOf } from "../analyzer/retention/index.ts";
import type { Sampler } from "../clouds/room.ts";
import { UserError } from "../model/errors.ts";
import type { ResourceRef } from "../model/plan.ts";
import type { Config } from "../model/records.ts";
import type { EpochMs, Usd } from "../model/units.ts";
import type { Reach } from "./apply.ts";
import { dollars } from "./collect/announce.ts";
import { scopeFor } from "./doors.ts";
import { withSessions } from "./live.ts";
import { covers } from "./targets.ts";

interface Looked {
  samples: Map<string, Sampled>;
  /** A table could not be looked at. */
  partial: boolean;
}

/** Throws UserError without credentials, or where no configured account leads to the tables. A table that cannot be read is warned of. */
export async function sampledTables(items: number, configs: readonly Config[], now: EpochMs, reach: Reach): Promise<Looked> {
  const tables = configs.flatMap((one) => refOf(one) ?? []);
  const { host, clock } = reach.world;
  const looked: Looked = { samples: new Map(), partial: false };
  if (tables.length === 0) {
    host.note("no table without TTL is known that could be looked at: evscope collect reads what there is");
    return looked;
  }
  const scope = scopeFor(tables, reach.settings, reach.flags, reach.env, clock.now());
  return withSessions(scope, reach.world, async ({ sessions }) => {
    const limitUsd = limitOf(reach.flags["max-query-usd"], scope.maxQueryUsd);
    let leftUsd = limitUsd;
    for (const table of tables) {
      const sampler = sessions.find(({ target, account }) => covers({ ...target, account }, table))?.sampler;
      if (sampler === undefined) continue;
      try {
        const { usd } = await sampler.estimate(table, items);
        host.note(
          `${table.name}: looking at up to ${items} items, for ${usd === null ? "a price that is not known" : `at most ${dollars(usd)}`}`,
        );
        if (usd === null || usd > leftUsd)
          throw new UserError(`${table.name} is not looked at: that may cost more than is left of --max-query-usd ${limitUsd}`);
        leftUsd -= usd;
        looked.samples.set(table.resource, await counted(sampler, table, items, now));
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        host.warn(error.message);
        looked.partial = true;
      }
    }
    return looked;
  });
}

/** The flag's, or the configured one: which targets there are is asked without it. */
function limitOf(flag: string | undefined, configured: Usd): Usd {
  const usd = flag === undefined ? configured : Number(flag);
  if (!(usd >= 0)) throw new UserError(`--max-query-usd ${JSON.stringify(flag)} is no amount of USD`);
  return usd;
}

async function counted(sampler: Sampler, table: ResourceRef, items: number, now: EpochMs): Promise<Sampled> {
  const counting = counter(now);
  for await (const page of sampler.sample(table, items)) counting.add(page);
  return { tally: counting.tally(), from: "scan", at: now };
}

/** A table of DynamoDB without TTL, whose items can be asked for; null: another store, or one that has it. */
function refOf(config: Config): ResourceRef | null {
  const { cloud, account, region, resource, name, settings } = config;
  if (storeKindOf(config) !== "dynamodb" || account === null || region === null) return null;
  if (String(settings["ttlStatus"] ?? "").startsWith("ENABL") || settings["items"] === 0) return null;
  return { cloud, account, region, kind: "dynamodb.table", resource, name };
}
