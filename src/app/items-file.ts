/** Items of one table from a file: NDJSON (.gz too), plain or in DynamoDB's or Firestore's typed JSON. */
import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { counter, type Sampled, storeKindOf } from "../analyzer/retention/index.ts";
import { plainItem } from "../model/attribute-value.ts";
import { UserError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Config, Json } from "../model/records.ts";
import type { EpochMs } from "../model/units.ts";

export interface ItemsFile {
  path: string;
  /** Table, or collection group of Firestore. */
  table: string;
}

type Item = { [name: string]: Json };

/** The sample, by the resource that it is of. Throws UserError where the file holds no items, or nothing says which store they are of. */
export async function sampledFile(
  { path, table }: ItemsFile,
  configs: readonly Config[],
  now: EpochMs,
  signal: AbortSignal,
): Promise<[resource: string, sampled: Sampled][]> {
  if (!existsSync(path)) throw new UserError(`no file of items at ${path}`);
  const counting = counter(now);
  const raw = createReadStream(path, { signal });
  const lines = createInterface({ input: path.endsWith(".gz") ? raw.pipe(createGunzip()) : raw, crlfDelay: Infinity });
  let isFirestore = false;
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === "") continue;
    const { item, firestore } = itemOf(line, `${path}:${number}`);
    isFirestore ||= firestore;
    counting.add([item]);
  }
  const tally = counting.tally();
  if (tally.items === 0) throw new UserError(`${path} holds no items`, { suggestions: ["one JSON object per line"] });
  return [[resourceOf(table, configs, isFirestore), { tally, from: "file", at: null }]];
}

/** A line: an item, `{"Item": ...}` of a DynamoDB export, or a Firestore document with its `fields`. The text is never shown: items hold personal data. */
function itemOf(line: string, place: string): { item: Item; firestore: boolean } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new UserError(`${place}: no JSON`, { suggestions: ["one JSON object per line (NDJSON)"] });
  }
  if (!isObject(value as Json)) throw new UserError(`${place}: no item: one JSON object per line`);
  const object = value as JsonObject;
  if (isObject(object["fields"]) && typeof object["name"] === "string") return { item: plainFields(object["fields"]), firestore: true };
  const inner = isObject(object["Item"]) && Object.keys(object).length === 1 ? object["Item"] : object;
  return { item: plainItem(inner) ?? inner, firestore: false };
}

/** https://cloud.google.com/firestore/docs/reference/rest/v1/Value; a Timestamp stays as it is written, to be told from text. */
function plainFields(fields: JsonObject): Item {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const [type, held] = isObject(value) ? (Object.entries(value)[0] ?? ["", null]) : ["", null];
      if (type === "timestampValue") return [name, { timestampValue: held }];
      if (type === "integerValue" || type === "doubleValue") return [name, Number(held)];
      return [name, type === "stringValue" || type === "booleanValue" ? held : null];
    }),
  );
}

function resourceOf(table: string, configs: readonly Config[], isFirestore: boolean): string {
  const kind = isFirestore ? "firestore" : "dynamodb";
  const stores = configs.filter((one) => storeKindOf(one) === kind);
  const found = isFirestore
    ? stores.filter((one) => /\/databases\/[^/]+$/.test(one.resource))
    : stores.filter((one) => one.name === table || one.resource === table);
  if (found.length === 1) return isFirestore ? `${found[0]!.resource}/collectionGroups/${table}` : found[0]!.resource;
  const what = isFirestore ? "database of Firestore" : `table ${table}`;
  throw new UserError(
    found.length === 0 ? `no ${what} is known: evscope collect reads what there is` : `there are ${found.length} (${what})`,
    {
      suggestions: [
        found.length === 0
          ? `known: ${
              stores
                .slice(0, 8)
                .map((one) => one.name)
                .join(", ") || "none"
            }`
          : "name it by its ARN",
      ],
    },
  );
}
