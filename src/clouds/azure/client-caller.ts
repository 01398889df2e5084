/** Makes calls of the SDK's methods, and requests of its own where the SDK has none. */
import manifest from "../../../package.json" with { type: "json" };
import { UserError } from "../../model/errors.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import { type Api, AzureError, type CallOptions } from "./api.ts";
import type { Tokens } from "./client-credentials.ts";
import type { Endpoints } from "./client-endpoints.ts";
import { type Operation, operationOf, serviceOf } from "./client-services.ts";
import { type Line, newWire, type Wire, type WireOptions } from "./client-wire.ts";

export interface Parts {
  line: Line;
  endpoints: Endpoints;
  subscription: string;
  rest: typeof import("@azure/core-rest-pipeline");
  tokensFor(scope: string): Tokens;
}

export interface CallerOptions extends CallOptions {
  region?: string;
  timeoutMs?: Ms;
  /** Options of the SDK's method. */
  sdk?: object;
  /** Sent by a PUT in place of the body that the SDK makes. */
  body?: string;
}

/** HTTP methods of requests without a client of the SDK. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export type Caller = ReturnType<typeof newCaller>;

/** Makes calls: each has a client and a wire of its own, so that its answer is known as it was sent. */
export function newCaller({ line, endpoints, subscription, rest, tokensFor }: Parts) {
  const never = new AbortController().signal;
  const { context } = line;
  const tokens = (audience: keyof Endpoints["scopes"]): Tokens => tokensFor(endpoints.scopes[audience]);

  function wireOf(api: Api, audience: keyof Endpoints["scopes"], options: CallerOptions): Wire {
    // a region is an answer's word, and becomes part of a host that is sent our token
    if (audience === "metrics" && !/^[a-z0-9]+$/.test(options.region ?? ""))
      throw new AzureError("unsupported", api, "NoRegion", "the region of a resource is none", null, 1);
    const endpoint = audience === "metrics" ? endpoints.metrics(options.region ?? "") : endpoints[audience];
    const wire: WireOptions = {
      tokens: tokens(audience),
      origin: URL.parse(endpoint)?.origin ?? endpoint,
      signal: options.evenAfterAbort === true ? never : context.signal,
      timeoutMs: options.timeoutMs ?? context.requestTimeoutMs,
      ...(options.headers === undefined ? {} : { headers: options.headers }),
      ...(options.body === undefined ? {} : { body: options.body }),
    };
    return newWire(line, api, wire);
  }

  return {
    tokens,
    /** What `use` makes of an SDK method, with the JSON that was answered last. Errors of the SDK about an answer are the answer's fault. */
    async sdk<T>(
      api: Api,
      options: CallerOptions,
      use: (operation: Operation, options: object) => Promise<T>,
    ): Promise<{ result: T; answer: JsonObject }> {
      const [name = "", method = ""] = [api.slice(0, api.indexOf(":")), api.slice(api.indexOf(":") + 1)];
      const { audience } = serviceOf(name);
      const wire = wireOf(api, audience, options);
      const opening = {
        subscription,
        endpoints,
        region: options.region ?? "",
        credential: tokens(audience),
        httpClient: wire,
        userAgent: `evscope/${manifest.version}`,
      };
      const operation = await operationOf(name, method, opening);
      try {
        const result = await use(operation, { ...options.sdk });
        return { result, answer: wire.answer() ?? {} };
      } catch (error) {
        throw sdkError(error, api, wire, context.signal);
      }
    },
    /** A request without a client of the SDK. */
    async raw(
      api: Api,
      method: Method,
      path: string,
      apiVersion: string | null,
      body?: Json,
      options: CallerOptions = {},
    ): Promise<JsonObject> {
      const audience = api.startsWith("logs:") ? "logs" : "management";
      const wire = wireOf(api, audience, options);
      const url = /^https?:/.test(path)
        ? path
        : `${endpoints[audience]}${path}${apiVersion === null ? "" : `${path.includes("?") ? "&" : "?"}api-version=${apiVersion}`}`;
      const headers = rest.createHttpHeaders({ accept: "application/json", "user-agent": `evscope/${manifest.version}` });
      headers.set("Authorization", `Bearer ${(await tokens(audience).getToken([]))!.token}`);
      if (body !== undefined) headers.set("content-type", "application/json");
      await wire.sendRequest(
        rest.createPipelineRequest({ url, method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
      );
      return wire.answer() ?? {};
    },
  };
}

/** An error that the SDK throws where a successful answer was not what its types say. */
function sdkError(error: unknown, api: Api, wire: Wire, signal: AbortSignal): unknown {
  signal.throwIfAborted();
  // half a character in the name of a resource
  if (error instanceof URIError) return new AzureError("invalid", api, "UnreadableName", "a name in its address is no valid text", null, 1);
  if (error instanceof AzureError || error instanceof UserError || wire.answer() === null) return error;
  // an error of types tells of the SDK's inside, not of the answer
  const what = error instanceof TypeError ? "a field is missing, or of another type" : (error as Error).message.slice(0, 200);
  const message = `the answer breaks the service's specification (${what})`;
  return new AzureError("broken-answer", api, "UnreadableAnswer", message, 200, 1, /createOrUpdate|update/i.test(api));
}
