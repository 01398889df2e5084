import { describe, expect, it } from "vitest";
import { notFinite } from "../../../src/archive/finite.ts";
import type { Config, Gap } from "../../../src/model/records.ts";

const gap: Gap = { type: "gap", cloud: "aws", account: null, region: null, what: "w", why: "y", from: null, to: 1 };
const config: Config = {
  type: "config",
  cloud: "aws",
  account: null,
  region: null,
  kind: "queue",
  resource: "r",
  name: "n",
  revision: null,
  observedAt: null,
  from: null,
  to: null,
  settings: { a: [1, { b: 2 }] },
};

describe("numbers of a record", () => {
  it("are looked at, in settings too", () => {
    expect(notFinite(gap)).toBeNull();
    expect(notFinite({ ...gap, from: Infinity })).toBe("from");
    expect(notFinite({ ...gap, to: NaN })).toBe("to");
    expect(notFinite(config)).toBeNull();
    expect(notFinite({ ...config, settings: { a: [1, { b: -Infinity }] } })).toBe("settings.a.1.b");
  });
});
