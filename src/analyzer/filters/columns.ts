/** Events as columns: one per path, with the values that each event has there. */
import type { LabelledEvent } from "../../model/filters.ts";
import type { Path, Scalar } from "./clause.ts";
import { pathText } from "./clause.ts";
import { leavesOf } from "./fields.ts";

/** One field over all events. */
export interface Column {
  path: Path;
  name: string;
  /** The outermost array above it; null: under none. */
  array: string | null;
  /** Values of each event, in the events' order; undefined: the event has no such field. */
  values: (Scalar[] | undefined)[];
  /** Events that have it. */
  present: number;
}

/** More fields than this are never looked at: those seen first win. */
const mostColumns = 400;

/** The columns of the events; an event without any field (plain text, for one) is a row of nothing. */
export function columnsOf(events: readonly LabelledEvent[]): Column[] {
  const columns = new Map<string, Column>();
  events.forEach((event, row) => {
    for (const { path, value, array } of leavesOf(event.grammar, event.event)) {
      const name = pathText(path);
      let column = columns.get(name);
      if (column === undefined) {
        if (columns.size >= mostColumns) continue;
        column = { path, name, array, values: Array.from({ length: events.length }), present: 0 };
        columns.set(name, column);
      }
      column.array ??= array;
      const values = column.values[row];
      if (values === undefined) {
        column.values[row] = [value];
        column.present += 1;
      } else values.push(value);
    }
  });
  return [...columns.values()];
}
