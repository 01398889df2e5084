/** Items of a sample, counted as they come: nothing of them is kept but numbers. */
import type { Json } from "../../model/records.ts";
import type { TimeForm } from "../../model/retention.ts";
import type { Bytes, EpochMs, Ms } from "../../model/units.ts";
import { meaningOf, momentIn } from "./time-values.ts";

const DAY: Ms = 86_400_000;
/** DynamoDB leaves items alone whose time is older: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html */
const TOO_OLD_MS: Ms = 5 * 365.25 * DAY;
/** Attributes that are counted; items with ever new names would fill the memory. */
const MOST_ATTRIBUTES = 2_000;

/** One attribute in one form. */
export interface FormTally {
  attribute: string;
  form: TimeForm;
  count: number;
  /** Their time has passed, by less than five years. */
  past: number;
  pastBytes: Bytes;
  /** It has passed by more than five years. */
  tooOld: number;
  ahead: number;
  /** Shortest time from an item's own beginning, the latest it names, to this; null: no item says both. */
  leastLifeMs: Ms | null;
  /** Items that say both. */
  lived: number;
}

export interface Tally {
  items: number;
  bytes: Bytes;
  forms: ReadonlyMap<string, FormTally>;
  /** How many items have the attribute at all. */
  present: ReadonlyMap<string, number>;
  /** More attributes came than are counted. */
  cut: boolean;
}

interface Counter {
  add(items: readonly { [name: string]: Json }[]): void;
  tally(): Tally;
}

/** `now`: what is past. */
export function counter(now: EpochMs): Counter {
  const forms = new Map<string, FormTally>();
  const present = new Map<string, number>();
  let items = 0;
  let bytes = 0;
  let cut = false;
  const one = (item: { [name: string]: Json }): void => {
    const size = JSON.stringify(item).length;
    items += 1;
    bytes += size;
    const moments = Object.entries(item).map(([attribute, value]) => ({ attribute, ...momentIn(value) }));
    const beginnings = moments.flatMap(({ attribute, at }) => (at !== null && meaningOf(attribute) === "beginning" ? [at] : []));
    // a date of birth is a beginning by its name, and none of the item
    const began = beginnings.length === 0 ? null : Math.max(...beginnings);
    for (const { attribute, form, at } of moments) {
      if (!present.has(attribute) && present.size >= MOST_ATTRIBUTES) {
        cut = true;
        continue;
      }
      present.set(attribute, (present.get(attribute) ?? 0) + 1);
      const key = `${form} ${attribute}`;
      const tally = forms.get(key) ?? {
        attribute,
        form,
        count: 0,
        past: 0,
        pastBytes: 0,
        tooOld: 0,
        ahead: 0,
        leastLifeMs: null,
        lived: 0,
      };
      forms.set(key, tally);
      tally.count += 1;
      if (at === null) continue;
      if (at > now) tally.ahead += 1;
      else if (at < now - TOO_OLD_MS) tally.tooOld += 1;
      else {
        tally.past += 1;
        tally.pastBytes += size;
      }
      if (began === null || meaningOf(attribute) === "beginning") continue;
      tally.leastLifeMs = Math.min(tally.leastLifeMs ?? Infinity, at - began);
      tally.lived += 1;
    }
  };
  return {
    add: (page) => page.forEach(one),
    tally: () => ({ items, bytes, forms, present, cut }),
  };
}
