import { describe, expect, it } from "vitest";
import { idKeys } from "../../../src/model/id-keys.ts";
import { isPlaceholderId, normaliseId, parentSpanIdOf, traceIdOf } from "../../../src/model/ids.ts";

const W3C = "5e1b41515ac6c58f97b87bc13f8a4f9e";

describe("traceIdOf", () => {
  it.each([
    ["X-Ray", "1-5e1b4151-5ac6c58f97b87bc13f8a4f9e"],
    ["X-Ray header", "Root=1-5e1b4151-5ac6c58f97b87bc13f8a4f9e;Parent=53995c3f42cd8ad8;Sampled=1"],
    ["X-Ray header, other order", "Sampled=1;Root=1-5e1b4151-5ac6c58f97b87bc13f8a4f9e;Lineage=1:a:0"],
    ["W3C", W3C.toUpperCase()],
    ["traceparent", `00-${W3C}-53995c3f42cd8ad8-01`],
    ["Google Cloud", `projects/p-1/traces/${W3C}`],
    ["X-Cloud-Trace-Context", `${W3C}/42;o=1`],
    ["X-Cloud-Trace-Context without span", `${W3C};o=1`],
    ["legacy Azure", `|${W3C}.1901.`],
  ])("reads the %s form", (_name, text) => {
    expect(traceIdOf(text)).toBe(W3C);
  });

  it("does not take other things for trace IDs", () => {
    expect(traceIdOf("69594c41-8463-4f69-b9b4-ff6c49813475")).toBeNull();
    expect(traceIdOf("0".repeat(32))).toBeNull();
    expect(traceIdOf("order-17")).toBeNull();
  });
});

describe("parentSpanIdOf", () => {
  it("reads W3C, X-Ray and decimal Google Cloud forms", () => {
    expect(parentSpanIdOf(`00-${W3C}-53995C3F42CD8AD8-01`)).toBe("53995c3f42cd8ad8");
    expect(parentSpanIdOf("Root=1-5e1b4151-5ac6c58f97b87bc13f8a4f9e;Parent=53995c3f42cd8ad8;Sampled=1")).toBe("53995c3f42cd8ad8");
    // 2^64 - 1 is above what a double holds exactly
    expect(parentSpanIdOf(`${W3C}/18446744073709551615;o=1`)).toBe("ffffffffffffffff");
    expect(parentSpanIdOf(W3C)).toBeNull();
  });
});

describe("normaliseId", () => {
  it("drops brackets and quotes, lowers UUIDs and traces, keeps the case of business IDs", () => {
    expect(normaliseId(' ["Order-7F"] ')).toBe("Order-7F");
    expect(normaliseId("{69594C41-8463-4F69-B9B4-FF6C49813475}")).toBe("69594c41-8463-4f69-b9b4-ff6c49813475");
    expect(normaliseId("1-5E1B4151-5AC6C58F97B87BC13F8A4F9E")).toBe(W3C);
  });

  it("knows placeholders", () => {
    for (const value of ["unknown", "N/A", "-", "00000000-0000-0000-0000-000000000000", "ab", "x".repeat(600)])
      expect(isPlaceholderId(value)).toBe(true);
    expect(isPlaceholderId("7f3")).toBe(false);
  });
});

describe("idKeys", () => {
  const keys = idKeys(["bookingRef"]);

  it.each([
    ["JSON", '{"correlationId":"C-100","level":"INFO"}'],
    ["snake case", '{"correlation_id": "C-100"}'],
    ["header", "X-Correlation-ID: C-100"],
    ["key=value", "level=info correlation-id=C-100 done"],
    ["JSON within JSON", '{"message":"{\\"correlationId\\":\\"C-100\\"}"}'],
    ["JSON twice within JSON", '{"body":"{\\"m\\":\\"{\\\\\\"correlationId\\\\\\":\\\\\\"C-100\\\\\\"}\\"}"}'],
    ["a list of one", '"x-correlation-id":["C-100"]'],
  ])("finds an ID in %s", (_name, text) => {
    expect(keys.inText(text)).toEqual([{ kind: "correlation", value: "C-100" }]);
  });

  it("finds user keys, each value once, and no placeholders", () => {
    expect(keys.inText("bookingRef=BR-1 booking_ref=BR-1 orderId=unknown orderId=O-22")).toEqual([
      { kind: "correlation", value: "BR-1" },
      { kind: "correlation", value: "O-22" },
    ]);
  });

  it("does not find keys inside other words", () => {
    expect(keys.inText('{"reorderId":"R-1","preorder_id":"P-1"}')).toEqual([]);
  });
});
