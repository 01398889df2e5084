/**
 * Microsoft's own KQL parser as a judge: parses a text and binds it to table schemas, and says which columns of which types it yields.
 * The parser is C# compiled to scripts that put their classes on the global object.
 */
import { createRequire } from "node:module";
import type { KustoType, Tables } from "./table-schemas.ts";

/** A node of the parser's syntax tree; tokens have a text and no children. */
export interface Node {
  $$name?: string;
  constructor: { $$name?: string };
  ChildCount: number;
  GetChild(i: number): Node | null;
  Text?: string;
  Value?: unknown;
  ResultType: { Name: string; Columns?: NetList<{ Name: string; Type: { Name: string } }> } | null;
}

interface NetList<T> {
  Count: number;
  getItem(i: number): T;
}

export interface Bound {
  /** What is wrong with the text, as the parser says it; empty: nothing. */
  problems: string[];
  columns: { name: string; type: KustoType }[];
  syntax: Node;
}

interface Parser {
  parse(
    text: string,
    globals: unknown,
  ): { GetDiagnostics(): NetList<{ Code: string; Message: string; Severity: string }>; ResultType: Node["ResultType"]; Syntax: Node };
  globals(tables: Tables): unknown;
}

let loaded: Parser | null = null;

function parser(): Parser {
  if (loaded) return loaded;
  const require = createRequire(import.meta.url);
  for (const script of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) require(`@kusto/language-service-next/${script}`);
  const { Language } = (globalThis as any).Kusto;
  const { Symbols } = Language;
  return (loaded = {
    parse: (text, globals) => Language.KustoCode.ParseAndAnalyze(text, globals),
    globals(tables) {
      const symbols = Object.entries(tables).map(([name, columns]) => {
        const schema = Object.entries(columns).map(([column, type]) => `['${column}']: ${type}`);
        return new Symbols.TableSymbol.$ctor7(name, `(${schema.join(", ")})`, null);
      });
      return Language.GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1("w", symbols, false));
    },
  });
}

const globals = new WeakMap<Tables, unknown>();

export function listed<T>(list: NetList<T>): T[] {
  return Array.from({ length: list.Count }, (_, i) => list.getItem(i));
}

/** Columns that a node yields; empty: it is no table. */
export function columnsOf(node: Pick<Node, "ResultType">): Bound["columns"] {
  const columns = node.ResultType?.Columns;
  return columns === undefined ? [] : listed(columns).map(({ Name, Type }) => ({ name: Name, type: Type.Name as KustoType }));
}

/** Parses and binds. */
export function bind(text: string, tables: Tables): Bound {
  if (!globals.has(tables)) globals.set(tables, parser().globals(tables));
  const code = parser().parse(text, globals.get(tables));
  const problems = listed(code.GetDiagnostics())
    .filter((one) => one.Severity !== "Suggestion" && one.Severity !== "Information")
    .map((one) => `${one.Code} ${one.Message}`);
  return { problems, columns: columnsOf(code), syntax: code.Syntax };
}
