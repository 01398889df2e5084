/** Spans that a row continues without being their child: the messages of a batch, a caller whose SDK counts its operations otherwise. */
import type { Gap, Span } from "../../model/records.ts";
import { type Facts, legacyCaller, operationTrace, spanIdOf } from "./context.ts";
import type { Row } from "./schema.ts";
import { parseJson, textOf } from "./values.ts";

export interface Links {
  links: Span["links"];
  /** They are the messages of a batch. */
  isBatch: boolean;
  /** Characters of a list that ends within an entry; null: it is whole, or there is none. */
  cutAt: number | null;
}

/**
 * `_MS.links` of a row: JSON that ends anywhere once it is as long as a property may be (8,192 characters), so it is read pair by pair.
 * Without it: the caller of another operation. https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete#custom-properties
 */
export function linksOf(row: Row, facts: Facts): Links {
  const raw = row.fields.links ?? facts.bag["_MS.links"];
  const text = raw === undefined || raw === null ? "" : (typeof raw === "string" ? raw : JSON.stringify(raw)).trim();
  const links: Span["links"] = [];
  for (const item of text.match(/\{[^{}]*\}/g) ?? []) {
    const link = parseJson(item.replace(/\\"/g, '"'));
    if (typeof link !== "object" || link === null || Array.isArray(link)) continue;
    const operation = textOf(link["operation_Id"]) ?? textOf(link["operation_id"]);
    const id = textOf(link["id"]);
    const traceId = operation === null ? facts.traceId : operationTrace(operation);
    if (id !== null && traceId !== null) links.push({ traceId, spanId: spanIdOf(id) });
  }
  const isBatch = links.length > 0;
  const caller = isBatch ? null : legacyCaller(facts);
  return { links: caller === null ? links : [caller], isBatch, cutAt: text.startsWith("[") && !text.endsWith("]") ? text.length : null };
}

/** What a cut list loses of its trace; null: it is not cut. `whose`: run or call, for people. */
export function cutGap({ links, cutAt }: Links, facts: Facts, whose: string): Gap | null {
  if (cutAt === null || facts.traceId === null) return null;
  const why = `the links of ${whose} (_MS.links) are cut after ${cutAt} characters: ${links.length} messages are known, the others are lost`;
  return { type: "gap", ...facts.scope, what: `trace ${facts.traceId}`, why, from: null, to: null };
}
