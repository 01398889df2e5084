/**
 * A chain -> OTLP JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): what Jaeger, Tempo and other tools open.
 * All hops are spans of one trace. IDs that are not hex are hashed, so the same chain always has the same IDs.
 */
import { createHash } from "node:crypto";
import type { TraceDocument, TraceHop } from "../report.ts";
import { treeRows, type TreeRow } from "./trace-tree.ts";

type AnyValue = { stringValue: string } | { boolValue: boolean } | { intValue: string } | { doubleValue: number };
interface Attribute {
  key: string;
  value: AnyValue;
}

const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
const STATUS = { unset: 0, ok: 1, error: 2 } as const;
const PROVIDER: Record<string, string> = { aws: "aws", azure: "azure", gcp: "gcp" };

/** Compact JSON with a line end. The document loads in Jaeger's UI ("JSON file"). */
export function formatOtlp(document: TraceDocument): string {
  const { chain } = document;
  const traceId = traceIdOf(chain);
  // every hop once, in a tree without rings; causes that the tree leaves out become links
  const rows = new Map(treeRows(chain, true).map((row) => [row.hop.id, row]));
  const hops = new Map(chain.hops.map((hop) => [hop.id, hop]));
  const received = new Set(chain.edges.flatMap((edge) => (edge.invocation === "async" ? [edge.to] : [])));
  const trace = { traceId, startMs: Date.parse(chain.startedAt ?? "1970-01-01T00:00:00Z"), received };
  const resources = new Map<string, { hop: TraceHop; spans: object[] }>();
  for (const hop of chain.hops) {
    const key = JSON.stringify([hop.cloud, hop.account, hop.region, serviceOf(hop, hops)]);
    const resource = resources.get(key) ?? { hop, spans: [] };
    resources.set(key, resource);
    resource.spans.push(spanOf(hop, trace, rows.get(hop.id)!));
  }
  const resourceSpans = [...resources.values()].map(({ hop, spans }) => ({
    resource: { attributes: resourceAttributes(hop, hops) },
    scopeSpans: [{ scope: { name: "evscope" }, spans }],
  }));
  return `${JSON.stringify({ resourceSpans })}\n`;
}

/** The chain's own trace ID if it has one, else a hash of its ID. */
function traceIdOf(chain: TraceDocument["chain"]): string {
  return [chain.id, ...chain.ids].find((id) => /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id)) ?? hash(chain.id, 32);
}

function spanIdOf(hopId: string): string {
  return /^[0-9a-f]{16}$/.test(hopId) && !/^0+$/.test(hopId) ? hopId : hash(hopId, 16);
}

/** First hex digits of SHA-256; the first digit is never 0, so the ID is never all zero (which OTLP forbids). */
function hash(text: string, digits: number): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${((Number.parseInt(hex[0]!, 16) % 15) + 1).toString(16)}${hex.slice(1, digits)}`;
}

/** What all spans of a chain share. */
interface Trace {
  traceId: string;
  /** Start of the chain. */
  startMs: number;
  /** Hops that an event started. */
  received: ReadonlySet<string>;
}

function spanOf(hop: TraceHop, trace: Trace, { cause, otherCauses }: TreeRow): object {
  const { traceId, startMs } = trace;
  const endMs = hop.endedAt === null ? hop.startMs + (hop.durationMs ?? 0) : Math.max(hop.startMs, Date.parse(hop.endedAt) - startMs);
  const failed = hop.outcome !== "ok" && hop.outcome !== "unknown";
  return {
    traceId,
    spanId: spanIdOf(hop.id),
    ...(cause === null ? {} : { parentSpanId: spanIdOf(cause.from.id) }),
    name: hop.name === "" ? hop.id : hop.name,
    kind: kindOf(hop, trace.received),
    startTimeUnixNano: unixNano(startMs, hop.startMs),
    endTimeUnixNano: unixNano(startMs, endMs),
    attributes: spanAttributes(hop, cause),
    ...(hop.attempts.length > 1
      ? {
          events: hop.attempts.map((attempt, i) => ({
            timeUnixNano: unixNano(startMs, attempt.startMs),
            name: `attempt ${i + 1}`,
            attributes: attributes({
              "evscope.outcome": attempt.outcome,
              "evscope.duration_ms": attempt.durationMs,
              "faas.invocation_id": attempt.requestId,
            }),
          })),
        }
      : {}),
    ...(otherCauses.length > 0
      ? {
          links: otherCauses.map(({ from, kind, confidence }) => ({
            traceId,
            spanId: spanIdOf(from.id),
            attributes: attributes({ "evscope.edge": kind, "evscope.confidence": confidence }),
          })),
        }
      : {}),
    status: failed
      ? { code: STATUS.error, message: hop.errorType === null ? hop.outcome : `${hop.outcome}: ${hop.errorType}` }
      : { code: hop.outcome === "ok" ? STATUS.ok : STATUS.unset },
  };
}

function kindOf(hop: TraceHop, received: ReadonlySet<string>): number {
  if (hop.kind === "part" || hop.kind === "state") return KIND.internal;
  if (hop.kind === "service") return KIND.client;
  return received.has(hop.id) ? KIND.consumer : KIND.server;
}

/** Nanoseconds since 1970 as decimal text: more digits than a double holds. */
function unixNano(startMs: number, offsetMs: number): string {
  return String(BigInt(startMs) * 1_000_000n + BigInt(Math.round(offsetMs * 1e6)));
}

/** A part belongs to the service of the hop it is a part of. */
function serviceOf(hop: TraceHop, hops: ReadonlyMap<string, TraceHop>): string {
  const whole = hop.partOf === null ? hop : (hops.get(hop.partOf) ?? hop);
  return whole.function ?? (whole.name === "" ? "unknown" : whole.name);
}

function resourceAttributes(hop: TraceHop, hops: ReadonlyMap<string, TraceHop>): Attribute[] {
  return attributes({
    "service.name": serviceOf(hop, hops),
    "cloud.provider": PROVIDER[hop.cloud] ?? null,
    "cloud.account.id": hop.account,
    "cloud.region": hop.region,
    "faas.name": hop.function,
  });
}

function spanAttributes(hop: TraceHop, cause: TreeRow["cause"]): Attribute[] {
  return attributes({
    "evscope.edge": cause?.kind ?? null,
    "evscope.confidence": cause?.confidence ?? null,
    "evscope.hop": hop.id,
    "evscope.kind": hop.kind,
    "evscope.outcome": hop.outcome,
    "evscope.usd": hop.usd,
    "evscope.usd_basis": hop.usdBasis,
    "evscope.wait_ms": hop.waitMs,
    "evscope.init_ms": hop.initMs,
    "evscope.share": hop.share === 1 ? null : hop.share,
    "evscope.skew_ms": hop.skewMs,
    "evscope.end_unknown": hop.endedAt === null ? true : null,
    "faas.invocation_id": hop.requestId,
    "faas.coldstart": hop.coldStart,
    "error.type": hop.errorType,
  });
}

/** null: not reported, so left out. Whole numbers are doubles too: their type must not depend on their value. */
function attributes(values: { [key: string]: string | number | boolean | null }): Attribute[] {
  return Object.entries(values).flatMap(([key, value]): Attribute[] => {
    if (value === null) return [];
    if (typeof value === "string") return [{ key, value: { stringValue: value } }];
    return [{ key, value: typeof value === "boolean" ? { boolValue: value } : { doubleValue: value } }];
  });
}
