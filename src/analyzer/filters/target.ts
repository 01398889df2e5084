/** What a filter would be written to, and what it would do to what does not match. */
import type { FilterGrammar } from "../../model/filters.ts";
import type { ResourceRef, Settings } from "../../model/plan.ts";
import type { WrittenKind } from "../../model/proposal.ts";
import type { Cloud, Config, Json } from "../../model/records.ts";
import type { LearnedFilter } from "./learn.ts";

/** Who gets the events, and from where. */
export interface Consumer {
  cloud: Cloud;
  fn: string;
  grammar: FilterGrammar;
  channel: string | null;
}

/** Where the filter of a consumer stands. */
export interface FilterPlace {
  target: ResourceRef & { kind: WrittenKind };
  /** The filter text that is there, as the learner takes it; null: none. */
  current: string | null;
  /** Settings as they are, and with the learned filter. */
  before: Settings;
  after(learned: LearnedFilter): Settings;
  /** Others that get their events through the same resource: functions by name, and what is no function. */
  shared: { functions: string[]; others: string[] };
  /** Where the events come from, if they do not say so themselves (a bus); left out: they do. */
  channel?: string;
  /** What to do before it is written. */
  first: string[];
}

/** The place, or in a sentence why there is none; `isManaged`: it is known, and not to be touched. */
export type FoundPlace = FilterPlace | { why: string; isManaged: boolean };

export const notFound = (why: string): FoundPlace => ({ why, isManaged: false });
export const untouchable = (why: string): FoundPlace => ({ why, isManaged: true });

/** The place in settings of a configuration record; a sentence where it does not say whose it is. */
export function placeIn(
  one: Config,
  kind: WrittenKind,
  rest: Omit<FilterPlace, "target" | "shared"> & Partial<Pick<FilterPlace, "shared">>,
): FoundPlace {
  const { cloud, account, region, resource, name } = one;
  // resources of Event Grid and Service Bus are found by their ID alone, whatever region they lie in
  const where = region ?? (cloud === "aws" ? null : "global");
  if (account === null || where === null) return notFound(`the account or region of ${name} is not known`);
  return { shared: { functions: [], others: [] }, ...rest, target: { cloud, account, region: where, kind, resource, name } };
}

/** Text of a setting; null: not there. */
export function textSetting(one: Config, name: string): string | null {
  const value = one.settings[name];
  return typeof value === "string" && value !== "" ? value : null;
}

/** Strings of a setting that is a list. */
export function listSetting(one: Config, name: string): string[] {
  const value: Json | undefined = one.settings[name];
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];
}

/** Last part of an ARN, a resource ID or a path. */
export const lastPart = (name: string): string => name.split(/[/:]/).at(-1)!;
