import { describe, expect, it } from "vitest";
import { arrayAt, booleanAt, fieldOf, isObject, numberAt, numberOf, objectAt, textAt, textOf } from "../../../src/model/json.ts";

describe("fields whose type is not certain", () => {
  const object = {
    text: "a",
    empty: "",
    number: 3,
    numeric: "333",
    big: "1e400",
    list: [1],
    inner: { a: 1 },
    nothing: null,
    yes: "true",
    no: false,
    toString: 1,
  };

  it("takes the first name that fits and null where none does", () => {
    expect(textAt(object, "missing", "empty", "text")).toBe("a");
    expect(textAt(object, "number")).toBe("3");
    expect(textAt(object, "inner", "list", "nothing")).toBeNull();
    expect(numberAt(object, "text", "numeric")).toBe(333);
    expect(numberAt(object, "empty", "big", "list")).toBeNull();
    expect(objectAt(object, "list", "nothing", "inner")).toEqual({ a: 1 });
    expect(arrayAt(object, "inner", "list")).toEqual([1]);
    expect(booleanAt(object, "text", "yes")).toBe(true);
    expect(booleanAt(object, "no")).toBe(false);
    expect(fieldOf(object, ["missing", "nothing", "no"])).toBe(false);
    expect(fieldOf(object, ["missing"])).toBeNull();
  });

  it("tells objects from lists and null", () => {
    expect([{}, [], null, "x", undefined].map(isObject)).toEqual([true, false, false, false, false]);
  });

  it("never takes an infinity, and never throws on an object with an own toString", () => {
    expect([numberOf(Number.POSITIVE_INFINITY), numberOf("Infinity"), numberOf(" "), numberOf("0x10")]).toEqual([null, null, null, 16]);
    expect([textOf(object), textOf("x"), textOf(1), textOf(null)]).toEqual([null, "x", "1", null]);
  });
});
