/** Requests and answers as the front, the judge and the fake hand them on. */
import type { IncomingMessage, ServerResponse } from "node:http";

export interface Seen {
  method: string;
  /** Path without query, as sent. */
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Of the answer; 0: none. */
  status: number;
  at: number;
}

export interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** Text as it is; anything else as JSON; undefined: none. */
  body?: unknown;
}

export type Handler = (seen: Seen) => Answer | Promise<Answer>;

const HOP_BY_HOP = /^(?:host|connection|content-length|transfer-encoding|expect|keep-alive|date|content-encoding|accept-encoding)$/;

export async function readRequest(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(`http://x${request.url ?? "/"}`);
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]])),
  );
  return {
    method: request.method ?? "",
    // the clients put a resource's ID, which begins with a slash, behind another
    path: decodeURIComponent(url.pathname).replaceAll(/\/{2,}/g, "/"),
    query: url.searchParams,
    headers,
    body: Buffer.concat(chunks).toString("utf8"),
    status: 0,
    at: Date.now(),
  };
}

export function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    ...headers,
    "content-length": String(Buffer.byteLength(text)),
  });
  response.end(text);
}

/** Hands a request to another server on this machine. */
export async function forward(base: string, seen: Seen): Promise<Answer & { body: string }> {
  const headers = Object.fromEntries(Object.entries(seen.headers).filter(([name]) => !HOP_BY_HOP.test(name)));
  const query = seen.query.size === 0 ? "" : `?${seen.query}`;
  const answer = await fetch(base + encodeURI(seen.path) + query, {
    method: seen.method,
    headers,
    body: seen.body === "" ? null : seen.body,
  });
  const kept = Object.fromEntries(
    [...answer.headers].filter(([name]) => !HOP_BY_HOP.test(name) && !name.startsWith("sl-") && !name.startsWith("access-control-")),
  );
  return { status: answer.status, headers: kept, body: await answer.text() };
}

/** An error as Azure Resource Manager writes it. */
export function armError(status: number, code: string, message: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: { error: { code, message } } };
}
