/** Tables: the header sorts, long ones are searched, and show their first rows until more is asked for. */
import { button, element } from "./dom.ts";

/** Rows shown at first. */
const SHOWN = 10;
/** Tables from this length have a search. */
const SEARCHED = 8;

export function mountTables(): void {
  for (const table of document.querySelectorAll<HTMLTableElement>(".scroll > table")) {
    const title = table.closest("section")?.querySelector("h2, h3")?.textContent ?? "table";
    if (table.tBodies[0] === undefined || table.tBodies[0].rows.length < 2) continue;
    const fold = folded(table);
    sortable(table, fold);
    if (table.tBodies[0].rows.length >= SEARCHED) searchable(table, title, fold);
  }
}

/** Hides what is beyond the first rows; gives the function that does so again after the order changed. */
function folded(table: HTMLTableElement): () => void {
  const body = table.tBodies[0]!;
  const fold = (): void => {
    let visible = 0;
    for (const row of body.rows) row.classList.toggle("over", !row.hidden && ++visible > SHOWN);
  };
  fold();
  if (body.rows.length > SHOWN) {
    const label = (open: boolean): string => (open ? `Show the first ${SHOWN}` : `Show all ${body.rows.length} rows`);
    const more = button(
      label(false),
      () => {
        const open = table.classList.toggle("expanded");
        more.textContent = label(open);
        more.setAttribute("aria-expanded", String(open));
      },
      { class: "more", "aria-expanded": "false" },
    );
    table.parentElement!.after(more);
  }
  return fold;
}

function sortable(table: HTMLTableElement, fold: () => void): void {
  const heads = [...table.tHead!.rows[0]!.cells];
  for (const [index, head] of heads.entries()) {
    const label = head.textContent ?? "";
    const sorter = button(label, () => {
      // numbers are wanted greatest first, names in their order
      const numeric = head.classList.contains("num");
      const was = head.getAttribute("aria-sort");
      const ascending = was === null ? !numeric : was === "descending";
      for (const other of heads) {
        other.removeAttribute("aria-sort");
        other.querySelector("button")!.textContent = (other.querySelector("button")!.textContent ?? "").replace(/ [▲▼]$/, "");
      }
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sorter.textContent = `${label} ${ascending ? "▲" : "▼"}`;
      const body = table.tBodies[0]!;
      body.append(...[...body.rows].sort((a, b) => compare(a.cells[index]!, b.cells[index]!, ascending)));
      fold();
    });
    head.replaceChildren(sorter);
  }
}

/** Unknown numbers come last in both orders. */
function compare(a: HTMLTableCellElement, b: HTMLTableCellElement, ascending: boolean): number {
  const [x, y] = [a.dataset["value"], b.dataset["value"]];
  const sign = ascending ? 1 : -1;
  if (x !== undefined && y !== undefined) return sign * (Number(x) - Number(y));
  if (x !== undefined || y !== undefined) return x === undefined ? 1 : -1;
  return sign * (a.textContent ?? "").localeCompare(b.textContent ?? "", "en", { numeric: true });
}

function searchable(table: HTMLTableElement, title: string, fold: () => void): void {
  const rows = [...table.tBodies[0]!.rows];
  const texts = new Map(rows.map((row) => [row, (row.textContent ?? "").toLowerCase()]));
  const input = element("input", { type: "search", placeholder: "Search", "aria-label": `Search ${title}` });
  const count = element("span", { role: "status", class: "muted" });
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of rows) row.hidden = wanted !== "" && !texts.get(row)!.includes(wanted);
    count.textContent = wanted === "" ? "" : `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
    fold();
  });
  table.parentElement!.before(element("div", { class: "find" }, input, count));
}
