/**
 * Numbers as EventBridge's rule engine compares them: as doubles, where the text says exactly that double; else by their text alone.
 * https://github.com/aws/event-ruler/blob/main/src/main/software/amazon/event/ruler/ComparableNumber.java. AWS's guide still tells of -5e9 to 5e9 with six
 * digits after the point, which was the engine's limit before version 1.8; filters beyond it get a warning.
 */

/** Whether the text says a double exactly, so that it is compared by value: 300, 300.0 and 3.0e2 do, and are equal. */
export function isComparable(text: string): boolean {
  const value = Number(text);
  return Number.isFinite(value) && plain(text) === plain(String(value));
}

/** Digits and exponent without the freedom of notation: `3.0e2` and `300` are both `3e2`. */
function plain(text: string): string {
  const [, sign, whole, fraction = "", exponent = "0"] = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(
    text,
  ) as RegExpExecArray as unknown as [string, string, string, string?, string?];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign === "-" ? "-" : ""}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
