/**
 * A loopback proxy that breaks answers on purpose. It stands before a real server (an emulator's address) or before a fake of a few lines,
 * applies the first rule that matches a request, and notes every request it sees.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  method: string;
  /** Path with query. */
  path: string;
  /** Service as it is signed (`lambda`, `logs`, `monitoring`, `xray` ...); empty: unsigned. */
  service: string;
  /** `logs:FilterLogEvents` by X-Amz-Target or Action; REST services: `lambda:GET /2015-03-31/functions`. */
  name: string;
  headers: IncomingMessage["headers"];
  body: string;
  /** Status that was sent; 0: none. */
  status: number;
  /** Epoch ms of arrival. */
  at: number;
}

/** A page of JSON: what an upstream that is a function gives back. */
export type FakeAnswer = { status?: number; headers?: Record<string, string>; body: unknown };
export type Upstream = string | ((request: SeenRequest) => FakeAnswer | Promise<FakeAnswer>);

export type Fault =
  | "throttle" // 400 with ThrottlingException
  | "429" // too many requests, with Retry-After: 1 where `retryAfter`
  | "500"
  | "503-html"
  | "reset" // before any answer
  | "reset-after" // the upstream carries it out, the answer is lost
  | "hang" // no answer at all
  | "hang-body" // half of the body, then nothing
  | "cut-body" // half of the body, well framed
  | "empty-body"
  | "long-length" // Content-Length larger than the body, then closed
  | "short-length" // Content-Length smaller than the body
  | "repeated-token" // the same page token on every page
  | "endless-token" // a new page token on every page
  | "expired-token"
  | "access-denied"
  | "access-denied-xml"
  | "clock-skew" // InvalidSignatureException, and Date two hours ahead
  | { latencyMs: number }
  | { requestsPerS: number } // 429 for what comes sooner (sliding second)
  | { pageOf: number; list: string; given: string; returned: string }; // real pages of a list that the upstream returns whole

export interface Rule {
  /** Matched against `name`; missing: every request. */
  match?: RegExp;
  fault: Fault;
  /** Apply to this many matching requests, then no more; missing: for ever. */
  times?: number;
  /** Let so many matching requests pass first. */
  after?: number;
  /** Apply to every n-th matching request only. */
  every?: number;
  /** Page token in answers, for the token faults; `NextToken` if missing. */
  token?: string;
}

export interface FaultProxy {
  url: string;
  rules: Rule[];
  requests: SeenRequest[];
  /** Requests that could have changed something, by name. */
  writes(): string[];
  close(): Promise<void>;
}

const READS =
  /:(GET |POST \/(TraceSummaries|Traces|TraceSegmentDestination|GetTraceSegmentDestination|StartTraceRetrieval|ListRetrievedTraces)|Get|List|Describe|BatchGet|Filter|Scan|TestEventPattern|StartQuery|StopQuery|AssumeRole)/;

export async function startFaultProxy(upstream: Upstream, rules: Rule[] = []): Promise<FaultProxy> {
  const requests: SeenRequest[] = [];
  const hits = new Map<Rule, number>();
  const stamps = new Map<Rule, number[]>();
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await read(request);
    requests.push(seen);
    response.on("finish", () => (seen.status = response.statusCode));
    let answer: Answer | null = null;
    const full = async (): Promise<Answer> => (answer ??= await ask(upstream, seen));
    for (const rule of rules) {
      if (!applies(rule, seen)) continue;
      const done = await apply(rule, seen, response, full);
      if (done !== null) answer = done;
      if (response.writableEnded || response.destroyed || done === HELD) return;
    }
    send(response, await full());
  }

  function applies(rule: Rule, seen: SeenRequest): boolean {
    if (rule.match !== undefined && !rule.match.test(seen.name)) return false;
    const hit = (hits.get(rule) ?? 0) + 1;
    hits.set(rule, hit);
    if (hit % (rule.every ?? 1) !== 0) return false;
    return hit > (rule.after ?? 0) && hit <= (rule.after ?? 0) + (rule.times ?? Number.POSITIVE_INFINITY);
  }

  /** The answer to send instead (or to hand to the next rule); null: no change. Ends the response itself where framing is the fault. */
  async function apply(rule: Rule, seen: SeenRequest, response: ServerResponse, full: () => Promise<Answer>): Promise<Answer | null> {
    const { fault } = rule;
    if (typeof fault === "object") {
      if ("latencyMs" in fault) return (await new Promise((resolve) => setTimeout(resolve, fault.latencyMs)), null);
      if ("pageOf" in fault) return pageOf(fault, seen, upstream);
      const recent = (stamps.get(rule) ?? []).filter((at) => at > seen.at - 1000);
      const over = recent.length >= fault.requestsPerS;
      stamps.set(rule, over ? recent : [...recent, seen.at]);
      return over ? (send(response, failure(seen, 429, "TooManyRequestsException", "Rate exceeded")), null) : null;
    }
    switch (fault) {
      case "throttle":
        return end(response, failure(seen, 400, "ThrottlingException", "Rate exceeded"));
      case "429":
        return end(response, failure(seen, 429, "TooManyRequestsException", "Rate exceeded"));
      case "500":
        return end(response, failure(seen, 500, "InternalFailure", "internal error"));
      case "503-html":
        return end(response, {
          status: 503,
          headers: { "content-type": "text/html" },
          body: "<html><body>Service Unavailable</body></html>",
        });
      case "expired-token":
        return end(response, failure(seen, 403, "ExpiredTokenException", "The security token included in the request is expired"));
      case "access-denied":
        return end(
          response,
          failure(seen, 403, "AccessDeniedException", `User: arn:aws:iam::123456789012:user/t is not authorized to perform: ${seen.name}`),
        );
      case "access-denied-xml":
        return end(response, {
          status: 403,
          headers: { "content-type": "text/xml" },
          body: xmlError("AccessDenied", "User is not authorized"),
        });
      case "clock-skew": {
        const date = new Date(seen.at + 7_200_000).toUTCString();
        const signed = String(seen.headers["x-amz-date"] ?? "");
        const iso = signed.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z");
        if (Math.abs(Date.parse(iso) - seen.at - 7_200_000) < 300_000) return null;
        return end(response, { ...failure(seen, 403, "InvalidSignatureException", "Signature expired"), date });
      }
      case "reset":
        response.socket?.resetAndDestroy();
        return HELD;
      case "reset-after":
        await full();
        response.socket?.resetAndDestroy();
        return HELD;
      case "hang":
        return HELD;
      case "repeated-token":
        return withToken(await full(), rule.token ?? "NextToken", "again");
      case "endless-token":
        return withToken(await full(), rule.token ?? "NextToken", `page-${requests.length}`);
      default:
        misframe(fault, response, await full());
        return HELD;
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rules,
    requests,
    writes: () => requests.filter((one) => !READS.test(one.name)).map((one) => one.name),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** Date header other than now. */
  date?: string;
}

/** The response was dealt with, or never will be. */
const HELD: Answer = { status: 0, headers: {}, body: "" };

async function read(request: IncomingMessage): Promise<SeenRequest> {
  const at = Date.now();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString("utf8");
  const service = /Credential=[^/]*\/\d+\/[^/]*\/([^/]+)\//.exec(String(request.headers["authorization"] ?? ""))?.[1] ?? "";
  const target = String(request.headers["x-amz-target"] ?? "")
    .split(".")
    .pop();
  const action = target || (/(?:^|&)Action=(\w+)/.exec(body)?.[1] ?? "");
  const [method, path] = [request.method ?? "", request.url ?? ""];
  const name = `${service}:${action || `${method} ${path.replace(/\?.*/s, "").replace(/(.)\/$/, "$1")}`}`;
  return { method, path, service, name, headers: request.headers, body, status: 0, at };
}

async function ask(upstream: Upstream, seen: SeenRequest): Promise<Answer> {
  if (typeof upstream === "function") {
    const { status = 200, headers = {}, body } = await upstream(seen);
    return {
      status,
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    };
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(seen.headers))
    if (!/^(host|connection|content-length|transfer-encoding|expect)$/.test(name) && value !== undefined) headers.set(name, String(value));
  const answer = await fetch(upstream + seen.path, { method: seen.method, headers, body: seen.body === "" ? null : seen.body });
  const kept = Object.fromEntries(
    [...answer.headers].filter(([name]) => !/^(content-length|content-encoding|transfer-encoding|connection|date|keep-alive)$/.test(name)),
  );
  return { status: answer.status, headers: kept, body: await answer.text() };
}

function send(response: ServerResponse, answer: Answer): void {
  const date = answer.date === undefined ? {} : { date: answer.date };
  response.writeHead(answer.status, { ...answer.headers, ...date, "content-length": String(Buffer.byteLength(answer.body)) });
  response.end(answer.body);
}

function end(response: ServerResponse, answer: Answer): Answer {
  send(response, answer);
  return HELD;
}

function failure(seen: SeenRequest, status: number, code: string, message: string): Answer {
  if (/(?:^|&)Action=/.test(seen.body)) return { status, headers: { "content-type": "text/xml" }, body: xmlError(code, message) };
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code },
    body: JSON.stringify({ __type: code, message }),
  };
}

function xmlError(code: string, message: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`;
}

function misframe(
  fault: "hang-body" | "cut-body" | "empty-body" | "long-length" | "short-length",
  response: ServerResponse,
  full: Answer,
): void {
  const half = full.body.slice(0, Math.floor(full.body.length / 2));
  if (fault === "cut-body" || fault === "empty-body") return send(response, { ...full, body: fault === "cut-body" ? half : "" });
  const length = Buffer.byteLength(full.body) + (fault === "long-length" ? 100 : fault === "short-length" ? -2 : 0);
  const head = `HTTP/1.1 ${full.status} OK\r\ncontent-type: ${full.headers["content-type"] ?? "application/json"}\r\ncontent-length: ${length}\r\n\r\n`;
  response.socket?.write(head + (fault === "hang-body" ? half : full.body));
  if (fault !== "hang-body") response.socket?.end();
}

function withToken(full: Answer, token: string, value: string): Answer {
  return { ...full, body: JSON.stringify({ ...(JSON.parse(full.body) as object), [token]: value }) };
}

/** Cuts the upstream's whole list into pages; the token is the offset. */
async function pageOf(
  page: { pageOf: number; list: string; given: string; returned: string },
  seen: SeenRequest,
  upstream: Upstream,
): Promise<Answer> {
  const url = new URL(seen.path, "http://x");
  const input = seen.body.startsWith("{") ? (JSON.parse(seen.body) as Record<string, unknown>) : {};
  const from = Number(url.searchParams.get(page.given) ?? input[page.given] ?? 0);
  url.searchParams.delete(page.given);
  delete input[page.given];
  const whole = await ask(upstream, { ...seen, path: url.pathname + url.search, body: seen.body === "" ? "" : JSON.stringify(input) });
  const answer = JSON.parse(whole.body) as Record<string, unknown>;
  const all = answer[page.list] as unknown[];
  const to = from + page.pageOf;
  const more = to < all.length ? { [page.returned]: String(to) } : {};
  return { ...whole, body: JSON.stringify({ ...answer, [page.list]: all.slice(from, to), ...more }) };
}
