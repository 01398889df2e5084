/** Changes as people read them: what every view of a plan, an apply or the journal says of one. */
import type { Change } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";

/** One setting of a change, as documents show it. */
export interface SettingDocument {
  setting: string;
  before: Json;
  after: Json;
}

export function settingsOf(change: Pick<Change, "before" | "after">): SettingDocument[] {
  return Object.keys(change.after).map((setting) => ({
    setting,
    before: change.before[setting] ?? null,
    after: change.after[setting] ?? null,
  }));
}

/** The name that people know it by: a mapping has an ID only, so it is shown as `stock-writer (mapping 5a0c6c47)` where its function is known. */
export function nameText({ kind, name, expected }: Pick<Change, "kind" | "name" | "expected">): string {
  const fn = expected?.watched ?? null;
  return kind === "lambda.event-source-mapping" && fn !== null ? `${fn} (mapping ${name.split("-")[0]})` : name;
}

/** `memoryMib 1024 -> 512, alias live version 5 -> a new version`. */
export function changeText(change: Pick<Change, "before" | "after" | "alias" | "aliasVersion" | "aliasTarget">): string {
  const settings = settingsOf(change).map(({ setting, before, after }) => `${setting} ${textOf(before)} -> ${textOf(after)}`);
  const target = change.aliasTarget === null ? "a new version" : `version ${change.aliasTarget}`;
  const from = change.aliasVersion === null ? "" : ` version ${change.aliasVersion}`;
  return [...settings, ...(change.alias === null ? [] : [`alias ${change.alias}${from} -> ${target}`])].join(", ");
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
