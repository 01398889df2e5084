/** DynamoDB's typed JSON: the forms of https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html */
import { expect, test } from "vitest";
import { plainItem } from "../../../src/model/attribute-value.ts";

test("each type as plain JSON", () => {
  expect(
    plainItem({
      s: { S: "Hello" },
      n: { N: "123.45" },
      b: { B: "dGhpcyB0ZXh0" },
      yes: { BOOL: true },
      nothing: { NULL: true },
      ss: { SS: ["Giraffe", "Hippo"] },
      ns: { NS: ["42.2", "-19"] },
      l: { L: [{ S: "Cookies" }, { N: "3.14159" }] },
      m: { M: { Name: { S: "Joe" }, Age: { N: "35" } } },
    }),
  ).toEqual({
    s: "Hello",
    n: 123.45,
    b: "dGhpcyB0ZXh0",
    yes: true,
    nothing: null,
    ss: ["Giraffe", "Hippo"],
    ns: [42.2, -19],
    l: ["Cookies", 3.14159],
    m: { Name: "Joe", Age: 35 },
  });
});

test.each([[{ id: "plain" }], [{ id: { S: 1 } }], [{ id: { S: "a", N: "1" } }], [{ id: { X: "a" } }], [{}]])(
  "%j is no such item",
  (item) => {
    expect(plainItem(item)).toBeNull();
  },
);
