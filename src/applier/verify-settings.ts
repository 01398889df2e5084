/** Changes that no run tells about by itself: whether the setting still is as it was written, and how many runs a day there are now. Pure. */
import { canonicalJson } from "../model/canonical.ts";
import type { Change } from "../model/plan.ts";
import type { Config, Json } from "../model/records.ts";
import type { EpochMs } from "../model/units.ts";

/** By kind, what a whole description always names: a setting that it then leaves out is not set. */
const ALWAYS_NAMED: { readonly [kind: string]: string } = {
  "lambda.event-source-mapping": "batchSize",
  "pipes.pipe": "state",
  "sns.subscription": "protocol",
  "eventgrid.subscription": "service",
  "pubsub.subscription": "delivery",
};

/** Value of a setting in a description, which names some of them otherwise. undefined: it does not say. */
function describedAs(kind: string, name: string, settings: Config["settings"]): Json | undefined {
  if (name in settings) return settings[name];
  if (name === "defaultTtlS") return settings["defaultTtlSeconds"];
  if (name === "ttl") return "ttlField" in settings ? true : undefined;
  return (ALWAYS_NAMED[kind] ?? "") in settings ? null : undefined;
}

/** What the newest description of the resource says of a change. null: none was read since, or it names none of the settings. */
export function settingsSince(change: Change, appliedAt: EpochMs, configs: readonly Config[]): { holds: boolean; text: string } | null {
  const own = configs
    .filter((one) => one.cloud === change.cloud && one.resource.toLowerCase() === change.resource.toLowerCase())
    .filter((one) => one.observedAt !== null && one.observedAt > appliedAt)
    .toSorted((a, b) => b.observedAt! - a.observedAt!)
    .map(({ observedAt, settings }) => ({
      at: new Date(observedAt!).toISOString().slice(0, 16),
      named: Object.keys(change.after).flatMap((name) => {
        const value = describedAs(change.kind, name, settings);
        return value === undefined ? [] : [{ name, value }];
      }),
    }));
  const newest = own.find((one) => one.named.length > 0);
  if (newest === undefined) return null;
  const other = newest.named.filter(({ name, value }) => canonicalJson(value) !== canonicalJson(change.after[name] ?? null));
  return other.length === 0
    ? { holds: true, text: `its settings are as they were written (read ${newest.at})` }
    : {
        holds: false,
        text: `${other.map(({ name, value }) => `${name} is ${JSON.stringify(value)}`).join(", ")} (read ${newest.at}): it was changed again`,
      };
}

/** Runs and how long they were looked at; days null: not known. */
export interface Traffic {
  runs: number;
  days: number | null;
}

/** Days vary by more than chance: weekends, campaigns. Less than this much outside of the prediction is no finding. */
const DAY_TO_DAY = 0.3;
/** Least time that says anything of runs a day. */
const LEAST_DAYS = 1;

/**
 * Runs a day against the prediction. `worse`: surely fewer than predicted, so that more is dropped than the replay said, by three standard
 * deviations of a Poisson count beyond the variation from day to day. null: nothing was predicted, or it is too early.
 */
export function trafficSince(change: Change, since: Traffic): { worse: boolean; text: string } | null {
  const predicted = change.expected?.invocationsPerDay ?? null;
  if (predicted === null || since.days === null || since.days < LEAST_DAYS) return null;
  const perDay = since.runs / since.days;
  const noise = (3 * Math.sqrt(Math.max(1, since.runs))) / since.days;
  const text = `${rounded(perDay)} runs a day; ${rounded(predicted.p10)} to ${rounded(predicted.p90)} was predicted`;
  const few = perDay + noise < predicted.p10 * (1 - DAY_TO_DAY);
  const many = perDay - noise > predicted.p90 * (1 + DAY_TO_DAY);
  if (few) return { worse: true, text: `${text}: there is less traffic, or wanted events do not arrive` };
  return { worse: false, text: many ? `${text}: there is more traffic, or it takes less effect than was predicted` : text };
}

const rounded = (value: number): string => (value >= 10 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(2));
