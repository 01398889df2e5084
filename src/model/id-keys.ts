/**
 * Which fields carry a correlation or business ID. Defaults: the carriers of domain knowledge (HTTP header, Powertools,
 * common business keys); `correlation.keys` of evscope.yaml adds to them.
 */
import { type Id, isPlaceholderId, normaliseId } from "./ids.ts";

/** Compared without case, `-`, `_` and spaces: `x-correlation-id` = `xCorrelationId` = `X_CORRELATION_ID`. */
export const DEFAULT_CORRELATION_KEYS = [
  "correlation-id",
  "x-correlation-id",
  "transaction-id",
  "x-transaction-id",
  "conversation-id",
  "order-id",
  "business-id",
  "saga-id",
  "idempotency-key",
] as const;

/** Finds correlation IDs in parsed fields and in text. */
export interface IdKeys {
  /** The keys as they were named: the default ones and those of the configuration. */
  readonly names: readonly string[];
  /** True if a field of this name carries a correlation ID. */
  isCorrelationKey(name: string): boolean;
  /** All `key=value`, `key: value` and `"key":"value"` pairs in a text, JSON within JSON as well; each value once, placeholders left out. */
  inText(text: string): Id[];
}

const squash = (name: string): string => name.toLowerCase().replace(/[-_. ]/g, "");

/** Compiles the default keys and `extra` ones. Throws RangeError on an empty extra key. */
export function idKeys(extra: readonly string[] = []): IdKeys {
  const names = new Set<string>();
  for (const key of [...DEFAULT_CORRELATION_KEYS, ...extra]) {
    if (squash(key) === "") throw new RangeError("correlation.keys: an empty key");
    names.add(squash(key));
  }
  const known = new Map<string, boolean>();
  // letters with optional - _ . between them, so that one pattern finds every spelling
  const spelt = [...names]
    .sort((a, b) => b.length - a.length)
    .map((n) => [...n].map((c) => c.replace(/[^a-z0-9]/g, "\\$&")).join("[-_.]?"));
  const pair = new RegExp(
    `(?<![a-z0-9])(?:${spelt.join("|")})\\\\*["']?\\s*[:=]\\s*(?:\\[\\s*)?\\\\*["']?([^\\s"'\\\\,;&)\\]}]{3,256})`,
    "gi",
  );
  return {
    names: [...DEFAULT_CORRELATION_KEYS, ...extra],
    isCorrelationKey(name) {
      let hit = known.get(name);
      if (hit === undefined) {
        hit = names.has(squash(name));
        if (known.size < 10_000) known.set(name, hit);
      }
      return hit;
    },
    inText(text) {
      const found: Id[] = [];
      pair.lastIndex = 0;
      for (let m = pair.exec(text); m; m = pair.exec(text)) {
        const value = normaliseId(m[1]!);
        if (!isPlaceholderId(value) && !found.some((f) => f.value === value)) found.push({ kind: "correlation", value });
      }
      return found;
    },
  };
}
