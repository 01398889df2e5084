import { describe, expect, it } from "vitest";
import { CallError, type CallErrorKind } from "../../../../src/clouds/kit/call-error.ts";
import { failedBecause, failedWhile, gapAt } from "../../../../src/clouds/kit/gaps.ts";
import { readerAt } from "../../../../src/clouds/kit/read-live.ts";
import type { Format } from "../../../../src/model/formats.ts";
import { idKeys } from "../../../../src/model/id-keys.ts";

const failed = (kind: CallErrorKind, message = "no\nsecond line", status: number | null = 400): CallError =>
  new CallError(kind, "svc:Do", "Code", message, status, 7);
const place = { cloud: "azure", account: "sub", region: null } as const;

describe("a failed call in words", () => {
  it.each([
    ["denied", 403, "not allowed: the right is missing (Code)"],
    ["unsupported", 404, "this endpoint does not know svc:Do (Code, HTTP 404)"],
    ["unsupported", null, "this endpoint does not know svc:Do (Code)"],
    ["throttled", 429, "svc:Do was still throttled after 7 attempts"],
    ["failed", 500, "svc:Do failed: no (HTTP 500)"],
    ["unreachable", null, "svc:Do failed: no"],
  ] as const)("%s, status %s", (kind, status, words) => {
    expect(failedBecause(failed(kind, undefined, status), "the right is missing")).toBe(words);
  });

  it("long messages are cut", () => {
    expect(failedBecause(failed("failed", "x".repeat(9_000), null), "")).toBe(`svc:Do failed: ${"x".repeat(300)}`);
  });

  // README, exit codes: 2 usage, 3 credentials or permission, 4 a part is missing, 5 a conflict
  it.each([
    ["denied", 3],
    ["credentials", 3],
    ["conflict", 5],
    ["not-found", 2],
    ["throttled", 4],
    ["unreachable", 4],
  ] as const)("%s ends a command with %s", (kind, exitCode) => {
    const error = failedWhile(failed(kind), "write memoryMib of orders", ["try"]);
    expect(error).toMatchObject({ exitCode, suggestions: ["try"], message: "cannot write memoryMib of orders: svc:Do: no\nsecond line" });
  });

  it("a gap has the place, and no time where it has no window", () => {
    expect(gapAt({ ...place, region: "r" }, "a", "b")).toEqual({
      type: "gap",
      ...place,
      region: "r",
      what: "a",
      why: "b",
      from: null,
      to: null,
    });
    expect(gapAt(place, "a", "b", { from: 1, to: 2 })).toMatchObject({ from: 1, to: 2 });
  });
});

it("what an answer cannot be read as is a gap of the place; records come once, those held at the end", () => {
  const format: Format = {
    id: "x",
    title: "X",
    kind: "json",
    lookedFor: "",
    recognise: () => 1,
    open: (source, sink) => ({
      read: () => sink.broken(`bad in ${source.account}`, { line: null, byte: null }),
      end: () => sink.record(gapAt(place, "held", "until the end")),
    }),
  };
  const reader = readerAt(place, format, idKeys(), "the source");
  expect(reader.read({})).toEqual([gapAt(place, "the source", "bad in sub")]);
  expect(reader.end()).toEqual([gapAt(place, "held", "until the end")]);
});
