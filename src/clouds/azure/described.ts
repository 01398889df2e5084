/** What is kept of a resource's description. */
import type { Config, Json } from "../../model/records.ts";

export type Described = Pick<Config, "kind" | "name" | "from" | "to" | "revision" | "settings">;

/** Settings without those that the description does not have. */
export function said(settings: { [key: string]: Json | undefined }): Config["settings"] {
  return Object.fromEntries(
    Object.entries(settings).filter((entry): entry is [string, Json] => entry[1] !== null && entry[1] !== undefined),
  );
}
