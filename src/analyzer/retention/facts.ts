/** What retention advice is made from. */
import type { PriceBook } from "../../model/billing.ts";
import type { Cloud, Config } from "../../model/records.ts";
import type { DailySum, Floor, LevelRead, Retention, RetentionAdvice, SizeSeen, StoreKind } from "../../model/retention.ts";
import type { EpochMs, Usd } from "../../model/units.ts";
import type { Tally } from "./tally.ts";

/** A sample of the items of one store. */
export interface Sampled {
  tally: Tally;
  from: "scan" | "stream" | "file";
  /** When it was taken; null: not known. */
  at: EpochMs | null;
}

export interface RetentionFacts {
  configs: readonly Config[];
  /** What came into logs and stores, per day. */
  daily: readonly DailySum[];
  /** Sizes and counts by metrics. */
  levels: readonly LevelRead[];
  /** Sizes that were read before. */
  sizes: readonly SizeSeen[];
  /** By the resource of the store. */
  samples: ReadonlyMap<string, Sampled>;
  /** What a run of a function costs on average; null: not known. */
  runUsd: (cloud: Cloud, fn: string) => Usd | null;
  floors: readonly Floor[];
  /** Legal retentions of CloudWatch log groups in days, ascending. */
  legalRetentionsD: readonly number[];
  /** Only stores of these kinds and names; null: all. */
  kinds: readonly StoreKind[] | null;
  names: ((name: string) => boolean) | null;
  /** A change that is known to save less is not worth it. */
  minSavingUsdPerMonth: Usd;
  now: EpochMs;
  from: Retention["from"];
  to: Retention["to"];
  prices: PriceBook;
}

/** All facts of one store beside its description. */
export interface StoreFacts extends RetentionFacts {
  config: Config;
  /** The longest floor that holds for it; null: the user names none. */
  floor: Floor | null;
}

/** Advice before anything is known but whose it is. */
export function blank({ config }: Pick<StoreFacts, "config">, store: StoreKind): RetentionAdvice {
  return {
    cloud: config.cloud,
    account: config.account,
    region: config.region,
    store,
    name: config.name,
    target: null,
    current: null,
    proposed: null,
    sizeBytes: null,
    items: null,
    growthBytesPerMonth: null,
    growthFrom: null,
    storageUsdPerMonth: null,
    ingestUsdPerMonth: null,
    oldestReadAgeD: null,
    candidates: [],
    sample: null,
    savingUsdPerMonth: null,
    effects: [],
    refusal: null,
    danger: "none",
    proposals: [],
  };
}

/** A setting of a description. */
export function numberIn(config: Config, name: string): number | null {
  const value = config.settings[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function textIn(config: Config, name: string): string | null {
  const value = config.settings[name];
  return typeof value === "string" && value !== "" ? value : null;
}

/** USD for so many units of a meter (bytes kept for a month, operations); null: the quantity or the price is not known. */
export function usdFor({ prices, config }: StoreFacts, meter: string, variant: string, quantity: number | null): Usd | null {
  const price = quantity === null ? null : prices.find(config.cloud, meter, variant, config.region);
  return price === null ? null : quantity! * price.usdPerUnit;
}
