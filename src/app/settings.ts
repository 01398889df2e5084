/** evscope.yaml: what the user sets once. Errors name the file, line and column. */
import { dirname, join, resolve } from "node:path";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import * as z from "zod";
import type { Signal, Target } from "../clouds/room.ts";
import { UserError } from "../model/errors.ts";
import type { OutcomeWords } from "../model/filters.ts";
import { idKeys, type IdKeys } from "../model/id-keys.ts";
import type { Floor } from "../model/retention.ts";
import type { Ms, Usd } from "../model/units.ts";
import { secretIn, SettingsFile } from "./settings-file.ts";
import { readText } from "./text-file.ts";
import { daysOf, spanMs } from "./window.ts";

export interface Settings {
  /** Field names that carry correlation IDs, in addition to the default ones. */
  correlationKeys: readonly string[];
  keys: IdKeys;
  /** Absolute path; null: built-in prices only. */
  pricesFile: string | null;
  /** How functions say what they do with an event, besides the usual words. */
  outcomeWords: OutcomeWords;
  /** How long what must be kept, as the file says. Left out: it says nothing. */
  floors?: readonly Floor[];
  live: LiveSettings;
}

/** What the file says about live clouds, defaults filled in. Flags and environment come over it in `targets.ts`. */
export interface LiveSettings {
  windowMs: Ms;
  /** The newest time that is not collected yet: logs and metrics arrive late, and a window once held is not read again. */
  settleMs: Ms;
  maxQueryUsd: Usd;
  signals: readonly Signal[];
  logs: "platform" | "all";
  paces: Readonly<Record<Target["cloud"], Pace>>;
  accounts: readonly AccountSettings[];
}

/** How fast and how patiently one cloud is asked. */
export interface Pace {
  /** Most requests per second to one API family; null: the service's own quotas. */
  requestsPerS: number | null;
  requestTimeoutMs: Ms;
  /** How long one call is tried again before it counts as failed. */
  patienceMs: Ms;
}

/** One AWS account, Azure subscription or Google Cloud project of the file: a target for each of `regions` (AWS), or one for all of them. */
export type AccountSettings = Omit<Target, "region" | "regions"> & { regions: readonly string[] };

const ALL_SIGNALS: readonly Signal[] = ["logs", "metrics", "traces", "histories"];
const DAY_MS = 86_400_000;

/**
 * Reads `path`, or evscope.yaml in `cwd` when `path` is null. No file: the defaults.
 * Throws UserError when the file is missing (and was named) or not valid.
 */
export function loadSettings(path: string | null, cwd: string): Settings {
  const file = resolve(cwd, path ?? "evscope.yaml");
  const text = readText(file);
  if (text === null) {
    if (path !== null) throw new UserError(`no configuration file at ${path}`);
    return toSettings({}, cwd);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) {
    const at = lines.linePos(broken.pos[0]);
    throw new UserError(`${file}:${at.line}:${at.col}: not valid YAML: ${broken.message.split("\n")[0]}`);
  }
  const place = (keys: readonly PropertyKey[]): string => {
    const at = lines.linePos(offsetOf(document, keys as (string | number)[]));
    return `${file}:${at.line}:${at.col}: ${keys.join(".") || "the file"}`;
  };
  const values = valuesOf(document, file) ?? {};
  const secret = secretIn(values);
  if (secret !== null) {
    throw new UserError(`${place(secret)}: looks like a credential, and this file is no place for one`, {
      suggestions: [
        "remove it and make it void if the file was shared",
        "log in with the cloud's own tool (aws sso login, az login, gcloud auth application-default login), or name a profile or role: aws.accounts[].profile, roleArn; gcp.projects[].impersonate",
      ],
    });
  }
  const parsed = SettingsFile.safeParse(values);
  if (parsed.success) return toSettings(parsed.data, dirname(file));
  // a name that is mistyped is also one that is missing: the former says more
  const issue = parsed.error.issues.find((one) => one.code === "unrecognized_keys") ?? parsed.error.issues[0]!;
  const keys = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]!] : issue.path;
  const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  throw new UserError(`${place(keys)}: ${missing ? "is missing" : issue.message}`, { suggestions: [knownKeys(keys)] });
}

/** Where a key stands in the text; of one that is missing, where its parent does. */
function offsetOf(document: Document, keys: readonly (string | number)[]): number {
  for (let depth = keys.length; depth > 0; depth--) {
    const node = document.getIn(keys.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

/** What may stand where the wrong key is. */
function knownKeys(keys: readonly PropertyKey[]): string {
  let shape: z.ZodType = SettingsFile;
  const path: string[] = [];
  let object: z.ZodType = shape;
  let named = 0;
  for (const key of keys) {
    const next =
      inner(shape) instanceof z.ZodArray ? (inner(shape) as z.ZodArray).element : (inner(shape) as z.ZodObject).shape?.[String(key)];
    if (next === undefined || !(inner(next as z.ZodType) instanceof z.ZodObject || inner(next as z.ZodType) instanceof z.ZodArray)) break;
    shape = next as z.ZodType;
    path.push(String(key));
    if (!(inner(shape) instanceof z.ZodObject)) continue;
    object = inner(shape);
    named = path.length;
  }
  const names = object instanceof z.ZodObject ? Object.keys(object.shape) : [];
  return `known settings${named > 0 ? ` of ${path.slice(0, named).join(".")}` : ""}: ${names.join(", ")}`;
}

/** A shape without "may be left out". */
function inner(shape: z.ZodType): z.ZodType {
  return shape instanceof z.ZodOptional || shape instanceof z.ZodNullable ? inner(shape.unwrap() as z.ZodType) : shape;
}

/** An alias that refers to nothing, or to too much, is an error of the file. */
function valuesOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new UserError(`${file}: not valid YAML: ${error instanceof Error ? error.message : "not readable"}`);
  }
}

function toSettings(file: SettingsFile, folder: string): Settings {
  const correlationKeys = file.correlation?.keys ?? [];
  return {
    correlationKeys,
    keys: idKeys(correlationKeys),
    pricesFile: file.prices ? join(folder, file.prices) : null,
    floors: (file.retention?.floors ?? []).map((one) => ({ pattern: one.name, days: daysOf(one.keep), from: "retention.floors" })),
    outcomeWords: outcomeWordsOf(file.filters ?? {}),
    live: {
      windowMs: spanMs(file.window ?? "14d") ?? 14 * DAY_MS,
      settleMs: spanMs(file.settle ?? "2m") ?? 120_000,
      maxQueryUsd: file.maxQueryUsd ?? 1,
      signals: file.signals ?? ALL_SIGNALS,
      logs: file.logs ?? "platform",
      paces: { aws: paceOf(file.aws), azure: paceOf(file.azure), gcp: paceOf(file.gcp) },
      accounts: [
        ...(file.aws?.accounts ?? []).map((one) => accountOf("aws", one.account ?? null, one)),
        ...(file.azure?.subscriptions ?? []).map((one) => ({
          ...accountOf("azure", one.subscription.toLowerCase(), one),
          azure: { cloud: one.cloud ?? "public", tenant: one.tenant ?? null, workspaces: one.workspaces ?? [] },
        })),
        ...(file.gcp?.projects ?? []).map((one) => ({
          ...accountOf("gcp", one.project, one),
          gcp: { impersonate: one.impersonate ?? null },
        })),
      ],
    },
  };
}

function outcomeWordsOf({ markers, results }: NonNullable<SettingsFile["filters"]>): OutcomeWords {
  const expressions = (texts: readonly string[] | null | undefined): RegExp[] => (texts ?? []).map((text) => new RegExp(text, "i"));
  const fields = (texts: readonly string[] | null | undefined): OutcomeWords["wantedResults"] =>
    (texts ?? []).map((text) => ({ field: text.slice(0, text.indexOf("=")), value: text.slice(text.indexOf("=") + 1) }));
  return {
    discarded: expressions(markers?.discarded),
    wanted: expressions(markers?.wanted),
    discardedResults: fields(results?.discarded),
    wantedResults: fields(results?.wanted),
  };
}

function paceOf(section: SettingsFile["aws"] | SettingsFile["azure"] | SettingsFile["gcp"]): Pace {
  return {
    requestsPerS: section?.requestsPerSecond ?? null,
    requestTimeoutMs: spanMs(section?.requestTimeout ?? "10s") ?? 10_000,
    patienceMs: spanMs(section?.retryFor ?? "60s") ?? 60_000,
  };
}

/** What accounts of every cloud have in common; null and left out: not said. */
interface Written {
  name: string;
  profile?: string | null | undefined;
  roleArn?: string | null | undefined;
  externalId?: string | null | undefined;
  regions?: readonly string[] | null | undefined;
  endpoints?: { readonly [name: string]: string | null | undefined } | null | undefined;
  functions?:
    | { names?: readonly string[] | null | undefined; tags?: Readonly<Record<string, string>> | null | undefined }
    | null
    | undefined;
}

function accountOf(cloud: Target["cloud"], account: string | null, one: Written): AccountSettings {
  const endpoints = Object.entries(one.endpoints ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return {
    cloud,
    name: one.name,
    account,
    profile: one.profile ?? null,
    roleArn: one.roleArn ?? null,
    externalId: one.externalId ?? null,
    regions: (one.regions ?? []).map((region) => (cloud === "aws" ? region : region.toLowerCase())),
    functions: { names: one.functions?.names ?? [], tags: one.functions?.tags ?? {} },
    ...(endpoints.length === 0 ? {} : { endpoints: Object.fromEntries(endpoints) }),
  };
}
