/** Checks a value against the part of JSON Schema (draft 2020-12) that `schemas/` uses; a keyword it does not know is an error of the schema. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

type Schema = { [keyword: string]: unknown };

const KNOWN = new Set(
  "$schema $id $defs $ref title description type properties required additionalProperties items enum const anyOf minimum maximum pattern".split(
    " ",
  ),
);

/** What is wrong with `value`, as `path: reason`; empty: it is valid. `name`: file in `schemas/` without `.schema.json`. */
export function schemaErrors(name: string, value: unknown): string[] {
  const path = fileURLToPath(new URL(`../../schemas/${name}.schema.json`, import.meta.url));
  const root = JSON.parse(readFileSync(path, "utf8")) as Schema;
  const errors: string[] = [];
  check(root, value, "$", root, errors);
  return errors;
}

function typeOf(value: unknown): string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  if (typeof value === "number") return Number.isInteger(value) ? ["number", "integer"] : ["number"];
  return [typeof value];
}

function check(schema: Schema, value: unknown, at: string, root: Schema, errors: string[]): void {
  for (const keyword of Object.keys(schema)) if (!KNOWN.has(keyword)) errors.push(`${at}: schema has unknown keyword ${keyword}`);
  if (typeof schema["$ref"] === "string") {
    const name = schema["$ref"].replace("#/$defs/", "");
    const target = (root["$defs"] as { [name: string]: Schema } | undefined)?.[name];
    if (target === undefined) errors.push(`${at}: schema refers to missing ${name}`);
    else check(target, value, at, root, errors);
  }
  const types = schema["type"] === undefined ? null : [schema["type"]].flat();
  if (types !== null && !typeOf(value).some((type) => types.includes(type)))
    return void errors.push(`${at}: ${typeOf(value)[0]} is not ${types.join(" or ")}`);
  if (typeof value === "number" && !Number.isFinite(value)) errors.push(`${at}: not a finite number`);
  if ("const" in schema && schema["const"] !== value) errors.push(`${at}: is not ${String(schema["const"])}`);
  if (Array.isArray(schema["enum"]) && !schema["enum"].includes(value))
    errors.push(`${at}: ${String(value)} is none of ${schema["enum"].join(", ")}`);
  if (typeof value === "number" && typeof schema["minimum"] === "number" && value < schema["minimum"])
    errors.push(`${at}: ${value} is below ${schema["minimum"]}`);
  if (typeof value === "number" && typeof schema["maximum"] === "number" && value > schema["maximum"])
    errors.push(`${at}: ${value} is above ${schema["maximum"]}`);
  if (typeof value === "string" && typeof schema["pattern"] === "string" && !new RegExp(schema["pattern"], "u").test(value))
    errors.push(`${at}: ${value} does not match`);
  if (Array.isArray(schema["anyOf"]) && !schema["anyOf"].some((one: Schema) => isValid(one, value, root)))
    errors.push(`${at}: fits none of anyOf`);
  if (Array.isArray(value) && schema["items"] !== undefined)
    for (const [i, item] of value.entries()) check(schema["items"] as Schema, item, `${at}[${i}]`, root, errors);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) checkObject(schema, value as Schema, at, root, errors);
}

function isValid(schema: Schema, value: unknown, root: Schema): boolean {
  const errors: string[] = [];
  check(schema, value, "", root, errors);
  return errors.length === 0;
}

function checkObject(schema: Schema, value: Schema, at: string, root: Schema, errors: string[]): void {
  const properties = (schema["properties"] ?? {}) as { [key: string]: Schema };
  for (const key of (schema["required"] ?? []) as string[]) if (!(key in value)) errors.push(`${at}: ${key} is missing`);
  for (const [key, item] of Object.entries(value)) {
    const own = properties[key] ?? schema["additionalProperties"];
    if (own === false) errors.push(`${at}: ${key} is not in the schema`);
    else if (typeof own === "object") check(own as Schema, item, `${at}.${key}`, root, errors);
  }
}
