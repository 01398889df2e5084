/**
 * IDs of a record in one text cell, `\x1f` between them: a letter for the kind, then the value. A value that is the
 * record's own request or trace ID is a mark instead, so that it takes no room.
 */
import type { Id, IdKind } from "../model/ids.ts";

const ID_SEPARATOR = "\x1f";
const OWN_REQUEST = "\x01";
const OWN_TRACE = "\x02";
const ESCAPE = "\x1e";

const LETTERS: { readonly [kind in IdKind]: string } = {
  correlation: "c",
  trace: "t",
  request: "r",
  message: "m",
  execution: "e",
  object: "o",
  item: "i",
};

const KINDS = new Map(Object.entries(LETTERS).map(([kind, letter]) => [letter, kind as IdKind]));

function escaped(value: string): string {
  // oxlint-disable-next-line no-control-regex
  if (!/[\x01\x02\x1e\x1f]/.test(value)) return value;
  return value
    .replaceAll(ESCAPE, `${ESCAPE}0`)
    .replaceAll(ID_SEPARATOR, `${ESCAPE}1`)
    .replaceAll(OWN_REQUEST, `${ESCAPE}2`)
    .replaceAll(OWN_TRACE, `${ESCAPE}3`);
}

function unescaped(value: string): string {
  if (!value.includes(ESCAPE)) return value;
  return value
    .replaceAll(`${ESCAPE}3`, OWN_TRACE)
    .replaceAll(`${ESCAPE}2`, OWN_REQUEST)
    .replaceAll(`${ESCAPE}1`, ID_SEPARATOR)
    .replaceAll(`${ESCAPE}0`, ESCAPE);
}

/** null: no IDs. */
export function packIds(ids: readonly Id[], requestId: string | null, traceId: string | null): string | null {
  if (ids.length === 0) return null;
  let cell = "";
  for (const id of ids) {
    if (cell !== "") cell += ID_SEPARATOR;
    cell += LETTERS[id.kind] + (id.value === requestId ? OWN_REQUEST : id.value === traceId ? OWN_TRACE : escaped(id.value));
  }
  return cell;
}

export function unpackIds(cell: string | null, requestId: string | null, traceId: string | null): Id[] {
  if (cell === null) return [];
  return cell.split(ID_SEPARATOR).map((part) => {
    const value = part.slice(1);
    return {
      kind: KINDS.get(part[0]!) ?? "correlation",
      value: value === OWN_REQUEST ? (requestId ?? "") : value === OWN_TRACE ? (traceId ?? "") : unescaped(value),
    };
  });
}
