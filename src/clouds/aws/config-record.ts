/** Building blocks of configuration records. */
import type { Config, Json } from "../../model/records.ts";
import { arnOf, resourceName } from "./names.ts";
import { moment, obj, type Obj, text } from "./schema.ts";

/** Where and when a description was read. */
export interface Observed {
  account: string | null;
  region: string | null;
  at: number | null;
}

/** A configuration record of this resource; null where the description does not name it. */
export function config(
  kind: Config["kind"],
  resource: string | null,
  observed: Observed,
  rest: Partial<Pick<Config, "name" | "revision" | "from" | "to">> & { settings: { [key: string]: Json | undefined } },
): Config[] {
  if (resource === null) return [];
  const arn = arnOf(resource);
  const settings: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(rest.settings))
    if (value !== null && value !== undefined && value !== "") settings[key] = value;
  return [
    {
      type: "config",
      cloud: "aws",
      account: arn?.account ?? observed.account,
      region: arn?.region ?? observed.region,
      kind,
      resource,
      name: rest.name ?? resourceName(resource) ?? resource,
      revision: rest.revision ?? null,
      observedAt: observed.at,
      from: rest.from ?? null,
      to: rest.to ?? null,
      settings,
    },
  ];
}

/** The moment of an answer, from the headers that recording tools keep; null: not kept. */
export function answeredAt(answer: Obj): number | null {
  const headers = obj(obj(answer["ResponseMetadata"])?.["HTTPHeaders"]);
  const date = text(headers?.["date"]);
  const at = date === null ? null : Date.parse(date);
  return at === null || Number.isNaN(at) ? null : moment(at);
}

/** True where a recording tool has put a placeholder (`<resource:1>`) or a reader finds no name at all. */
export function isRedacted(record: Config): boolean {
  return /<[^>]+>/.test(record.name) || /<[^>]+>/.test(record.resource);
}
