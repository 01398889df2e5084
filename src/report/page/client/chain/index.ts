/** The chain viewer: waterfall and map, search, filters, zoom, details, by mouse and by keyboard. */
import { endMsOf } from "../../../formats/trace-bar.ts";
import { type TreeRow, treeRows } from "../../../formats/trace-tree.ts";
import type { TraceDocument } from "../../../report.ts";
import { button, element } from "../dom.ts";
import { detailsOf } from "./details.ts";
import { matching, type Wanted } from "./find.ts";
import { mapOf } from "./map.ts";
import { mapView } from "./map-view.ts";
import { overview } from "./overview.ts";
import { panned, type View, zoomed } from "./view.ts";
import { waterfall } from "./waterfall.ts";

const HINT = "Keys: ↑ ↓ move, Enter details, + − 0 zoom, ← → pan, / search, n next match, Esc back. Ctrl and the wheel zoom.";

/** Fills every place for a chain that the page has. */
export function mountChains(): void {
  for (const place of document.querySelectorAll<HTMLElement>(".chain-viewer")) {
    const key = place.dataset["chain"] ?? "";
    const data = document.getElementById(`chain-${key}`)?.textContent;
    if (data !== undefined && data !== null) mount(place, key, (JSON.parse(data) as TraceDocument).chain);
  }
}

function mount(place: HTMLElement, key: string, chain: TraceDocument["chain"]): void {
  const all = treeRows(chain, false);
  const critical = new Set(chain.criticalPath.map((segment) => segment.hopId));
  const whole = wholeOf(all);
  let view = whole;
  let rows: readonly TreeRow[] = all;
  let selected = -1;
  const wanted: Wanted = { text: "", failedOnly: false, criticalOnly: false, group: null };
  const fall = waterfall(key, critical, whole, (index) => {
    select(index);
    open();
  });
  const strip = overview(all, whole, show);
  const panel = element("div", { class: "panel" });
  const status = element("span", { role: "status", class: "muted" });
  const search = element("input", { type: "search", placeholder: "Search hops", "aria-label": "Search hops by name, ID, outcome" });

  function show(next: View): void {
    view = next;
    fall.zoom(next);
    strip.zoom(next);
  }
  function filter(): void {
    rows = matching(all, wanted, critical);
    selected = -1;
    fall.show(rows);
    const narrowed = wanted.text !== "" || wanted.failedOnly || wanted.criticalOnly || wanted.group !== null;
    status.textContent = narrowed ? `${rows.length} of ${all.length} hops` : `${all.length} hops`;
    everything.hidden = wanted.group === null;
  }
  function select(index: number): void {
    if (rows.length === 0) return;
    selected = Math.max(0, Math.min(rows.length - 1, index));
    fall.select(selected);
  }
  function open(): void {
    const row = rows[selected];
    if (row === undefined) return;
    panel.replaceChildren(detailsOf(row.hop, chain, close));
    panel.querySelector<HTMLElement>("aside")?.focus({ preventScroll: true });
  }
  function close(): void {
    panel.replaceChildren();
    fall.root.focus({ preventScroll: true });
  }
  const centre = (): number => (view.fromMs + view.toMs) / 2;
  const nearer = (): void => show(zoomed(view, 0.5, centre(), whole));
  const farther = (): void => show(zoomed(view, 2, centre(), whole));
  const pan = (share: number): void => show(panned(view, share * (view.toMs - view.fromMs), whole));
  const page = (): number => Math.max(1, Math.floor(fall.root.clientHeight / 28) - 2);
  const keys: { [key: string]: () => void } = {
    ArrowDown: () => select(selected + 1),
    ArrowUp: () => select(selected - 1),
    PageDown: () => select(selected + page()),
    PageUp: () => select(selected - page()),
    Home: () => select(0),
    End: () => select(rows.length - 1),
    n: () => select(selected + 1),
    N: () => select(selected - 1),
    Enter: open,
    "+": nearer,
    "=": nearer,
    "-": farther,
    "0": () => show(whole),
    ArrowLeft: () => pan(-0.25),
    ArrowRight: () => pan(0.25),
    "/": () => search.focus(),
  };
  fall.root.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
  fall.root.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const bar = fall.root.querySelector(".wf-head .wf-bar")!.getBoundingClientRect();
      const share = Math.max(0, Math.min(1, (event.clientX - bar.left) / bar.width));
      show(zoomed(view, event.deltaY < 0 ? 0.8 : 1.25, view.fromMs + share * (view.toMs - view.fromMs), whole));
    },
    { passive: false },
  );
  search.addEventListener("input", () => {
    wanted.text = search.value;
    filter();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    if (event.key === "Escape") search.value = wanted.text = "";
    if (event.key === "Escape") filter();
    fall.root.focus();
    select(0);
  });
  const toggle = (label: string, name: "failedOnly" | "criticalOnly"): HTMLButtonElement => {
    const made = button(
      label,
      () => {
        wanted[name] = !wanted[name];
        made.setAttribute("aria-pressed", String(wanted[name]));
        filter();
      },
      { "aria-pressed": "false" },
    );
    return made;
  };
  const everything = button("All functions", () => {
    wanted.group = null;
    filter();
  });
  const map = mapView(mapOf(all), (group) => {
    wanted.group = group;
    tabs.choose(0);
    filter();
    fall.root.focus();
  });
  const time = element("div", { class: "time" }, strip.root, fall.root, legend());
  const tabs = tabsOf(key, [
    ["Waterfall", time],
    ["Map", map],
  ]);
  place.append(
    element(
      "div",
      { class: "controls" },
      tabs.list,
      search,
      toggle("Failed only", "failedOnly"),
      toggle("Critical path", "criticalOnly"),
      everything,
      button("Zoom in", nearer),
      button("Zoom out", farther),
      button("Fit", () => show(whole)),
      status,
    ),
    ...tabs.panels,
    panel,
    element("p", { class: "notes hint" }, HINT),
  );
  filter();
  show(whole);
}

/** From the first start (or 0) to the last end. */
function wholeOf(rows: readonly TreeRow[]): View {
  let [fromMs, toMs] = [0, 0];
  for (const { hop } of rows) {
    fromMs = Math.min(fromMs, hop.startMs - (hop.waitMs ?? 0), ...hop.attempts.map((attempt) => attempt.startMs));
    toMs = Math.max(toMs, endMsOf(hop));
  }
  return { fromMs, toMs: toMs > fromMs ? toMs : fromMs + 1 };
}

function legend(): HTMLElement {
  const parts: [string, string][] = [
    ["wait", "waiting"],
    ["cold", "cold start"],
    ["work", "work"],
    ["work failed", "failed"],
    ["attempt", "attempt before"],
  ];
  const signs = parts.map(([name, label]) => element("span", {}, element("i", { class: `part ${name}`, "aria-hidden": "true" }), label));
  return element("p", { class: "legend" }, ...signs, element("span", {}, element("span", { class: "on-path" }, "▸"), "critical path"));
}

function tabsOf(
  key: string,
  tabs: readonly [string, HTMLElement][],
): { list: HTMLElement; panels: HTMLElement[]; choose(index: number): void } {
  const list = element("div", { role: "tablist", "aria-label": "Views of the chain" });
  const panels = tabs.map(([, inner], index) =>
    element("div", { role: "tabpanel", id: `panel-${key}-${index}`, "aria-labelledby": `tab-${key}-${index}` }, inner),
  );
  const heads = tabs.map(([label], index) =>
    button(label, () => choose(index), { role: "tab", id: `tab-${key}-${index}`, "aria-controls": `panel-${key}-${index}` }),
  );
  function choose(chosen: number): void {
    for (const [index, head] of heads.entries()) {
      head.setAttribute("aria-selected", String(index === chosen));
      head.tabIndex = index === chosen ? 0 : -1;
      panels[index]!.hidden = index !== chosen;
    }
  }
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = (heads.findIndex((head) => head.tabIndex === 0) + step + heads.length) % heads.length;
    choose(next);
    heads[next]!.focus();
  });
  list.append(...heads);
  choose(0);
  return { list, panels, choose };
}
