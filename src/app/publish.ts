/** The report as a comment of a pull request or issue: one, found by its hidden tag and updated in place. */
import type { Forge, ForgeEnvironment, ForgeName, Found, Posted } from "../forges/forge.ts";
import { ForgeError } from "../forges/http.ts";
import { factsOf, forgeOf } from "../forges/index.ts";
import type { Clock } from "../model/clock.ts";
import { UserError } from "../model/errors.ts";
import type { Host } from "../model/host.ts";
import type { Json } from "../model/records.ts";
import { fitComment } from "./fit-comment.ts";
import { readText } from "./text-file.ts";

export interface PublishOptions {
  /** null: the one whose CI this is. */
  forge: ForgeName | null;
  /** Comments of different tags do not know of each other: letters, digits, `.`, `_`, single `-`. */
  tag: string;
  /** null: the one that the CI job runs for. */
  pullRequest: number | null;
  /** An issue instead, on GitHub and GitLab. */
  issue: number | null;
  /** Ask nobody, and need no variables: the comment as it would be written. */
  dryRun: boolean;
}

export interface PublishWorld {
  host: Host;
  clock: Clock;
  signal: AbortSignal;
}

export interface Published {
  action: "created" | "updated" | "unchanged" | "dry-run";
  /** Page of the comment; null: not known, or none was written. */
  url: string | null;
  /** The comment as it was written, with its tag, cut to the forge's limit. */
  body: string;
}

const CREATE_ATTEMPTS = 3;
const PAUSE_MS = 2000;

/**
 * Writes `body` (Markdown) as the comment with this tag. Throws UserError: a tag that is none, no forge recognised (exit 2), a variable
 * missing or a token that may not (exit 3), a forge that does not answer (exit 4).
 */
export async function publishComment(
  body: string,
  options: PublishOptions,
  env: ForgeEnvironment,
  world: PublishWorld,
): Promise<Published> {
  const { tag, pullRequest, issue } = options;
  if (!/^[A-Za-z0-9](-?[A-Za-z0-9._])*$/.test(tag) || tag.length > 64) {
    throw new UserError(`${JSON.stringify(tag)} is no tag of a comment`, {
      suggestions: ["letters, digits, `.`, `_` and single `-`, up to 64"],
    });
  }
  const facts = factsOf(options.forge, env);
  const whole = `${facts.tagLine(tag)}\n\n${body}`;
  const text = fitComment(whole, facts.maxLength);
  const cut = text === whole ? null : `the comment is cut: ${facts.title} takes ${facts.maxLength} characters, and it has ${whole.length}`;
  if (cut !== null) world.host.warn(cut);
  if (options.dryRun) return { action: "dry-run", url: null, body: text };
  const forge = forgeOf(options.forge, env, { pullRequest, issue, event: eventOf(env) }, world);
  const { action, url } = await write(forge, tag, text, world);
  return { action, url, body: text };
}

/** Looks again after a creation of which nobody knows whether it took effect, so that there are not two. */
async function write(
  forge: Forge,
  tag: string,
  text: string,
  world: PublishWorld,
): Promise<{ action: Published["action"]; url: string | null }> {
  for (let attempt = 1; ; attempt++) {
    const found = await forge.find(tag);
    if (found !== null) {
      if (found.others > 0) world.host.note(severalOf(forge, tag, found));
      const made = attempt > 1 ? "created" : "unchanged";
      if (asKept(found.body) === asKept(text)) return { action: made, url: found.url };
      const { url } = await forge.update(found.id, text);
      return { action: "updated", url: url ?? found.url };
    }
    try {
      const { url }: Posted = await forge.create(text);
      return { action: "created", url };
    } catch (error) {
      if (!(error instanceof ForgeError && error.uncertain) || attempt === CREATE_ATTEMPTS) throw error;
      await world.clock.sleep(PAUSE_MS * attempt, world.signal);
    }
  }
}

const severalOf = (forge: Forge, tag: string, { others }: Found): string =>
  `${forge.title} has ${others + 1} comments with the tag ${tag}: the oldest is updated, the others are left as they are`;

/** Forges change line ends and white space at the end. */
const asKept = (text: string): string => text.replaceAll("\r\n", "\n").trimEnd();

/** What started a GitHub workflow; null: no file, or none that can be read as JSON. */
function eventOf(env: ForgeEnvironment): Json | null {
  const path = env["GITHUB_EVENT_PATH"];
  const text = path === undefined || path === "" ? null : readText(path);
  if (text === null) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
