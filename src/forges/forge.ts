/** The door of every forge: one comment, found by a hidden tag, written once and then updated in place. */
import type { Clock } from "../model/clock.ts";
import { EXIT, UserError } from "../model/errors.ts";
import type { Json } from "../model/records.ts";

export type ForgeName = "github" | "gitlab" | "azure-repos" | "bitbucket";

/** Environment variables, given by the caller: nothing here reads the process's own. */
export interface ForgeEnvironment {
  readonly [name: string]: string | undefined;
}

/** What is known of a forge without asking it. */
export interface ForgeFacts {
  readonly name: ForgeName;
  readonly title: string;
  /** Characters of a comment, in UTF-16 units (never fewer than what a forge counts). */
  readonly maxLength: number;
  /** First line of our comments, which readers do not see. */
  tagLine(tag: string): string;
}

export interface Posted {
  id: string;
  /** Page of the comment; null: the forge does not say. */
  url: string | null;
}

export interface Found extends Posted {
  body: string;
  /** Younger comments of ours with the same tag. They are left alone. */
  others: number;
}

/** All methods throw ForgeError; `create` may leave behind what it says it could not write (`uncertain`). */
export interface Forge extends ForgeFacts {
  /** The oldest comment whose first line is the tag and which is ours as far as the forge tells; null: none. */
  find(tag: string): Promise<Found | null>;
  create(body: string): Promise<Posted>;
  update(id: string, body: string): Promise<Posted>;
}

/** Where the comment goes, where the environment does not say so or something else is meant; null: as the environment says. */
export interface Overrides {
  pullRequest: number | null;
  issue: number | null;
  /** The event that started a GitHub workflow (content of GITHUB_EVENT_PATH); null: not known. */
  event: Json | null;
}

export interface ForgeWorld {
  clock: Clock;
  signal: AbortSignal;
}

/** What a forge's file is handed. */
export interface ForgeContext {
  env: ForgeEnvironment;
  overrides: Overrides;
  world: ForgeWorld;
}

/** Hidden by Markdown that keeps HTML comments. */
export const htmlTag = (tag: string): string => `<!-- evscope:report ${tag} -->`;

/** Whether a comment's first line is this tag; a quote of our comment begins with `>` and is not. */
export function isTagged(body: string, tagLine: string): boolean {
  return body.split(/\r?\n/, 1)[0]!.trim() === tagLine;
}

/** A comment as a forge lists it. */
export interface Listed extends Posted {
  body: string;
  createdAt: string;
  author: string | null;
}

/** The oldest of ours; `mine` null: the forge does not say who we are. Others' are never counted. */
export function oldestOf(listed: readonly Listed[], mine: string | null): Found | null {
  const ours = listed.filter(({ author }) => mine === null || author === mine);
  const [oldest] = ours.toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt) || Number(a.id) - Number(b.id));
  return oldest === undefined ? null : { id: oldest.id, body: oldest.body, url: oldest.url, others: ours.length - 1 };
}

/** A variable that must be there. Throws UserError (exit 3) with its name and what to do. */
export function required(env: ForgeEnvironment, name: string, title: string, suggestions: readonly string[]): string {
  const value = env[name]?.trim();
  if (value !== undefined && value !== "") return value;
  throw new UserError(`${name} is not set: without it no comment can be written on ${title}`, { exitCode: EXIT.credentials, suggestions });
}

/** Text of the environment as the number of a pull request; null: it is none. */
export function numberFrom(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text.trim()) ? Number(text) : null;
}

/** Azure Repos and Bitbucket keep comments of pull requests only. Throws UserError. */
export function refuseIssue({ issue }: Overrides, title: string): void {
  if (issue !== null)
    throw new UserError(`--issue: ${title} takes the comment on a pull request only`, { suggestions: ["--pull-request N"] });
}

/** Throws UserError: nothing says where to write. */
export function noPlace(variable: string, title: string, flags: readonly string[]): never {
  throw new UserError(`${variable} names no pull request: nothing says where on ${title} to write the comment`, {
    exitCode: EXIT.credentials,
    suggestions: [`name it: ${flags.join(" or ")} (a scheduled run has no pull request)`],
  });
}
