/** evscope.yaml: what the user sets once. Errors name the file, line and column. */
import { dirname, join, resolve } from "node:path";
import { type Document, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { UserError } from "../model/errors.ts";
import { idKeys, type IdKeys } from "../model/id-keys.ts";
import { readText } from "./text-file.ts";

/** A section whose lines are all commented out reads as null: as if it were not there. */
const SettingsFile = z.strictObject({
  correlation: z
    .strictObject({
      /** Names of further fields that carry a correlation or business ID. */
      keys: z.array(z.string().min(1)).nullish(),
    })
    .nullish(),
  /** File with prices that replace the built-in ones, relative to evscope.yaml. */
  prices: z.string().min(1).nullable().default(null),
});

export interface Settings {
  /** Field names that carry correlation IDs, in addition to the default ones. */
  correlationKeys: readonly string[];
  keys: IdKeys;
  /** Absolute path; null: built-in prices only. */
  pricesFile: string | null;
}

/**
 * Reads `path`, or evscope.yaml in `cwd` when `path` is null. No file: the defaults.
 * Throws UserError when the file is missing (and was named) or not valid.
 */
export function loadSettings(path: string | null, cwd: string): Settings {
  const file = resolve(cwd, path ?? "evscope.yaml");
  const text = readText(file);
  if (text === null) {
    if (path !== null) throw new UserError(`no configuration file at ${path}`);
    return toSettings(SettingsFile.parse({}), cwd);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) {
    const at = lines.linePos(broken.pos[0]);
    throw new UserError(`${file}:${at.line}:${at.col}: not valid YAML: ${broken.message.split("\n")[0]}`);
  }
  const parsed = SettingsFile.safeParse(valuesOf(document, file) ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const unknown = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]!] : issue.path;
    const node = document.getIn(unknown as (string | number)[], true) as { range?: [number, number, number] } | undefined;
    const at = lines.linePos(node?.range?.[0] ?? 0);
    throw new UserError(`${file}:${at.line}:${at.col}: ${unknown.join(".") || "the file"}: ${issue.message}`, {
      suggestions: ["known settings: correlation.keys (a list of field names), prices (a file)"],
    });
  }
  return toSettings(parsed.data, dirname(file));
}

/** An alias that refers to nothing, or to too much, is an error of the file. */
function valuesOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new UserError(`${file}: not valid YAML: ${error instanceof Error ? error.message : "not readable"}`);
  }
}

function toSettings(file: z.infer<typeof SettingsFile>, folder: string): Settings {
  const correlationKeys = file.correlation?.keys ?? [];
  return {
    correlationKeys,
    keys: idKeys(correlationKeys),
    pricesFile: file.prices === null ? null : join(folder, file.prices),
  };
}
