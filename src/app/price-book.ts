/** The price tables of the rooms, with the user's own prices over them. */
import { type Document, LineCounter, parseDocument } from "yaml";
import * as z from "zod";
import type { FoundPrice, Price, PriceBook } from "../model/billing.ts";
import { UserError } from "../model/errors.ts";
import type { Cloud } from "../model/records.ts";

/** A file of prices, YAML or JSON: `prices: [{cloud, meter, variant, region, usd, per}]`. */
export interface PriceFile {
  /** For messages. */
  path: string;
  text: string;
}

export type PriceTables = { readonly [cloud in Cloud]?: readonly Price[] };

const OwnPrice = z.strictObject({
  cloud: z.enum(["aws", "azure", "gcp"]),
  meter: z.string().min(1),
  variant: z.string().default(""),
  /** Left out: every region. */
  region: z.string().min(1).optional(),
  usd: z.number().finite().nonnegative(),
  /** Units of the meter that `usd` pays for. */
  per: z.number().finite().positive(),
});
const OwnPrices = z.strictObject({ prices: z.array(OwnPrice) });
type OwnPrice = z.infer<typeof OwnPrice>;

interface Placed extends OwnPrice {
  source: string;
}

/**
 * Looks prices up: the user's price for the region, then his price for all regions, then the table. A table price is "modelled" in a
 * region that its list names and "assumed" (at the price of the home region, and said so in `source`) in any other or unknown one.
 * `asOf` is the date of the oldest table. Throws UserError with line and column where the file is not valid or names an unknown meter.
 */
export function priceBook(tables: PriceTables, file: PriceFile | null = null): PriceBook {
  const own = file === null ? [] : readOwn(file, tables);
  const dates = Object.values(tables)
    .flat()
    .map((price) => price.asOf)
    .sort();
  return {
    asOf: dates[0] ?? "unknown",
    find(cloud, meter, variant, region) {
      const mine = own.filter((price) => price.cloud === cloud && price.meter === meter && price.variant === variant);
      const chosen = mine.findLast((price) => price.region === region) ?? mine.findLast((price) => price.region === undefined);
      if (chosen) return { usdPerUnit: chosen.usd / chosen.per, basis: "modelled", source: chosen.source };
      if (region !== null && billedInYuan(region)) return null;
      const listed = tables[cloud]?.find((price) => price.meter === meter && price.variant === variant);
      if (listed === undefined) return null;
      const { usd, per, regions, source } = listed;
      const found = (factor: number, basis: FoundPrice["basis"], where: string): FoundPrice => ({
        usdPerUnit: (usd * factor) / per,
        basis,
        source: where,
        ...(listed.tiers === undefined
          ? {}
          : { tiers: listed.tiers.map((tier) => ({ above: tier.above * per, usdPerUnit: (tier.usd * factor) / per })) }),
      });
      const factor = region === null || !Object.hasOwn(regions, region) ? null : regions[region]!;
      if (factor !== null) return found(factor, "modelled", source);
      const where = region === null ? "region not known" : `no price for ${region}`;
      return found(1, "assumed", `${source}; ${where}: the listed price is assumed`);
    },
  };
}

/** Regions of China are billed in CNY by their own operators (AWS: Sinnet, NWCD; Azure: 21Vianet): a list price in USD says nothing there. */
function billedInYuan(region: string): boolean {
  return /^(cn-|china)/.test(region);
}

/** The document as plain values; an alias that refers to nothing, or to too much, is an error of the file. */
function valuesOf(document: Document, fail: (offset: number, message: string) => never): unknown {
  try {
    return document.toJS();
  } catch (error) {
    return fail(0, error instanceof Error ? error.message : "not readable");
  }
}

function readOwn({ path, text }: PriceFile, tables: PriceTables): Placed[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const fail = (offset: number, message: string, suggestions: string[] = []): never => {
    const at = lines.linePos(offset);
    throw new UserError(`${path}:${at.line}:${at.col}: ${message}`, { suggestions });
  };
  const offsetOf = (keys: readonly PropertyKey[]): number => {
    for (let n = keys.length; n >= 0; n--) {
      const node = n === 0 ? document.contents : document.getIn(keys.slice(0, n) as (string | number)[], true);
      const range = (node as { range?: [number, number, number] } | null | undefined)?.range;
      if (range) return range[0];
    }
    return 0;
  };
  const syntax = document.errors[0];
  if (syntax) fail(syntax.pos[0], `not valid YAML or JSON: ${syntax.message.split("\n")[0]}`);
  const parsed = OwnPrices.safeParse(valuesOf(document, fail) ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const keys = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]!] : issue.path;
    return fail(offsetOf(keys), `${keys.join(".") || "the file"}: ${issue.message}`, [
      "a price file holds prices: [{cloud, meter, variant, region, usd, per}]; region may be left out",
    ]);
  }
  return parsed.data.prices.map((price, i) => {
    const table = tables[price.cloud] ?? [];
    if (!table.some((p) => p.meter === price.meter)) {
      fail(offsetOf(["prices", i, "meter"]), `prices.${i}.meter: ${price.cloud} has no meter "${price.meter}"`, [
        `meters of ${price.cloud}: ${[...new Set(table.map((p) => p.meter))].sort().join(", ")}`,
      ]);
    }
    if (!table.some((p) => p.meter === price.meter && p.variant === price.variant)) {
      const variants = table.filter((p) => p.meter === price.meter).map((p) => `"${p.variant}"`);
      fail(offsetOf(["prices", i, "variant"]), `prices.${i}.variant: ${price.meter} has no variant "${price.variant}"`, [
        `variants of ${price.meter}: ${variants.join(", ")}`,
      ]);
    }
    return { ...price, source: `${path}:${lines.linePos(offsetOf(["prices", i])).line}` };
  });
}
