/** Draws the map as SVG. */
import { truncate, escapeTerminal } from "../../../formats/text.ts";
import { humanConfidence, humanMs, plural } from "../../../formats/values.ts";
import { element } from "../dom.ts";
import type { ChainMap, MapNode } from "./map.ts";

const BOX = { width: 210, height: 48 };
const STEP = { x: 300, y: 66 };
/** Links weaker than this are guesses. */
const GUESS_BELOW = 0.5;

/** `choose`: what happens when a box is chosen. */
export function mapView(map: ChainMap, choose: (key: string) => void): HTMLElement {
  const width = (Math.max(0, ...map.nodes.map((node) => node.column)) + 1) * STEP.x - (STEP.x - BOX.width) + 20;
  const height = (Math.max(0, ...map.nodes.map((node) => node.row)) + 1) * STEP.y + 10;
  const svg = shape("svg", {
    width: String(width),
    height: String(height),
    viewBox: `0 0 ${width} ${height}`,
    role: "group",
    "aria-label": "Map of the chain",
  });
  const places = new Map(map.nodes.map((node) => [node.key, node]));
  for (const { from, to, count, confidence } of map.edges) {
    const [a, b] = [places.get(from)!, places.get(to)!];
    const [x1, y1, x2, y2] = [left(a) + BOX.width, middle(a), left(b), middle(b)];
    const bend = Math.max(30, Math.abs(x2 - x1) / 2);
    const label = `${count > 1 ? `${count} × ` : ""}${confidence < 1 ? humanConfidence(confidence) : ""}`;
    svg.append(
      shape("path", {
        d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`,
        class: confidence < GUESS_BELOW ? "map-edge guess" : "map-edge",
      }),
      shape("text", { x: String((x1 + x2) / 2), y: String((y1 + y2) / 2 - 4), class: "map-note", "text-anchor": "middle" }, label),
    );
  }
  for (const node of map.nodes) svg.append(box(node, choose));
  const notes = ["Boxes are hops of one name. Numbers on links: how many, and the confidence of the weakest; dashed links are guesses."];
  if (map.left > 0) notes.push(`${plural(map.left, "smaller box", "smaller boxes")} left out.`);
  const frame = element("div", { class: "map-frame", tabindex: "0", role: "region", "aria-label": "Map" });
  frame.append(svg);
  return element("div", {}, frame, element("p", { class: "notes" }, notes.join(" ")));
}

function box(node: MapNode, choose: (key: string) => void): SVGElement {
  const name = escapeTerminal(node.name) || "(no name)";
  const facts = [
    plural(node.count, "run"),
    node.workMs === null ? "time unknown" : humanMs(node.workMs),
    ...(node.failed > 0 ? [`✕ ${node.failed} failed`] : []),
  ].join(" · ");
  const group = shape("g", {
    class: node.failed > 0 ? "map-node failed" : "map-node",
    tabindex: "0",
    role: "button",
  });
  group.append(
    shape("rect", { x: String(left(node)), y: String(top(node)), width: String(BOX.width), height: String(BOX.height), rx: "8" }),
    shape("text", { x: String(left(node) + 10), y: String(top(node) + 20) }, truncate(name, 26)),
    shape("text", { x: String(left(node) + 10), y: String(top(node) + 38), class: "map-note" }, `${node.cloud} · ${facts}`.slice(0, 46)),
  );
  group.addEventListener("click", () => choose(node.key));
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose(node.key);
  });
  return group;
}

const left = ({ column }: MapNode): number => 8 + column * STEP.x;
const top = ({ row }: MapNode): number => 8 + row * STEP.y;
const middle = (node: MapNode): number => top(node) + BOX.height / 2;

/** An SVG element; text as text. */
export function shape(tag: string, attributes: { [name: string]: string }, text = ""): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== "") made.textContent = text;
  return made;
}
