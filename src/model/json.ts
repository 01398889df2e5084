/** Reading fields of parsed JSON whose shape is not certain: a field that is missing or of the wrong type is null, never a throw. */
import type { Json } from "./records.ts";

export type JsonObject = { [key: string]: Json };

/** True for a JSON object (not null, not an array). */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The first of these fields that is there and not null: exports spell one field in camelCase or snake_case. */
export function fieldOf(object: JsonObject, names: readonly string[]): Json | null {
  for (const name of names) {
    const value = object[name];
    if (value !== undefined && value !== null) return value;
  }
  return null;
}

/** The first of these fields that is an object. */
export function objectAt(object: JsonObject, ...names: string[]): JsonObject | null {
  for (const name of names) {
    const value = object[name];
    if (isObject(value)) return value;
  }
  return null;
}

/** The first of these fields that is an array. */
export function arrayAt(object: JsonObject, ...names: string[]): Json[] | null {
  for (const name of names) {
    const value = object[name];
    if (Array.isArray(value)) return value;
  }
  return null;
}

/** The first of these fields that holds text (not empty) or a number, as text. */
export function textAt(object: JsonObject, ...names: string[]): string | null {
  for (const name of names) {
    const value = object[name];
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number") return String(value);
  }
  return null;
}

/** Text as it is, a number as text; null: neither (never throws, as `String` of an object with an own `toString` does). */
export function textOf(value: Json | undefined): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : null;
}

/** The first of these fields that is a finite number, or text that is one (`"333"`). */
export function numberAt(object: JsonObject, ...names: string[]): number | null {
  for (const name of names) {
    const number = numberOf(object[name]);
    if (number !== null) return number;
  }
  return null;
}

/** A finite number, or text that is one; null: neither. */
export function numberOf(value: Json | undefined): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** The first of these fields that is a boolean, or the text `true` or `false`. */
export function booleanAt(object: JsonObject, ...names: string[]): boolean | null {
  for (const name of names) {
    const value = object[name];
    if (typeof value === "boolean") return value;
    if (value === "true") return true;
    if (value === "false") return false;
  }
  return null;
}
