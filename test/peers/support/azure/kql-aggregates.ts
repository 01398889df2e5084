/** Aggregates of `summarize` as DuckDB SQL. */
import type { Node } from "./kusto.ts";
import { NotTranslated, type Scope, sqlOf, typeOf } from "./kql-expressions.ts";
import { kindOf, nameOf, parts, textOf } from "./syntax.ts";

/** SQL of an aggregate of `summarize`. */
export function aggregateOf(node: Node, scope: Scope): string {
  if (kindOf(node) !== "FunctionCallExpression") throw new NotTranslated(`aggregate ${textOf(node)}`);
  const [callee, ...args] = parts(node);
  const [a = "", b = ""] = args.map((arg) => (kindOf(arg) === "StarExpression" ? "*" : sqlOf(arg, scope)));
  const isDynamic = args[0] !== undefined && typeOf(args[0]) === "dynamic";
  switch (nameOf(callee!)) {
    case "count":
      return "count(*)";
    case "countif":
      return `count(*) FILTER (WHERE ${a})`;
    case "sum":
      return typeOf(args[0]!) === "real" ? `coalesce(sum(${a}), 0)` : `CAST(coalesce(sum(${a}), 0) AS BIGINT)`;
    case "sumif":
      return typeOf(args[0]!) === "real"
        ? `coalesce(sum(${a}) FILTER (WHERE ${b}), 0)`
        : `CAST(coalesce(sum(${a}) FILTER (WHERE ${b}), 0) AS BIGINT)`;
    case "dcount":
      return `count(DISTINCT ${a})`;
    case "min":
    case "max":
      return `${nameOf(callee!)}(${a})`;
    case "avg":
      return `avg(${a})`;
    case "take_any":
    case "any":
      return `any_value(${a})`;
    case "percentile":
      return `quantile_disc(${a}, ${b} / 100.0)`;
    case "make_set":
    case "make_list":
      return `CAST(to_json(list(${nameOf(callee!) === "make_set" ? "DISTINCT " : ""}${isDynamic ? `CAST(${a} AS JSON)` : a})) AS VARCHAR)`;
    default:
      throw new NotTranslated(`aggregate ${nameOf(callee!)}`);
  }
}
