/** What a filter says of given events -> document and table. */
import type { Decision, FilterGrammar } from "../../model/filters.ts";
import { plural } from "../formats/values.ts";
import type { Column, Report, Section } from "../report.ts";

/** One event, or one case, and what was decided. */
export interface TestedEvent extends Decision {
  /** From 1, in the order of the input. */
  event: number;
  /** Its line in the input, from 1. */
  line: number;
  /** A case's own name; null: none. */
  name: string | null;
  /** null: nothing was expected. */
  expected: Decision["verdict"] | null;
}

export interface FilterTestFacts {
  /** null: each case has its own. */
  grammar: FilterGrammar | null;
  /** The grammar was not given: it was seen from the filter's form. */
  recognised: boolean;
  /** Why the vendor would refuse the filter; null: it is legal, or each case has its own. */
  invalid: string | null;
  warnings: readonly string[];
  expect: "match" | "no_match" | null;
  /** `unusable`: lines that are no JSON or no case; they are among `invalid`. */
  counts: { events: number; match: number; noMatch: number; invalid: number; unusable: number; disagreements: number };
  /** Perhaps not all: `counts.events` says how many there are. */
  results: TestedEvent[];
}

/** `filters test --format json`; its shape is `schemas/filters-test.schema.json`. */
export interface FilterTestDocument extends FilterTestFacts {
  schemaVersion: 1;
}

export function filterTestDocument(facts: FilterTestFacts): FilterTestDocument {
  return { schemaVersion: 1, ...facts };
}

/** Some of the results with every column, for CSV that is written while reading. */
export function filterTestRows(results: readonly TestedEvent[]): Report {
  return {
    schemaVersion: 1,
    title: "Filter test",
    sections: [{ title: "", columns: columnsOf(true, true), rows: results.map(rowOf), notes: [] }],
  };
}

function columnsOf(named: boolean, expects: boolean): Column[] {
  return [
    { key: "event", label: "event", type: "count" },
    { key: "line", label: "line", type: "count", optional: true },
    ...(named ? [{ key: "name", label: "name", type: "text" as const }] : []),
    { key: "verdict", label: "verdict", type: "text" },
    ...(expects ? [{ key: "expected", label: "expected", type: "text" as const }] : []),
    { key: "clause", label: "clause", type: "text" },
    { key: "reason", label: "reason", type: "text" },
  ];
}

function rowOf({ event, line, name, verdict, expected, clause, reason }: TestedEvent): Section["rows"][number] {
  return { event, line, name, verdict, expected, clause, reason };
}

export function filterTestView(facts: FilterTestFacts): Report {
  const { counts, results } = facts;
  const expects = results.some((one) => one.expected !== null);
  const named = results.some((one) => one.name !== null);
  return {
    schemaVersion: 1,
    title: "Filter test",
    sections: [
      {
        title: `${facts.grammar ?? "Cases"}${facts.recognised ? " (by the filter's form)" : ""}`,
        columns: columnsOf(named, expects),
        rows: results.map(rowOf),
        notes: [
          `${counts.match} of ${counts.events} match, ${counts.noMatch} do not, ${counts.invalid} ${counts.invalid === 1 ? "is" : "are"} invalid`,
          ...(facts.invalid === null ? [] : [`The filter would be refused: ${facts.invalid}`]),
          ...facts.warnings.map((one) => `Warning: ${one}`),
          ...(counts.unusable === 0 ? [] : [`${plural(counts.unusable, "line")} could not be used`]),
          ...(counts.disagreements === 0 ? [] : [`${counts.disagreements} are not as expected`]),
          ...(results.length < counts.events
            ? [`${counts.events - results.length} more are not shown; --format csv and json have all`]
            : []),
        ],
      },
    ],
  };
}
