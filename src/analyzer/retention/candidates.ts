/** Attributes that could carry a time to live, from a tally of sampled items. */
import type { TimeForm, TtlCandidate } from "../../model/retention.ts";
import type { Bytes } from "../../model/units.ts";
import { wilson } from "./share.ts";
import type { FormTally, Tally } from "./tally.ts";
import { meaningOf } from "./time-values.ts";

const DAY_MS = 86_400_000;
/** An attribute is worth a line if its name tells of a time, or so many of its values are times. */
const MOSTLY = 0.9;
/** Fewer items tell too little to delete others by. */
export const LEAST_ITEMS = 100;
const MOST_LISTED = 12;

/** What deletes items by this form of a value: DynamoDB's epoch seconds as a Number, Firestore's Timestamp. */
type WorkingForm = Extract<TimeForm, "epoch-seconds" | "timestamp">;

/** The whole store that the sample is of; null: not known, and then nobody can say how many would go. */
interface Whole {
  items: number | null;
  sizeBytes: Bytes | null;
}

/** Best first: fit ones, then those whose name means an end, then the commoner. */
export function candidatesIn(tally: Tally, whole: Whole, works: WorkingForm): TtlCandidate[] {
  const telling = [...tally.forms.values()].filter((one) => {
    if (one.form === "other") return meaningOf(one.attribute) === "end";
    return meaningOf(one.attribute) !== "nothing" || one.count >= MOSTLY * (tally.present.get(one.attribute) ?? 0);
  });
  return telling
    .map((one) => candidateOf(one, tally, whole, works))
    .sort((a, b) => Number(a.unfit !== null) - Number(b.unfit !== null) || Number(b.meansEnd) - Number(a.meansEnd) || b.share - a.share)
    .slice(0, MOST_LISTED);
}

function candidateOf(one: FormTally, tally: Tally, whole: Whole, works: WorkingForm): TtlCandidate {
  return {
    attribute: one.attribute,
    form: one.form,
    share: one.count / tally.items,
    pastShare: one.past / tally.items,
    // an item that names no beginning may live shorter
    leastLifeD: one.leastLifeMs === null || one.lived < one.count ? null : one.leastLifeMs / DAY_MS,
    goAtOnce: one.form === works ? atOnce(one, tally, whole) : null,
    meansEnd: meaningOf(one.attribute) === "end" || (meaningOf(one.attribute) === "nothing" && one.ahead > one.count / 2),
    unfit: unfitness(one, tally, works),
  };
}

/** By the bytes of the items as JSON, which stand for the bytes that the store counts. */
function atOnce(one: FormTally, tally: Tally, { items, sizeBytes }: Whole): TtlCandidate["goAtOnce"] {
  if (items === null || sizeBytes === null) return null;
  const { low, share, high } = wilson(one.past, tally.items, items);
  const counts = { p10: low * items, p50: share * items, p90: high * items };
  const meanBytes = tally.bytes / tally.items;
  const weight = one.past === 0 ? 1 : one.pastBytes / one.past / meanBytes;
  const each = items === 0 ? 0 : (sizeBytes / items) * weight;
  const bytes = (count: number): number => Math.min(sizeBytes, count * each);
  return { items: counts, bytes: { p10: bytes(counts.p10), p50: bytes(counts.p50), p90: bytes(counts.p90) } };
}

function unfitness({ attribute, form, count, ahead }: FormTally, tally: Tally, works: WorkingForm): string | null {
  const others = [...tally.forms.values()].filter((one) => one.attribute === attribute && one.form !== form && one.count > 0);
  if (meaningOf(attribute) === "beginning") return "its name says when an item began: as a time to live it would delete every item at once";
  if (form !== works) return WRONG_FORM[works][form]!;
  if (others.length > 0)
    return `${others.reduce((sum, one) => sum + one.count, 0)} items of the sample have it in another form (${others.map((one) => one.form).join(", ")}), and would never end`;
  if (meaningOf(attribute) !== "end")
    return ahead > count / 2
      ? "its values lie ahead, but its name does not say that an item ends then"
      : "its name does not say that an item ends then";
  return null;
}

const NO_TIME = "its values are no times (a span, an ID?): nothing would ever be deleted";
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html, https://cloud.google.com/firestore/docs/ttl */
const WRONG_FORM: { readonly [works in WorkingForm]: { readonly [form in TimeForm]?: string } } = {
  "epoch-seconds": {
    "epoch-ms": "milliseconds: DynamoDB takes them for seconds, in the year 50000 or later, and nothing is ever deleted",
    iso: "text: DynamoDB takes epoch seconds as a Number alone, and nothing is ever deleted",
    timestamp: "no Number: nothing is ever deleted",
    other: NO_TIME,
  },
  timestamp: {
    "epoch-seconds": "a number: Firestore takes a Timestamp alone, and nothing is ever deleted",
    "epoch-ms": "a number: Firestore takes a Timestamp alone, and nothing is ever deleted",
    iso: "text: Firestore takes a Timestamp alone, and nothing is ever deleted",
    other: NO_TIME,
  },
};
