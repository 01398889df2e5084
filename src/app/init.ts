/** `init`: what the clouds' tools on this machine know becomes a commented evscope.yaml. Asks no cloud. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { rooms } from "../clouds/index.ts";
import type { Machine, Place } from "../clouds/room.ts";
import { UserError } from "../model/errors.ts";
import { writeReport } from "../store/report-file.ts";
import type { Environment } from "./targets.ts";
import { readText } from "./text-file.ts";

/** In the order AWS, Azure, Google Cloud. */
export function findPlaces(home: string, env: Environment, platform: string): Place[] {
  const machine: Machine = { home, env, platform, read: tolerant, list: namesIn };
  return Object.values(rooms).flatMap((room) => room.discover(machine));
}

function tolerant(path: string): string | null {
  try {
    return readText(path);
  } catch {
    return null;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** `keys`: further fields of logs that carry a correlation or business ID. Every setting in it is one that evscope knows; the rest is commented. */
export function settingsText(places: readonly Place[], keys: readonly string[]): string {
  const of = (cloud: Place["cloud"]): Place[] => named(places.filter((place) => place.cloud === cloud));
  const [aws, azure, gcp] = [of("aws"), of("azure"), of("gcp")];
  return `# evscope.yaml: what evscope reads, and how. Every setting: docs/configuration.md
# Credentials are never here: they come from the clouds' own tools. Check with: evscope doctor

# How far back live commands look, and what the paid queries of one command may cost at most (US dollars).
window: 14d
maxQueryUsd: 1

# Fields of your logs that carry your correlation or business ID, besides the usual ones (correlationId, orderId, traceparent, ...).
correlation:
  keys: [${keys.map(quoted).join(", ")}]
${section("aws", "accounts", aws, awsLines, "    # - name: shop\n    #   profile: shop-prod\n    #   regions: [eu-central-1]")}${section(
    "azure",
    "subscriptions",
    azure,
    azureLines,
    "    # - name: shop\n    #   subscription: 11111111-2222-3333-4444-555555555555",
  )}${section("gcp", "projects", gcp, gcpLines, "    # - name: shop\n    #   project: shop-prod-123456")}`;
}

/** A cloud without places is left as a comment. */
function section(key: string, list: string, places: readonly Place[], lines: (place: Place) => string[], example: string): string {
  const usable = places.filter((place) => place.cloud !== "aws" || place.regions.length > 0);
  const unusable = places.filter((place) => !usable.includes(place));
  const left = unusable.map(
    (place) =>
      `    # ${plain(place.name)}: its region is not known; add "regions: [...]" and remove the #\n    # - name: ${quoted(place.name)}\n`,
  );
  if (usable.length === 0) {
    const commented = `  ${list}:\n${left.join("")}${left.length > 0 ? "" : `${example}\n`}`;
    return `\n# ${key}:\n${commented.replace(/^(?! *#)/gm, (_, at: number) => (at < commented.length ? "# " : ""))}`;
  }
  const items = usable.map((place) => {
    const [first, ...rest] = [`name: ${quoted(place.name)} # from ${plain(place.source)}`, ...lines(place)];
    return `    - ${first}\n${rest.map((line) => `      ${line}\n`).join("")}`;
  });
  return `\n${key}:\n  ${list}:\n${items.join("")}${left.join("")}`;
}

function awsLines({ profile, account, regions }: Place): string[] {
  return [
    ...(account === null ? [] : [`account: "${account}"`]),
    ...(profile === null || profile === undefined ? [] : [`profile: ${quoted(profile)}`]),
    `regions: [${regions.map(quoted).join(", ")}]`,
  ];
}

function azureLines({ account, tenant, azureCloud }: Place): string[] {
  return [`subscription: ${account}`, ...(tenant ? [`tenant: ${tenant}`] : []), ...(azureCloud ? [`cloud: ${azureCloud}`] : [])];
}

function gcpLines({ account }: Place): string[] {
  return [`project: ${quoted(account ?? "")}`];
}

/** Names that are there twice get a number. */
function named(places: readonly Place[]): Place[] {
  const seen = new Map<string, number>();
  return places.map((place) => {
    const times = (seen.get(place.name) ?? 0) + 1;
    seen.set(place.name, times);
    return times === 1 ? place : { ...place, name: `${place.name} ${times}` };
  });
}

/** A YAML scalar: plain where it can be nothing else, else in double quotes (JSON strings are YAML). */
function quoted(text: string): string {
  return /^[A-Za-z][\w.-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text.toWellFormed());
}

/** One line of a comment. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "?");
}

/** Throws UserError: the file is there and `force` was not given (exit 5), or cannot be written. */
export function writeSettings(path: string, text: string, force: boolean): void {
  if (force) return writeReport(path, text);
  if (existsSync(path)) throw alreadyThere(path);
  try {
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw alreadyThere(path);
    throw error;
  }
}

function alreadyThere(path: string): UserError {
  return new UserError(`${path} is there already, and was left as it is`, {
    exitCode: 5,
    suggestions: ["--force replaces it", "--config FILE writes another", "evscope doctor checks what it says"],
  });
}
