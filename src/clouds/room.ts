/** The doors that every cloud has. `test/contract` runs one suite over all rooms. */
import type { Billing, Price } from "../model/billing.ts";
import type { Format } from "../model/formats.ts";
import type { Cloud } from "../model/records.ts";

/** A legal value range of one setting, with its source. */
export interface Limit {
  setting: string;
  min: number | null;
  max: number | null;
  /** Only these values are legal; null: any from min to max in `step`. */
  values: readonly number[] | null;
  step: number | null;
  unit: "mib" | "s" | "ms" | "count" | "vcpu" | "bytes" | "d";
  /** Plan or kind of resource it holds for; null: all. */
  appliesTo: string | null;
  source: string;
}

/** One cloud. The pure halves work offline; the I/O halves (collector, applier) come with the live commands. */
export interface CloudRoom {
  cloud: Cloud;
  title: string;
  /** Exported files this room recognises. */
  formats: readonly Format[];
  billing: Billing;
  prices: readonly Price[];
  limits: readonly Limit[];
}
