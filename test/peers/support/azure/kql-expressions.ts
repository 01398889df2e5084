/**
 * KQL expressions as DuckDB SQL, from Microsoft's bound tree. A datetime or timespan is a BIGINT of 100 ns, a dynamic is JSON text, a
 * string is never NULL. What is not translated throws: then the text cannot be run here, and the test that asks it fails.
 */
import { quote } from "../../../../src/store/duckdb.ts";
import type { Node } from "./kusto.ts";
import { kindOf, nameOf, parts, spanOf, stringOf, textOf, ticksOf, tokens } from "./syntax.ts";

export interface Scope {
  /** SQL of `let` scalars, by name. */
  scalars: ReadonlyMap<string, string>;
  /** SQL of a tabular expression inside `in (…)`. */
  subquery(node: Node): string | null;
  nowTicks: bigint;
}

export class NotTranslated extends Error {}

export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const typeOf = (node: Node): string => node.ResultType?.Name ?? "unknown";

/** SQL of a scalar expression. */
export function sqlOf(node: Node, scope: Scope): string {
  const sub = (child: Node): string => sqlOf(child, scope);
  const [first, second, third] = parts(node);
  switch (kindOf(node)) {
    case "ParenthesizedExpression":
      return `(${sub(first!)})`;
    case "LiteralExpression":
      return literal(node);
    case "CompoundStringLiteralExpression":
      return quote(stringOf(node));
    case "DynamicExpression":
      return quote(
        textOf(node)
          .replace(/^dynamic\(/, "")
          .replace(/\)$/, "")
          .replace(/"(?:[^"\\]|\\.)*"|'((?:[^'\\]|\\.)*)'/g, (whole, inner?: string) =>
            inner === undefined ? whole : JSON.stringify(inner),
          ),
      );
    case "NameReference": {
      const name = nameOf(node);
      return scope.scalars.get(name) ?? ident(name);
    }
    case "PathExpression":
      return property(sub(first!), `."${nameOf(second!).replaceAll('"', '\\"')}"`);
    case "ElementExpression": {
      const key = parts(second!)[0]!;
      return property(
        sub(first!),
        kindOf(key) === "LiteralExpression" && typeOf(key) === "string"
          ? `."${stringOf(key).replaceAll('"', '\\"')}"`
          : `[${textOf(key).replace(/^-/, "#-")}]`,
      );
    }
    case "PrefixUnaryExpression":
      return `(${tokens(node)[0]} ${sub(first!)})`;
    case "BinaryExpression":
      return binary(tokens(node)[0]!, first!, second!, scope);
    case "BetweenExpression": {
      const inside = `(${sub(first!)} BETWEEN ${sub(second!)} AND ${typeOf(third!) === "timespan" && typeOf(first!) === "datetime" ? `${sub(second!)} + ${sub(third!)}` : sub(third!)})`;
      return tokens(node)[0] === "!between" ? `(NOT ${inside})` : inside;
    }
    case "InExpression": {
      const operator = tokens(node)[0]!;
      const folded = operator.endsWith("~");
      const fold = (sql: string): string => (folded ? `lower(${sql})` : sql);
      const inside = `(${fold(text(first!, scope))} IN (${listOf(parts(node).slice(1), scope)
        .map((sql) => (sql.startsWith("SELECT") ? sql : fold(sql)))
        .join(", ")}))`;
      return operator.startsWith("!") ? `(NOT ${inside})` : inside;
    }
    case "HasAnyExpression":
    case "HasAllExpression": {
      const terms = listOf(parts(node).slice(1), scope).map((sql) => hasTerm(text(first!, scope), sql, true));
      return terms.length === 0 ? "FALSE" : `(${terms.join(kindOf(node) === "HasAnyExpression" ? " OR " : " AND ")})`;
    }
    case "FunctionCallExpression":
      return call(nameOf(first!), parts(node).slice(1), scope);
    default:
      throw new NotTranslated(`expression ${kindOf(node)}: ${textOf(node)}`);
  }
}

/** An expression where text is wanted: a dynamic as its string. */
function text(node: Node, scope: Scope): string {
  return typeOf(node) === "dynamic" ? stringOfJson(sqlOf(node, scope)) : sqlOf(node, scope);
}

function literal(node: Node): string {
  const raw = textOf(node);
  switch (typeOf(node)) {
    case "string":
    case "guid":
      return quote(stringOf(node));
    case "datetime":
      return ticksOf(raw)?.toString() ?? "NULL";
    case "timespan":
      return `${spanOf(raw)}`;
    case "bool":
      return /true/i.test(raw) ? "TRUE" : "FALSE";
    case "real":
      return `CAST(${raw.replace(/^(?:real|double)\(|\)$/g, "")} AS DOUBLE)`;
    default:
      return raw.replace(/^(?:long|int)\(|\)$/g, "");
  }
}

const property = (json: string, path: string): string => `CAST(json_extract(${json}, ${quote(`$${path}`)}) AS VARCHAR)`;
const stringOfJson = (json: string): string => `coalesce(json_extract_string(${json}, '$'), '')`;

/** Items of `(…)`: expressions, a table's first column, or a dynamic list written out. */
function listOf(items: readonly Node[], scope: Scope): string[] {
  return items.flatMap((item) => {
    const rows = scope.subquery(item);
    if (rows !== null) return [`SELECT * FROM (${rows})`];
    if (typeOf(item) !== "dynamic") return [sqlOf(item, scope)];
    const written = /^'(.*)'$/s.exec(sqlOf(item, scope));
    const list: unknown = written ? JSON.parse(written[1]!.replaceAll("''", "'")) : null;
    if (!Array.isArray(list)) throw new NotTranslated(`a list that is not written out: ${textOf(item)}`);
    return list.map((one) => (typeof one === "string" ? quote(one) : String(one)));
  });
}

/** Whether a text holds a term: bounded by what is no letter or digit. https://learn.microsoft.com/kusto/query/datatypes-string-operators */
function hasTerm(value: string, term: string, folded: boolean): string {
  const escaped = `regexp_escape(${term})`;
  return `regexp_matches(${value}, '(^|[^A-Za-z0-9])' || ${escaped} || '($|[^A-Za-z0-9])'${folded ? ", 'i'" : ""})`;
}

function binary(operator: string, left: Node, right: Node, scope: Scope): string {
  const negated = /^!(?!=$|~$)/.test(operator);
  const plain = negated ? operator.slice(1) : operator;
  const numbers = (): [string, string] => [sqlOf(left, scope), sqlOf(right, scope)];
  if (/^(?:and|or|<|<=|>|>=|\+|-|\*|%)$/.test(plain)) {
    const [a, b] = numbers();
    return `(${a} ${plain} ${b})`;
  }
  const [l, r] = [text(left, scope), text(right, scope)];
  const test = ((): string => {
    switch (plain) {
      case "==":
        return `(${l} = ${r})`;
      case "!=":
      case "<>":
        return `(${l} <> ${r})`;
      case "=~":
        return `(lower(${l}) = lower(${r}))`;
      case "!~":
        return `(lower(${l}) <> lower(${r}))`;
      case "/":
        return /^(int|long|timespan)$/.test(typeOf(left)) && /^(int|long|timespan)$/.test(typeOf(right))
          ? `(${l} // ${r})`
          : `(CAST(${l} AS DOUBLE) / ${r})`;
      case "contains":
        return `contains(lower(${l}), lower(${r}))`;
      case "contains_cs":
        return `contains(${l}, ${r})`;
      case "startswith":
        return `starts_with(lower(${l}), lower(${r}))`;
      case "startswith_cs":
        return `starts_with(${l}, ${r})`;
      case "endswith":
        return `ends_with(lower(${l}), lower(${r}))`;
      case "has":
        return hasTerm(l, r, true);
      case "has_cs":
        return hasTerm(l, r, false);
      case "hasprefix":
        return `regexp_matches(${l}, '(^|[^A-Za-z0-9])' || regexp_escape(${r}), 'i')`;
      case "matches regex":
      case "matches":
        return `regexp_matches(${l}, ${r})`;
      default:
        throw new NotTranslated(`operator ${operator}`);
    }
  })();
  return negated ? `(NOT ${test})` : test;
}

function call(name: string, args: readonly Node[], scope: Scope): string {
  const sql = args.map((arg) => sqlOf(arg, scope));
  const [a = "", b = "", c = ""] = sql;
  switch (name) {
    case "ago":
      return `(${scope.nowTicks} - ${a})`;
    case "now":
      return args.length === 0 ? `${scope.nowTicks}` : `(${scope.nowTicks} + ${a})`;
    case "tostring":
      return toText(args[0]!, scope);
    case "todynamic":
    case "parse_json":
      return typeOf(args[0]!) === "string" ? `CASE WHEN json_valid(${a}) THEN ${a} ELSE NULL END` : a;
    case "tolong":
    case "toint":
      return typeOf(args[0]!) === "datetime" ? a : `TRY_CAST(${text(args[0]!, scope)} AS BIGINT)`;
    case "todouble":
    case "toreal":
      return `TRY_CAST(${text(args[0]!, scope)} AS DOUBLE)`;
    case "tobool":
      return `TRY_CAST(${text(args[0]!, scope)} AS BOOLEAN)`;
    case "not":
      return `(NOT ${a})`;
    case "iff":
    case "iif":
      return `CASE WHEN ${a} THEN ${b} ELSE ${c} END`;
    case "case": {
      const pairs = sql.slice(0, -1);
      const whens = pairs.flatMap((when, i) => (i % 2 === 0 ? [`WHEN ${when} THEN ${pairs[i + 1]}`] : []));
      return `CASE ${whens.join(" ")} ELSE ${sql.at(-1)} END`;
    }
    case "coalesce":
      return typeOf(args[0]!) === "string"
        ? `coalesce(${sql.map((one) => `nullif(${one}, '')`).join(", ")}, '')`
        : `coalesce(${sql.join(", ")})`;
    case "isempty":
      return `(coalesce(CAST(${a} AS VARCHAR), '') = '')`;
    case "isnotempty":
      return `(coalesce(CAST(${a} AS VARCHAR), '') <> '')`;
    case "isnull":
      return `(${a} IS NULL)`;
    case "isnotnull":
      return `(${a} IS NOT NULL)`;
    case "strcat":
      return `concat(${args.map((arg) => text(arg, scope)).join(", ")})`;
    case "tolower":
      return `lower(${text(args[0]!, scope)})`;
    case "toupper":
      return `upper(${text(args[0]!, scope)})`;
    case "strlen":
      return `length(${a})`;
    case "string_size":
      return `strlen(${text(args[0]!, scope)})`;
    case "estimate_data_size":
      return `(${args.map((arg) => `strlen(coalesce(CAST(${sqlOf(arg, scope)} AS VARCHAR), ''))`).join(" + ")})`;
    case "substring":
      return `substr(${a}, ${b} + 1${c === "" ? "" : `, ${c}`})`;
    case "split":
      return `CAST(to_json(string_split(${a}, ${b})) AS VARCHAR)`;
    case "extract":
      return `regexp_extract(${c}, ${a}, ${b})`;
    case "array_length":
      return `json_array_length(${a})`;
    case "bin":
    case "floor":
      return typeOf(args[0]!) === "real" ? `(floor(${a} / ${b}) * ${b})` : `((${a} // ${b}) * ${b})`;
    case "pack":
    case "bag_pack":
      return `CAST(json_object(${sql.join(", ")}) AS VARCHAR)`;
    case "max_of":
      return `greatest(${sql.join(", ")})`;
    case "min_of":
      return `least(${sql.join(", ")})`;
    default:
      throw new NotTranslated(`function ${name}`);
  }
}

function toText(node: Node, scope: Scope): string {
  const sql = sqlOf(node, scope);
  switch (typeOf(node)) {
    case "string":
      return sql;
    case "dynamic":
      return stringOfJson(sql);
    case "bool":
      return `CASE WHEN ${sql} THEN 'True' WHEN NOT ${sql} THEN 'False' ELSE '' END`;
    case "datetime":
    case "timespan":
      throw new NotTranslated("tostring of a time");
    default:
      return `coalesce(CAST(${sql} AS VARCHAR), '')`;
  }
}
