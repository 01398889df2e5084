import { expect, test } from "vitest";
import type { LogEvent } from "../../../src/model/records.ts";
import { SeenLines } from "../../../src/store/seen-lines.ts";

function line(at: number, message: string): LogEvent {
  return {
    type: "log",
    cloud: "aws",
    account: null,
    region: null,
    at,
    fn: "orders",
    stream: null,
    kind: "function",
    level: null,
    requestId: null,
    traceId: null,
    spanId: null,
    message,
    sizeBytes: message.length + 26,
    ids: [],
  };
}

test("finds each line that is there twice, however far apart, and hardly any other", () => {
  const seen = new SeenLines();
  // 100 000 lines outgrow the first table twice
  for (let i = 0; i < 100_000; i++) seen.add(i % 7, line(1_768_435_200_000 + Math.floor(i / 10), `step ${i} of the order`), i);
  expect(seen.alike.size).toBeLessThan(10);
  seen.add(3, line(1_768_435_200_000, "step 3 of the order"), 100_000);
  seen.add(5, line(1_768_435_209_999, "step 99999 of the order"), 100_001);
  expect(seen.alike).toContain(3);
  expect(seen.alike).toContain(100_000);
  // 99 999 = 7 * 14 285 + 4: another source wrote it
  expect(seen.alike).not.toContain(100_001);
});

test("takes empty lines and times far away for what they are", () => {
  const seen = new SeenLines();
  for (const [i, at] of [0, 1, -1, 0, 2 ** 41, 2 ** 41 + 1].entries()) seen.add(0, line(at, ""), i);
  expect([...seen.alike].sort()).toEqual([0, 3]);
});
