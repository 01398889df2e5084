/** KQL queries as DuckDB SQL, from Microsoft's bound tree: the operators that evscope's texts use, and no more. */
import { type Bound, bind, columnsOf, type Node } from "./kusto.ts";
import { aggregateOf } from "./kql-aggregates.ts";
import { ident, NotTranslated, type Scope, sqlOf } from "./kql-expressions.ts";
import { kindOf, nameOf, parts, textOf, tokens } from "./syntax.ts";
import type { Tables } from "./table-schemas.ts";

/** A table so far. `ordered`: it has a column `__order`. */
interface Relation {
  sql: string;
  columns: Bound["columns"];
  ordered: boolean;
}

export interface Translated {
  sql: string;
  columns: Bound["columns"];
  problems: string[];
}

/** `tableSql`: SQL of a table, with the columns that the schema says. */
export function translate(text: string, tables: Tables, tableSql: (table: string) => string, nowTicks: bigint): Translated {
  const bound = bind(text, tables);
  if (bound.problems.length > 0) return { sql: "", columns: [], problems: bound.problems };
  const scalars = new Map<string, string>();
  const relations = new Map<string, Relation>();

  const scope: Scope = {
    scalars,
    nowTicks,
    subquery: (node) => (columnsOf(node).length > 0 && isTabular(node) ? plain(tableOf(node)) : null),
  };
  const isTabular = (node: Node): boolean =>
    node.ResultType?.Columns !== undefined && (kindOf(node) !== "NameReference" || relations.has(nameOf(node)) || nameOf(node) in tables);
  const plain = (one: Relation): string => `SELECT ${one.columns.map((c) => ident(c.name)).join(", ")} FROM (${one.sql})`;

  function tableOf(node: Node): Relation {
    const [first, second] = parts(node);
    switch (kindOf(node)) {
      case "ParenthesizedExpression":
        return tableOf(first!);
      case "NameReference": {
        const name = nameOf(node);
        const columns = columnsOf(node);
        return (
          relations.get(name) ?? {
            sql: `SELECT ${columns.map((c) => ident(c.name)).join(", ")} FROM (${tableSql(name)})`,
            columns,
            ordered: false,
          }
        );
      }
      case "PipeExpression":
        return piped(tableOf(first!), second!, columnsOf(node));
      case "UnionOperator":
        return unionOf(parts(node), columnsOf(node));
      case "PrintOperator":
        return {
          sql: `SELECT ${parts(node)
            .map((one, i) => `${sqlOf(valueOf(one), scope)} AS ${ident(columnsOf(node)[i]!.name)}`)
            .join(", ")}`,
          columns: columnsOf(node),
          ordered: false,
        };
      default:
        if (kindOf(node) === "FunctionCallExpression" && nameOf(first!) === "materialize") return tableOf(second!);
        throw new NotTranslated(`table ${kindOf(node)}: ${textOf(node).slice(0, 80)}`);
    }
  }

  /** Expression of `name = expression`, or the expression itself. */
  const valueOf = (node: Node): Node => (kindOf(node) === "SimpleNamedExpression" ? parts(node)[1]! : node);
  const expressions = (node: Node): Node[] => parts(node).filter((one) => kindOf(one) !== "NamedParameter");
  const option = (nodes: readonly Node[], name: string): string | null => {
    const found = nodes.find((one) => kindOf(one) === "NamedParameter" && nameOf(parts(one)[0]!) === name);
    return found ? nameOf(parts(found)[1]!) : null;
  };

  function unionOf(nodes: readonly Node[], columns: Bound["columns"], before: Relation | null = null): Relation {
    const source = option(nodes, "withsource");
    const branches = nodes
      .filter((one) => kindOf(one) !== "NamedParameter")
      .map((one) => ({ relation: tableOf(one), name: sourceName(one) }));
    if (before) branches.unshift({ relation: before, name: "union_arg0" });
    const selects = branches.map(({ relation, name }) => {
      const cells = columns.map((column) => {
        if (column.name === source) return `'${name}' AS ${ident(column.name)}`;
        const own = relation.columns.find((one) => one.name === column.name);
        if (own && own.type !== column.type) throw new NotTranslated(`union: ${column.name} is ${own.type} and ${column.type}`);
        return own
          ? ident(own.name)
          : `${column.type === "string" ? "''" : `CAST(NULL AS ${SQL_TYPE[column.type] ?? "VARCHAR"})`} AS ${ident(column.name)}`;
      });
      return `SELECT ${cells.join(", ")} FROM (${relation.sql})`;
    });
    return { sql: selects.join(" UNION ALL "), columns, ordered: false };
  }

  const sourceName = (node: Node): string => {
    let at = node;
    while (kindOf(at) === "ParenthesizedExpression" || kindOf(at) === "PipeExpression") at = parts(at)[0]!;
    return kindOf(at) === "NameReference" ? nameOf(at) : "union_arg";
  };

  function piped(from: Relation, node: Node, columns: Bound["columns"]): Relation {
    const keep = from.ordered ? ", __order" : "";
    const named = (list: Bound["columns"]): string => list.map((c) => ident(c.name)).join(", ");
    const select = (cells: string): Relation => ({ sql: `SELECT ${cells}${keep} FROM (${from.sql})`, columns, ordered: from.ordered });
    const items = expressions(node);
    switch (kindOf(node)) {
      case "FilterOperator":
        return { ...from, sql: `SELECT * FROM (${from.sql}) WHERE ${items.map((one) => sqlOf(one, scope)).join(" AND ")}` };
      case "ProjectOperator":
        return select(items.map((one, i) => `${sqlOf(valueOf(one), scope)} AS ${ident(columns[i]!.name)}`).join(", "));
      case "ProjectAwayOperator":
      case "ProjectKeepOperator":
      case "ProjectReorderOperator":
        return select(named(columns));
      case "ProjectRenameOperator":
        return select(from.columns.map((c, i) => `${ident(c.name)} AS ${ident(columns[i]!.name)}`).join(", "));
      case "ExtendOperator": {
        const added = new Map(
          items.map((one) => [kindOf(one) === "SimpleNamedExpression" ? nameOf(parts(one)[0]!) : textOf(one), sqlOf(valueOf(one), scope)]),
        );
        return select(columns.map((c) => (added.has(c.name) ? `${added.get(c.name)} AS ${ident(c.name)}` : ident(c.name))).join(", "));
      }
      case "DistinctOperator": {
        const cells = items.some((one) => kindOf(one) === "StarExpression")
          ? named(columns)
          : items.map((one, i) => `${sqlOf(one, scope)} AS ${ident(columns[i]!.name)}`).join(", ");
        return { sql: `SELECT DISTINCT ${cells} FROM (${from.sql})`, columns, ordered: false };
      }
      case "CountOperator":
        return { sql: `SELECT count(*) AS ${ident(columns[0]!.name)} FROM (${from.sql})`, columns, ordered: false };
      case "SortOperator":
        return {
          sql: `SELECT ${named(from.columns)}, row_number() OVER (ORDER BY ${orderOf(items)}) AS __order FROM (${from.sql})`,
          columns,
          ordered: true,
        };
      case "TakeOperator":
        return { ...from, sql: `SELECT * FROM (${from.sql})${from.ordered ? " ORDER BY __order" : ""} LIMIT ${sqlOf(items[0]!, scope)}` };
      case "TopOperator": {
        const sorted = `SELECT ${named(from.columns)}, row_number() OVER (ORDER BY ${orderOf(items.slice(1))}) AS __order FROM (${from.sql})`;
        return { sql: `SELECT * FROM (${sorted}) ORDER BY __order LIMIT ${sqlOf(items[0]!, scope)}`, columns, ordered: true };
      }
      case "SummarizeOperator":
        return summarized(from, items, columns);
      case "JoinOperator":
        return joined(from, parts(node), columns);
      case "UnionOperator":
        return unionOf(parts(node), columns, from);
      case "MvExpandOperator":
        return expanded(from, items, columns);
      default:
        throw new NotTranslated(`operator ${kindOf(node)}`);
    }
  }

  /** Kusto sorts descending unless told, and nulls last then. */
  function orderOf(items: readonly Node[]): string {
    return items
      .map((one) => {
        if (kindOf(one) !== "OrderedExpression") return `${sqlOf(one, scope)} DESC NULLS LAST`;
        const [value, clause] = parts(one);
        const ascending = clause !== undefined && tokens(clause)[0] === "asc";
        return `${sqlOf(value!, scope)} ${ascending ? "ASC NULLS FIRST" : "DESC NULLS LAST"}`;
      })
      .join(", ");
  }

  function summarized(from: Relation, items: readonly Node[], columns: Bound["columns"]): Relation {
    const by = items.filter((one) => kindOf(one) === "SummarizeByClause").flatMap(expressions);
    const aggregates = items.filter((one) => kindOf(one) !== "SummarizeByClause").map(valueOf);
    const keys = by.map((one, i) => `${sqlOf(valueOf(one), scope)} AS ${ident(columns[i]!.name)}`);
    const group = by.length === 0 ? "" : ` GROUP BY ${by.map((_, i) => i + 1).join(", ")}`;
    const star = aggregates.find((one) => /^arg_(?:max|min)$/.test(nameOf(parts(one)[0] ?? one)));
    if (star) {
      if (aggregates.length > 1) throw new NotTranslated("arg_max beside another aggregate");
      const [callee, measure, ...rest] = parts(star);
      const way = nameOf(callee!) === "arg_max" ? "DESC NULLS LAST" : "ASC NULLS LAST";
      const kept = rest.some((one) => kindOf(one) === "StarExpression")
        ? columns.slice(by.length + 1).map((c) => ident(c.name))
        : rest.map((one, i) => `${sqlOf(one, scope)} AS ${ident(columns[by.length + 1 + i]!.name)}`);
      const cells = [...keys, `${sqlOf(measure!, scope)} AS ${ident(columns[by.length]!.name)}`, ...kept];
      const partition = by.map((one) => sqlOf(valueOf(one), scope)).join(", ");
      return {
        sql: `SELECT ${cells.join(", ")} FROM (${from.sql}) QUALIFY row_number() OVER (${partition === "" ? "" : `PARTITION BY ${partition} `}ORDER BY ${sqlOf(measure!, scope)} ${way}) = 1`,
        columns,
        ordered: false,
      };
    }
    const values = aggregates.map((one, i) => `${aggregateOf(one, scope)} AS ${ident(columns[by.length + i]!.name)}`);
    return { sql: `SELECT ${[...keys, ...values].join(", ")} FROM (${from.sql})${group}`, columns, ordered: false };
  }

  function joined(from: Relation, nodes: readonly Node[], columns: Bound["columns"]): Relation {
    const kind = option(nodes, "kind") ?? "innerunique";
    const [rightNode, on] = nodes.filter((one) => kindOf(one) !== "NamedParameter");
    const right = tableOf(rightNode!);
    const pairs = parts(on!).map((one): [string, string] => {
      if (kindOf(one) === "NameReference") return [ident(nameOf(one)), ident(nameOf(one))];
      const [a, b] = parts(one).map((side) => parts(side));
      const [l, r] = nameOf(a![0]!) === "$left" ? [a!, b!] : [b!, a!];
      return [ident(nameOf(l[1]!)), ident(nameOf(r[1]!))];
    });
    const match = pairs.map(([l, r]) => `l.${l} = r.${r}`).join(" AND ");
    const left = kind === "innerunique" ? `SELECT DISTINCT ON (${pairs.map(([l]) => l).join(", ")}) * FROM (${from.sql})` : from.sql;
    if (kind === "leftsemi" || kind === "leftanti")
      return {
        sql: `SELECT l.* FROM (${left}) l ${kind === "leftsemi" ? "SEMI" : "ANTI"} JOIN (${right.sql}) r ON ${match}`,
        columns,
        ordered: false,
      };
    const way = { inner: "JOIN", innerunique: "JOIN", leftouter: "LEFT JOIN" }[kind];
    if (way === undefined) throw new NotTranslated(`join kind ${kind}`);
    const all = [
      ...from.columns.map((c) => `l.${ident(c.name)}`),
      ...right.columns.map((c) => (c.type === "string" ? `coalesce(r.${ident(c.name)}, '')` : `r.${ident(c.name)}`)),
    ];
    const cells = all.map((cell, i) => `${cell} AS ${ident(columns[i]!.name)}`);
    return { sql: `SELECT ${cells.join(", ")} FROM (${left}) l ${way} (${right.sql}) r ON ${match}`, columns, ordered: false };
  }

  /** `mv-expand x` and `mv-expand x = list`: a row for each item; a row without items stays. */
  function expanded(from: Relation, items: readonly Node[], columns: Bound["columns"]): Relation {
    const item = items.filter((one) => kindOf(one) === "MvExpandExpression");
    if (item.length !== 1) throw new NotTranslated("mv-expand of several columns");
    const target = parts(item[0]!)[0]!;
    const name = kindOf(target) === "SimpleNamedExpression" ? nameOf(parts(target)[0]!) : nameOf(target);
    const type = columns.find((c) => c.name === name)?.type;
    const value = type === "dynamic" ? "CAST(e.item AS VARCHAR)" : "coalesce(json_extract_string(e.item, '$'), '')";
    const cells = columns.map((c) => (c.name === name ? `${value} AS ${ident(name)}` : `f.${ident(c.name)}`));
    const list = `SELECT *, ${sqlOf(valueOf(target), scope)} AS __list FROM (${from.sql})`;
    return {
      sql: `SELECT ${cells.join(", ")}${from.ordered ? ", f.__order" : ""} FROM (${list}) f LEFT JOIN LATERAL (SELECT unnest(json_extract(f.__list, '$[*]')) AS item) e ON TRUE`,
      columns,
      ordered: from.ordered,
    };
  }

  let result: Relation | null = null;
  for (const statement of parts(bound.syntax)) {
    if (kindOf(statement) === "LetStatement") {
      const [name, value] = parts(statement);
      if (isTabular(value!)) relations.set(nameOf(name!), tableOf(value!));
      else scalars.set(nameOf(name!), sqlOf(value!, scope));
    } else if (kindOf(statement) === "ExpressionStatement") result = tableOf(parts(statement)[0]!);
  }
  if (result === null) throw new NotTranslated("a text without a query");
  // what is more than a double holds exactly comes back as text
  const cells = result.columns.map((c) =>
    c.type === "bool" ? ident(c.name) : c.type === "real" ? `CAST(${ident(c.name)} AS DOUBLE)` : `CAST(${ident(c.name)} AS VARCHAR)`,
  );
  return {
    sql: `SELECT ${cells.join(", ")} FROM (${result.sql})${result.ordered ? " ORDER BY __order" : ""}`,
    columns: result.columns,
    problems: [],
  };
}

export const SQL_TYPE: Readonly<Record<string, string>> = {
  bool: "BOOLEAN",
  datetime: "BIGINT",
  timespan: "BIGINT",
  int: "BIGINT",
  long: "BIGINT",
  real: "DOUBLE",
};
