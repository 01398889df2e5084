/** Names as --function takes them. */

/** Whether a name fits a pattern in which `*` stands for any characters; case does not count. */
export function namePattern(pattern: string): (name: string) => boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join(".*")}$`, "i");
  return (name) => expression.test(name);
}
