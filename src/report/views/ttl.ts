/** Retention advice -> its JSON document, its table, and all that is known of one store. */
import type { Interval } from "../../model/plan.ts";
import type { Floor, Retention, RetentionAdvice, TtlCandidate } from "../../model/retention.ts";
import type { Usd } from "../../model/units.ts";
import { humanBytes, humanCount, humanPercent, humanUsd, plural } from "../formats/values.ts";
import type { Report, Section } from "../report.ts";
import { isoTime } from "./time.ts";

/** One store in `ttl --format json`. */
interface TtlStore extends Omit<RetentionAdvice, "sample"> {
  verdict: "change" | "keep";
  sample: { items: number; at: string | null; from: "scan" | "stream" | "file" } | null;
}

/** `ttl --format json`; its shape is `schemas/ttl.schema.json`. */
export interface TtlDocument {
  schemaVersion: 1;
  from: string | null;
  to: string | null;
  /** Date of the price table. */
  pricesAsOf: string;
  currency: "USD";
  floors: Floor[];
  stores: TtlStore[];
  /** Over all stores, also those that are not listed; money over those whose cost is known. */
  totals: { stores: number; proposed: number; costUnknown: number; storageUsdPerMonth: Usd; savingUsdPerMonth: Usd };
  /** Changes that save less than `--min-saving`, and what they would save together. */
  tooSmall: { stores: number; savingUsdPerMonth: Usd };
}

/** `top`: how many stores are listed; null: all. */
export function ttlDocument({ stores, floors, tooSmall, from, to, pricesAsOf }: Retention, top: number | null): TtlDocument {
  const proposed = stores.filter(isProposed);
  return {
    schemaVersion: 1,
    from: isoTime(from),
    to: isoTime(to),
    pricesAsOf,
    currency: "USD",
    floors,
    stores: stores.slice(0, top ?? undefined).map((one) => ({
      ...one,
      verdict: isProposed(one) ? "change" : "keep",
      sample: one.sample === null ? null : { ...one.sample, at: isoTime(one.sample.at) },
    })),
    totals: {
      stores: stores.length,
      proposed: proposed.length,
      costUnknown: stores.filter((one) => one.storageUsdPerMonth === null).length,
      storageUsdPerMonth: stores.reduce((sum, one) => sum + (one.storageUsdPerMonth ?? 0), 0),
      savingUsdPerMonth: proposed.reduce((sum, one) => sum + (one.savingUsdPerMonth?.p50 ?? 0), 0),
    },
    tooSmall,
  };
}

function isProposed({ proposals }: RetentionAdvice): boolean {
  return proposals.length > 0;
}

/** Stores, dearest first. */
export function ttlView(retention: Retention, top: number | null): Report {
  const shown = retention.stores.slice(0, top ?? undefined);
  const several = (key: "account" | "region"): boolean => new Set(retention.stores.map((one) => one[key])).size > 1;
  return {
    schemaVersion: 1,
    title: "What is kept",
    sections: [
      {
        title: "What is kept",
        columns: [
          { key: "name", label: "store", type: "id" },
          { key: "store", label: "kind", type: "text" },
          { key: "sizeBytes", label: "size", type: "bytes" },
          { key: "growthBytes", label: "growth per month", type: "bytes", optional: true },
          { key: "storageUsd", label: "cost per month", type: "usd" },
          { key: "current", label: "kept now", type: "text" },
          { key: "proposed", label: "proposed", type: "text" },
          { key: "atOnce", label: "gone at once", type: "text", optional: true },
          { key: "savingUsd", label: "saving per month", type: "usd" },
          { key: "savingUsdP10", label: "P10", type: "usd", optional: true, group: "interval" },
          { key: "savingUsdP90", label: "P90", type: "usd", optional: true, group: "interval" },
          { key: "danger", label: "danger", type: "text" },
          { key: "why", label: "why not", type: "text", below: true },
          ...(["account", "region"] as const).filter(several).map((key) => ({ key, label: key, type: "text", optional: true }) as const),
        ],
        rows: shown.map((one) => ({
          name: one.name,
          store: one.store,
          sizeBytes: one.sizeBytes,
          growthBytes: one.growthBytesPerMonth?.p50 ?? null,
          storageUsd: one.storageUsdPerMonth,
          current: one.current,
          proposed: one.proposed ?? "-",
          atOnce: atOnceText(one),
          savingUsd: isProposed(one) ? (one.savingUsdPerMonth?.p50 ?? null) : "-",
          savingUsdP10: isProposed(one) ? (one.savingUsdPerMonth?.p10 ?? null) : "-",
          savingUsdP90: isProposed(one) ? (one.savingUsdPerMonth?.p90 ?? null) : "-",
          danger: isProposed(one) ? one.danger : "-",
          why: one.refusal ?? "",
          account: one.account,
          region: one.region,
        })),
        notes: notesOf(retention, shown),
      },
    ],
  };
}

/** Of the attribute that is proposed. */
function atOnceText(one: RetentionAdvice): string {
  if (!isProposed(one)) return "-";
  const chosen = one.candidates.find((candidate) => candidate.unfit === null && candidate.goAtOnce !== null);
  return chosen === undefined ? "unknown" : `${humanCount(Math.round(chosen.goAtOnce!.items.p50))} items`;
}

function notesOf(retention: Retention, shown: readonly RetentionAdvice[]): string[] {
  const { totals } = ttlDocument(retention, 0);
  const notes = [];
  if (shown.length < totals.stores) notes.push(`${humanCount(totals.stores - shown.length)} more; --top N lists more.`);
  if (totals.stores === 0)
    return ["No table, container or log group is known: evscope collect reads what there is, evscope import what its description says."];
  const saving = totals.proposed === 0 ? "" : `, ${humanUsd(totals.savingUsdPerMonth)} less per month`;
  notes.push(`${costText(totals)}: ${totals.proposed} to change${saving}.`);
  const { tooSmall } = retention;
  if (tooSmall.stores > 0)
    notes.push(
      `${plural(tooSmall.stores, "change")} would save ${humanUsd(tooSmall.savingUsdPerMonth)} together, each less than --min-saving.`,
    );
  if (shown.some((one) => one.store === "cloudwatch-logs" && one.storageUsdPerMonth !== null))
    notes.push(
      "Log groups are costed as AWS's calculator does, at 0.15 of their stored bytes (assumed: no page says whether those are compressed).",
    );
  for (const one of shown.filter(isProposed).slice(0, MOST_EFFECTS))
    for (const effect of one.effects) notes.push(`  ${one.name}: ${effect}`);
  const silent = shown.filter((one) => !isProposed(one) && one.effects.length > 0);
  for (const one of silent.slice(0, MOST_EFFECTS)) for (const effect of one.effects) notes.push(`  ${one.name}: ${effect}`);
  notes.push("How old what is read is, no log says: nothing here shows that old items are not read.");
  notes.push(`List prices of ${retention.pricesAsOf}, without free tier, discounts or tax.`);
  return notes;
}

/** Unknown costs are not added up as 0. */
function costText({ stores, costUnknown, storageUsdPerMonth }: TtlDocument["totals"]): string {
  const known = stores - costUnknown;
  if (known === 0) return `${plural(stores, "store")}, of unknown cost`;
  const unknown = costUnknown === 0 ? "" : `, ${humanCount(costUnknown)} of unknown cost`;
  return `${plural(known, "store")} for ${humanUsd(storageUsdPerMonth)} per month${unknown}`;
}

const MOST_EFFECTS = 8;

/** Everything about one store: facts, and the attributes of its items. */
export function ttlExplained(retention: Retention): Report {
  return { schemaVersion: 1, title: "What is kept", sections: retention.stores.flatMap((one) => [factsOf(one), ...candidatesOf(one)]) };
}

function factsOf(one: RetentionAdvice): Section {
  const facts: [string, string][] = [
    ["kind", one.store],
    ["kept now", one.current ?? "unknown"],
    ["size", one.sizeBytes === null ? "unknown" : humanBytes(one.sizeBytes)],
    ["items", one.items === null ? "unknown" : humanCount(one.items)],
    ["growth per month", growthText(one)],
    ["storage per month", one.storageUsdPerMonth === null ? "unknown" : humanUsd(one.storageUsdPerMonth)],
    ["ingestion per month", one.ingestUsdPerMonth === null ? "unknown" : humanUsd(one.ingestUsdPerMonth)],
    ["oldest read", one.oldestReadAgeD === null ? "unknown: no log says how old what is read is" : `${one.oldestReadAgeD} days`],
    ["proposed", one.proposed ?? "nothing"],
    ["saving per month", one.savingUsdPerMonth === null ? "unknown" : usdInterval(one.savingUsdPerMonth)],
    ["danger", one.danger],
  ];
  const first = one.proposals.flatMap((proposal) => proposal.first).map((text) => `First: ${text}.`);
  return {
    title: one.name,
    columns: [
      { key: "what", label: "", type: "text" },
      { key: "value", label: "", type: "text" },
    ],
    rows: facts.map(([what, value]) => ({ what, value })),
    notes: [...(one.refusal === null ? [] : [sentence(one.refusal)]), ...one.effects.map(sentence), ...first],
  };
}

function growthText({ growthBytesPerMonth, growthFrom }: RetentionAdvice): string {
  if (growthBytesPerMonth === null || growthFrom === null) return "unknown";
  const by = { metric: "by the metric of what comes in", sizes: "by two sizes that were read", lifetime: "its size over its age" }[
    growthFrom
  ];
  return `${growthBytesPerMonth.p50 < 0 ? "-" : ""}${humanBytes(Math.abs(growthBytesPerMonth.p50))} (${by})`;
}

function candidatesOf({ candidates, sample }: RetentionAdvice): Section[] {
  if (candidates.length === 0) return [];
  return [
    {
      title: `Attributes that are times, in ${plural(sample!.items, "item")}`,
      columns: [
        { key: "attribute", label: "attribute", type: "id" },
        { key: "form", label: "form", type: "text" },
        { key: "share", label: "have it", type: "percent" },
        { key: "past", label: "past", type: "percent" },
        { key: "atOnce", label: "gone at once", type: "text" },
        { key: "leastLife", label: "least life", type: "text", optional: true },
        { key: "unfit", label: "why not", type: "text", below: true },
      ],
      rows: candidates.map((one) => ({
        attribute: one.attribute,
        form: one.form,
        share: one.share,
        past: one.pastShare,
        atOnce: goneText(one),
        leastLife: one.leastLifeD === null ? "unknown" : `${one.leastLifeD.toFixed(1)} d`,
        unfit: one.unfit ?? "",
      })),
      notes: [],
    },
  ];
}

function goneText({ goAtOnce, unfit, pastShare }: TtlCandidate): string {
  if (goAtOnce === null) return unfit === null ? `${humanPercent(pastShare)} of the sample` : "-";
  const { p10, p50, p90 } = goAtOnce.items;
  return `${humanCount(Math.round(p50))} (${humanCount(Math.round(p10))} to ${humanCount(Math.round(p90))})`;
}

function usdInterval({ p10, p50, p90 }: Interval): string {
  return `${humanUsd(p50)} (${humanUsd(p10)} to ${humanUsd(p90)})`;
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
