import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePlatformLine } from "../../../../src/clouds/aws/platform-line.ts";
import { shared } from "../../../support/shared.ts";

const variants = shared("corpora/splits/lambda-variants.dev.ndjson");

/** The collector's names of fields, where ours differ. */
const OURS: { [theirs: string]: string } = { memoryMb: "memoryMib", maxMemoryMb: "maxMemoryMib" };

describe("recorded platform lines", () => {
  const cases =
    variants === null
      ? []
      : readFileSync(variants, "utf8")
          .trim()
          .split("\n")
          .map((l) => JSON.parse(l));
  it.skipIf(variants === null)("are all there", () => expect(cases).toHaveLength(34));
  for (const { id, raw, expected } of cases) {
    it(id, () => {
      const found = parsePlatformLine(raw) as unknown as { [key: string]: unknown };
      const wanted = Object.fromEntries(Object.entries(expected).map(([key, value]) => [OURS[key] ?? key, value]));
      expect(Object.fromEntries(Object.keys(wanted).map((key) => [key, found[key]]))).toEqual(wanted);
    });
  }
});
