/** Calls to a forge: JSON over fetch, with a time limit, repeated where that is harmless, and a token that goes to one origin only and is in no message. */
import type { Clock } from "../model/clock.ts";
import { EXIT, UserError, type ExitCode } from "../model/errors.ts";
import { isObject, objectAt, textAt } from "../model/json.ts";
import type { Json } from "../model/records.ts";
import type { Ms } from "../model/units.ts";

/** What a forge answered, or that it did not. */
export class ForgeError extends UserError {
  /** HTTP status; null: no answer. */
  readonly status: number | null;
  /** The request may have taken effect all the same. */
  readonly uncertain: boolean;
  constructor(
    message: string,
    options: { status: number | null; uncertain?: boolean; exitCode?: ExitCode; suggestions: readonly string[] },
  ) {
    super(message, { exitCode: options.exitCode ?? EXIT.partial, suggestions: options.suggestions });
    this.status = options.status;
    this.uncertain = options.uncertain ?? false;
  }
}

export interface ApiOptions {
  title: string;
  /** Root of the API; `/` at its end or not. */
  base: string;
  /** Variable that holds the root, for messages. */
  baseName: string;
  token: string;
  tokenName: string;
  /** What the token must be allowed to do. */
  permission: readonly string[];
  headers: (token: string) => { [name: string]: string };
  clock: Clock;
  signal: AbortSignal;
  timeoutMs?: Ms;
}

export interface Answer {
  json: Json;
  headers: Headers;
}

export interface Api {
  /** A path under the root, or a whole address of the same origin (the next page). */
  get(path: string): Promise<Answer>;
  send(method: "POST" | "PUT" | "PATCH", path: string, body: Json): Promise<Answer>;
}

const TIMEOUT_MS: Ms = 30_000;
const ATTEMPTS = 4;
const FIRST_PAUSE_MS: Ms = 1000;
/** A server that wants a longer pause is not waited for: jobs are paid by the minute. */
const LONGEST_PAUSE_MS: Ms = 120_000;
const MOST_REDIRECTS = 5;

type Failure = { error: ForgeError; again: boolean; pauseMs: Ms | null };

/** Throws UserError when the root is no address, or the token would be sent in clear text over a network. */
export function apiOf(options: ApiOptions): Api {
  const base = rootOf(options);
  const { token, tokenName, title, clock, signal } = options;
  // fetch puts a header that it refuses into its message
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new UserError(`${tokenName} holds characters that no token has (spaces, line ends)`, { exitCode: EXIT.credentials });
  }
  const clean = (text: string): string =>
    text
      .replaceAll(token, "***")
      .replaceAll(encodeURIComponent(token), "***")
      .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
      .slice(0, 300);
  const headers = {
    accept: "application/json",
    "content-type": "application/json; charset=utf-8",
    "user-agent": "evscope",
    ...options.headers(token),
  };

  /** Follows redirects within the origin; refuses others, which would take the token along. */
  async function answer(method: string, from: URL, body: Json | undefined): Promise<Response> {
    let url = from;
    for (let hops = 0; ; hops++) {
      if (url.origin !== base.origin) throw refusal(`${title} points to another host (${clean(url.host)}), where the token must not go`);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS)]);
      const init = {
        method,
        headers,
        redirect: "manual",
        signal: limit,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      } as const;
      const response = await fetch(url, init);
      const to = response.headers.get("location");
      const follows = response.status >= 300 && response.status < 400 && to !== null && (method === "GET" || response.status >= 307);
      if (!follows) return response;
      await response.body?.cancel();
      if (hops === MOST_REDIRECTS || !URL.canParse(to, url.href)) throw refusal(`${title} redirects without end`);
      url = new URL(to, url);
    }
  }
  const refusal = (message: string): ForgeError =>
    new ForgeError(message, { status: null, exitCode: EXIT.credentials, suggestions: [`check ${options.baseName} and ${tokenName}`] });

  async function once(method: string, url: URL, body: Json | undefined): Promise<Answer | Failure> {
    const what = clean(`${method} ${url.origin}${url.pathname}`);
    const harmless = method !== "POST";
    let response: Response;
    let text: string;
    try {
      response = await answer(method, url, body);
      text = await response.text();
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof ForgeError) throw thrown;
      const why = reasonOf(thrown);
      const error = new ForgeError(clean(`${title} does not answer ${what}: ${why}`), {
        status: null,
        uncertain: !harmless,
        suggestions: [`check ${options.baseName} and the network`],
      });
      return { error, again: harmless, pauseMs: null };
    }
    const json = parsed(text);
    if (response.ok && json !== null) return { json, headers: response.headers };
    return failed(response, json, what, harmless);
  }

  function failed({ status, headers: said, ok }: Response, json: Json | null, what: string, harmless: boolean): Failure {
    const wish = wishOf(said, clock.now());
    const throttled = status === 429 || (status === 403 && wish !== null);
    const shut = ok || status === 401 || status === 403 || status === 404 || (status >= 300 && status < 400);
    const message = serverMessage(json);
    const error = new ForgeError(
      clean(`${title} answers ${status}${ok ? " and no JSON" : ""} to ${what}${message === null ? "" : `: ${message}`}`),
      {
        status,
        uncertain: status >= 500 && !harmless,
        exitCode: shut && !throttled ? EXIT.credentials : EXIT.partial,
        suggestions: throttled ? ["its rate limit is reached: try later"] : shut ? options.permission : [],
      },
    );
    return { error, again: throttled || (status >= 500 && harmless), pauseMs: wish };
  }

  async function ask(method: string, path: string, body?: Json): Promise<Answer> {
    const url = new URL(path, base);
    for (let attempt = 1; ; attempt++) {
      const outcome = await once(method, url, body);
      if ("json" in outcome) return outcome;
      const pauseMs = outcome.pauseMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1);
      if (!outcome.again || attempt === ATTEMPTS || pauseMs > LONGEST_PAUSE_MS) throw outcome.error;
      await clock.sleep(pauseMs, signal);
    }
  }
  return { get: (path) => ask("GET", path), send: (method, path, body) => ask(method, path, body) };
}

/** Who the token belongs to, as `pick` reads it from the answer; null: the forge does not tell this token. */
export async function selfOf(api: Api, path: string, pick: (json: Json) => string | null): Promise<string | null> {
  try {
    return pick((await api.get(path)).json);
  } catch (error) {
    if (error instanceof ForgeError && error.exitCode === EXIT.credentials && error.status !== null) return null;
    throw error;
  }
}

/** The most pages of comments that are read. */
const MOST_PAGES = 100;

/** All pages, from the first. `next` gives the address of the following one; null: that was the last. Throws ForgeError when there is no end. */
export async function pagesOf(api: Api, first: string, title: string, next: (answer: Answer) => string | null): Promise<Json[]> {
  const pages: Json[] = [];
  for (let path: string | null = first; path !== null;) {
    if (pages.length === MOST_PAGES) {
      throw new ForgeError(`more than ${MOST_PAGES} pages of comments on ${title}: ours cannot be found among them`, {
        status: null,
        suggestions: ["write to another issue or pull request"],
      });
    }
    const answer: Answer = await api.get(path);
    pages.push(answer.json);
    path = next(answer);
  }
  return pages;
}

function rootOf({ base, baseName, tokenName }: ApiOptions): URL {
  const url = URL.canParse(base) ? new URL(base) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new UserError(`${baseName} is no address of an API (https://...)`, { exitCode: EXIT.credentials });
  }
  if (url.protocol === "http:" && url.hostname !== "127.0.0.1" && url.hostname !== "localhost") {
    throw new UserError(`${baseName} begins with http://: ${tokenName} is not sent where everybody on the way can read it`, {
      exitCode: EXIT.credentials,
      suggestions: ["https://"],
    });
  }
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** The pause that the server asks for, in ms (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after; GitHub's x-ratelimit-reset); null: none. */
function wishOf(headers: Headers, now: number): Ms | null {
  const after = headers.get("retry-after")?.trim();
  if (after !== undefined && /^\d+$/.test(after)) return Number(after) * 1000;
  const date = after === undefined ? Number.NaN : Date.parse(after);
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  const reset = headers.get("x-ratelimit-remaining") === "0" ? Number(headers.get("x-ratelimit-reset") ?? "") : 0;
  return reset > 0 ? Math.max(0, reset * 1000 - now) : null;
}

function parsed(text: string): Json | null {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

/** GitHub and Azure: message; GitLab: message or error; Bitbucket: error.message. */
function serverMessage(json: Json | null): string | null {
  if (!isObject(json ?? undefined)) return null;
  const object = json as { [key: string]: Json };
  return textAt(object, "message", "error_description", "error") ?? textAt(objectAt(object, "error") ?? {}, "message");
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "unknown";
  if (thrown.name === "TimeoutError") return "no answer in time";
  return thrown.cause instanceof Error && thrown.cause.message !== "" ? thrown.cause.message : thrown.message;
}
