/**
 * Answers inside something else: recorded exchanges (`{request, response: {body}}`, lists of them), batch answers
 * (`{responses: [{id, status, body}]}`) and API examples (`{responses: {"200": {body}}}`). Each
 * answer is read by the format that knows it.
 */
import type { Format, Reader } from "../../model/formats.ts";
import { type JsonObject, isObject } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import { errorOf } from "./answers.ts";
import { parseJson, textOf } from "./values.ts";

/** A response body, and what it was the answer to. */
export interface Payload {
  body: Json;
  /** Path of the request; null: not known. */
  uri: string | null;
}

function bodyOf(response: JsonObject): Json | undefined {
  let body = response["body"];
  // recorders keep the text under `string` and parsed JSON under `data`
  if (isObject(body) && Object.keys(body).length === 1) body = body["data"] ?? body["string"] ?? body;
  return typeof body === "string" ? (parseJson(body) ?? body) : body;
}

/** The answers in a document; null: it wraps none. */
export function payloadsOf(document: Json): Payload[] | null {
  if (!isObject(document)) return null;
  const { request, response, responses, interactions } = document;
  if (Array.isArray(interactions))
    return interactions.flatMap((item) => (isObject(item) && isObject(item["response"]) ? (payloadsOf(item) ?? []) : []));
  if (isObject(response) && response["body"] !== undefined) {
    const body = bodyOf(response);
    return body === undefined ? [] : [{ body, uri: isObject(request) ? (textOf(request["uri"]) ?? textOf(request["url"])) : null }];
  }
  if (Array.isArray(responses) || isObject(responses)) {
    const all = Array.isArray(responses) ? responses : Object.values(responses);
    const bodies = all.filter(isObject).map(bodyOf);
    if (bodies.some((body) => body !== undefined)) return bodies.filter((body) => body !== undefined).map((body) => ({ body, uri: null }));
  }
  return null;
}

const AZURE_HOST =
  /^https?:\/\/[^/]*\b(?:azure\.com|applicationinsights\.io|loganalytics\.io|windows\.net|azure\.cn|usgovcloudapi\.net)(?::\d+)?\//i;

/** The format that knows a body best. */
function bestOf(formats: readonly Format[], body: Json): { format: Format; score: number } | null {
  let best: { format: Format; score: number } | null = null;
  for (const format of formats) {
    const score = format.recognise(body);
    if (score > (best?.score ?? 0)) best = { format, score };
  }
  return best;
}

/** A format that looks through recordings, batches and examples at the answers that `formats` know. */
export function wrappedAnswers(formats: readonly Format[]): Format {
  return {
    id: "azure.wrapped-answers",
    title: "Recorded, batched or exemplary answers of Azure APIs",
    kind: "json",
    lookedFor:
      '{"request":{"uri":"https://…azure.com/…"},"response":{"body":…}}, {"interactions":[…]} or {"responses":[{"body":…}]} around the above',
    recognise(document) {
      const payloads = payloadsOf(document)?.slice(0, 40) ?? [];
      const best = Math.max(0, ...payloads.map(({ body }) => bestOf(formats, body)?.score ?? 0));
      if (best > 0) return best;
      return payloads.some(({ uri }) => uri !== null && AZURE_HOST.test(uri)) ? 10 : 0;
    },
    open(source, sink, keys) {
      const readers = new Map<Format, Reader>();
      return {
        read(document, at) {
          const payloads = payloadsOf(document);
          if (payloads === null) return sink.broken("no recorded answer", at);
          for (const { body } of payloads) {
            const format = bestOf(formats, body)?.format;
            const failure = errorOf(body);
            if (format === undefined) {
              sink.ignored(
                failure === null ? "an answer that holds no telemetry and describes no resource" : `a failed answer (${failure.code})`,
              );
              continue;
            }
            let reader = readers.get(format);
            if (reader === undefined) readers.set(format, (reader = format.open(source, sink, keys)));
            reader.read(body, at);
          }
        },
        end() {
          for (const reader of readers.values()) reader.end();
        },
      };
    },
  };
}
