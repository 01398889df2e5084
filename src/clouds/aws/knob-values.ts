/** Legal values of what knobs write, held against `limits`. */
import { UserError } from "../../model/errors.ts";
import type { ResourceRef } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import { limits } from "./limits.ts";
import { obj, parsed } from "./schema.ts";

/** Throws UserError unless `value` is a whole number that the limit of this name allows. `appliesTo`: kind of source; null: any. */
export function refuseOutside(ref: ResourceRef, setting: string, value: Json, name: string, appliesTo: string | null = null): void {
  const limit = limits.find((one) => one.setting === name && one.appliesTo === appliesTo);
  if (limit === undefined) throw new UserError(`${ref.name}: ${setting} is no setting of ${appliesTo ?? "it"}`);
  const { min, max, values, source, unit } = limit;
  const fits =
    typeof value === "number" &&
    Number.isInteger(value) &&
    (values === null ? value >= (min ?? -Infinity) && value <= (max ?? Infinity) : values.includes(value));
  if (fits) return;
  const legal = values === null ? `${min} to ${max}` : values.join(", ");
  throw new UserError(`${ref.name}: ${setting} ${JSON.stringify(value)} is not legal; legal: ${legal} ${unit} (${source})`);
}

/** Throws UserError unless the text is a JSON object of no more characters than the limit of this name. What it says is judged by AWS. */
export function refuseNoPattern(ref: ResourceRef, setting: string, text: Json, limit: string): void {
  if (typeof text !== "string" || obj(parsed(text)) === null) throw new UserError(`${ref.name}: ${setting} is not a JSON object`);
  refuseOutside(ref, `length of ${setting}`, text.length, limit);
}

/** Throws UserError where a change names a setting that its kind has not. */
export function refuseUnknown(ref: ResourceRef, names: readonly string[], known: readonly string[]): void {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UserError(`evscope cannot write the setting ${unknown.join(", ")} of a ${ref.kind}`, {
      suggestions: [`settings that can be written: ${known.join(", ")}`],
    });
}
