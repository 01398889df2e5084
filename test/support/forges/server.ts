/** A forge on 127.0.0.1: keeps comments, answers in pages, and fails as it is told. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface Kept {
  id: number;
  body: string;
  author: string;
  createdAt: string;
}

export interface Asked {
  method: string;
  url: URL;
  headers: IncomingMessage["headers"];
  json: unknown;
}

export interface Answered {
  status: number;
  json?: unknown;
  /** Instead of JSON. */
  text?: string;
  headers?: { [name: string]: string };
}

/** One answer that takes the place of the forge's own. `after`: the request takes effect first. */
export interface Fault extends Answered {
  on: string;
  after?: boolean;
}

export interface FakeForge {
  origin: string;
  comments: Kept[];
  asked: Asked[];
  faults: Fault[];
  close(): Promise<void>;
}

export const SECRET = "s3cr3t/token+that=must-not-be-seen";
export const ME = "evscope-bot";
export const SOMEBODY = "ada";

/** What each forge does with a request; null: 404, "silence": nothing, with the line open. */
export type Behaviour = (asked: Asked, forge: FakeForge) => Answered | "silence" | null;

export async function fakeForge(behaviour: Behaviour): Promise<FakeForge> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const url = new URL(request.url!, forge.origin);
      const asked: Asked = { method: request.method!, url, headers: request.headers, json: text === "" ? null : JSON.parse(text) };
      forge.asked.push(asked);
      const at = forge.faults.findIndex(({ on }) => on === asked.method);
      const [fault] = at < 0 ? [] : forge.faults.splice(at, 1);
      const own = fault !== undefined && fault.after !== true ? null : behaviour(asked, forge);
      if (fault === undefined && own === "silence") return;
      const {
        status,
        json,
        text: plain,
        headers,
      } = fault ?? (own === "silence" ? null : own) ?? { status: 404, json: { message: "Not Found" } };
      response.writeHead(status, { "content-type": plain === undefined ? "application/json" : "text/html", ...headers });
      response.end(plain ?? JSON.stringify(json ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const forge: FakeForge = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    comments: [],
    asked: [],
    faults: [],
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return forge;
}

/** Adds a comment a minute younger than the last one. */
export function keep(forge: FakeForge, body: string, author: string): Kept {
  const n = forge.comments.length + 1;
  const kept = { id: 1000 + n, body, author, createdAt: new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString() };
  forge.comments.push(kept);
  return kept;
}

export const found = (forge: FakeForge, id: string | undefined): Kept | undefined => forge.comments.find((one) => String(one.id) === id);

/** The comments of a page, counted from 1. */
export function pageOf(forge: FakeForge, page: number, size: number): { rows: Kept[]; more: boolean } {
  return { rows: forge.comments.slice((page - 1) * size, page * size), more: forge.comments.length > page * size };
}
