/** What the user says must be kept, and what of it holds for a store. */
import type { Floor } from "../../model/retention.ts";

/** Whether a name fits a pattern in which `*` stands for any characters. */
export function fits(pattern: string, name: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "is").test(name);
}

/** The longest floor whose pattern fits; null: none does. */
export function floorOf(floors: readonly Floor[], name: string): Floor | null {
  const fitting = floors.filter((one) => fits(one.pattern, name));
  return fitting.reduce<Floor | null>((longest, one) => (longest === null || one.days > longest.days ? one : longest), null);
}

/** `90 days, by --keep`. */
export function floorText({ days, from }: Floor): string {
  return `${days} days, by ${from}`;
}
