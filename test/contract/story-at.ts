/** The common story at another time: servers refuse what is too old, and collectors look back from now. */
import type { Json } from "../../src/model/records.ts";
import { type Story, T0 } from "./order-scenario.ts";

const DAY_MS = 86_400_000;
/** Every time of the story, with as many digits as it was written with. */
const TIME = /2026-11-20T\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** `t0`: when the story begins, in whole milliseconds. */
export function storyAt(story: Story, t0: number): Story {
  const by = t0 - T0;
  const moved = (value: Json): Json => {
    if (typeof value === "number") return Math.abs(value - T0) < DAY_MS ? value + by : value;
    if (typeof value === "string") {
      const text = value.replace(TIME, (time) =>
        new Date(Date.parse(time) + by).toISOString().replace("Z", time.endsWith("0000Z") ? "0000Z" : "Z"),
      );
      // epoch milliseconds inside a logged event
      return text.replaceAll(String(T0 + 200), String(t0 + 200));
    }
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(moved);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, moved(inner)]));
  };
  return { ...story, files: story.files.map((file) => file.map(moved)) };
}
