/** The function that a name means, in the targets of a probe. */
import { existsSync } from "node:fs";
import { CallError } from "../../clouds/kit/call-error.ts";
import type { LiveSession, Prober } from "../../clouds/room.ts";
import { EXIT, UserError } from "../../model/errors.ts";
import type { LiveResource, ResourceRef } from "../../model/plan.ts";
import { openDataset } from "../../store/index.ts";
import { nameOf } from "../targets.ts";

/** A session to a cloud that can probe. */
export type ProbingSession = LiveSession & { readonly prober: Prober };

/** Most names that are suggested. */
const MOST_NAMES = 3;

/**
 * The only function of this name in all targets, as it is now. Throws UserError: there is none (near names that the dataset knows are suggested), there
 * are several, or it cannot be read.
 */
export async function found(
  sessions: readonly ProbingSession[],
  fn: string,
  dataDir: string,
): Promise<{ session: ProbingSession; live: LiveResource }> {
  const results = await Promise.allSettled(sessions.map((session) => session.applier.read(refOf(session, fn))));
  const there = results.flatMap((one, i) => (one.status === "fulfilled" ? [{ session: sessions[i]!, live: one.value }] : []));
  if (there.length === 1) return there[0]!;
  if (there.length > 1)
    throw new UserError(`${fn} is in ${there.map(({ session }) => nameOf(session.target)).join(" and in ")}`, {
      suggestions: ["name one of them with --account or --region"],
    });
  const failures = results.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const failure = failures.find((one) => !isAbsent(one));
  if (failure !== undefined) throw failure;
  const near = nearNames(fn, await knownNames(dataDir));
  throw new UserError(`there is no function ${fn} in ${sessions.map(({ target }) => nameOf(target)).join(" or ")}`, {
    exitCode: EXIT.usage,
    suggestions: [...near.map((name) => `did you mean ${name}?`), "name another --account, --profile or --region"],
    cause: failures[0],
  });
}

function isAbsent(error: unknown): boolean {
  return error instanceof UserError && error.cause instanceof CallError && error.cause.kind === "not-found";
}

/** Functions that the dataset knows by their descriptions. */
async function knownNames(dataDir: string): Promise<string[]> {
  if (!existsSync(dataDir)) return [];
  try {
    const dataset = await openDataset(dataDir);
    try {
      const configs = await dataset.configs();
      return configs.filter((one) => one.cloud === "aws" && one.kind === "function").map((one) => one.name);
    } finally {
      await dataset.close();
    }
  } catch (error) {
    // without a dataset there is nothing to suggest
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** Names that hold the given one, or are held by it, or differ by no more than a quarter of its letters; the nearest first. */
export function nearNames(given: string, names: readonly string[]): string[] {
  const wanted = given.toLowerCase();
  const apart = (name: string): number => {
    const other = name.toLowerCase();
    const isPart = Math.min(other.length, wanted.length) >= 3 && (other.includes(wanted) || wanted.includes(other));
    return isPart ? 1 : editDistance(wanted, other);
  };
  return [...new Set(names)]
    .map((name) => ({ name, distance: apart(name) }))
    .filter(({ distance }) => distance <= Math.max(1, wanted.length / 4))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, MOST_NAMES)
    .map(({ name }) => name);
}

/** Letters to put in, take out or change (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (letter === b[j] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

function refOf({ account, target: { cloud, region } }: LiveSession, fn: string): ResourceRef {
  const partition = region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  return {
    cloud,
    account,
    region,
    kind: "lambda.function",
    resource: `arn:${partition}:lambda:${region}:${account}:function:${fn}`,
    name: fn,
  };
}
