import { describe, expect, it } from "vitest";
import { candidatesIn } from "../../../../src/analyzer/retention/candidates.ts";
import { counter } from "../../../../src/analyzer/retention/tally.ts";
import { meaningOf } from "../../../../src/analyzer/retention/time-values.ts";

const NOW = Date.UTC(2026, 10, 1);
const DAY_S = 86_400;
const at = (days: number): number => NOW / 1000 + days * DAY_S;

describe("names of attributes", () => {
  it.each([
    "ttl",
    "TTL",
    "expiresAt",
    "expires_at",
    "ExpirationTime",
    "expireAt",
    "ttlTimestamp",
    "timeToLive",
    "item_ttl",
    "ttl_ms",
    "validUntil",
  ])("%s says when an item ends", (name) => expect(meaningOf(name)).toBe("end"));

  it.each([
    "cardExpiresAt",
    "passwordExpiry",
    "token_expires_at",
    "trialExpires",
    "expiryReminderAt",
    "neverExpires",
    "notExpired",
    "archiveAt",
  ])("%s does not: the end may be another's", (name) => expect(meaningOf(name)).toBe("nothing"));

  it.each(["validFrom", "deletedAt", "lastSeenExpires", "createdExpiry"])("%s does not say that an item ends", (name) =>
    expect(meaningOf(name)).not.toBe("end"),
  );
});

describe("least life", () => {
  const leastOf = (items: { [name: string]: number | string }[]) => {
    const count = counter(NOW as never);
    count.add(items);
    return candidatesIn(count.tally(), { items: null, sizeBytes: null }, "epoch-seconds").find((one) => one.attribute === "ttl")!
      .leastLifeD;
  };

  it("counts from the latest beginning, not from a date of birth", () => {
    expect(leastOf([{ born: "1980-01-01", createdAt: at(-10), ttl: at(20) }])).toBeCloseTo(30, 6);
  });

  it("is not known where an item names no beginning", () => {
    expect(leastOf([{ createdAt: at(-10), ttl: at(200) }, { ttl: at(1) }])).toBeNull();
  });
});
