/** The gates and goals of `shared/rightsizing/README.md` section 7, each with its figure. */
import { atLeast, atMost, between, type Gate } from "./gates.ts";
import type { Figures } from "./measure.ts";
import { mean, type ObjectiveName, type Pick } from "./metrics.ts";
import type { Score } from "./score.ts";

const error = (scores: readonly Score[]): number => mean(scores.map(({ mape }) => mape));
const picked = (scores: readonly Score[], objective: ObjectiveName, key: keyof Pick): number =>
  mean(scores.map(({ picks }) => picks[objective][key]));

export function gatesOf({ clean, everySize, sizeless, coverage, acts, controls, vetoes, independent }: Figures): Gate[] {
  const three = clean["3 sizes"];
  /** Over the three trade-offs of Sizeless. */
  const tradeoffs = (key: keyof Pick): number =>
    mean((["0.75", "0.5", "0.25"] as const).map((objective) => picked(sizeless, objective, key)));
  const percent = (name: string, value: number, gate: Gate["gate"], goal: Gate["goal"]): Gate => ({ name, value, gate, goal, unit: "%" });
  /** Among every measured size, as section 7 has it. */
  const full = (name: string, objective: ObjectiveName, key: keyof Pick, gate: Gate["gate"], goal: Gate["goal"]): Gate => ({
    ...percent(`${name}, 3 sizes, every size`, picked(everySize.evscope, objective, key), gate, goal),
    ceiling: picked(everySize.ceiling, objective, key),
  });
  /** Must not happen at all. */
  const count = (name: string, value: number): Gate => ({ name, value, gate: atMost(0), goal: atMost(0), unit: "" });
  return [
    percent("error, 3 sizes", error(three), atMost(0.09), atMost(0.07)),
    percent("error, 2 sizes, all pairs", error(clean["2 sizes"]), atMost(0.175), atMost(0.14)),
    percent("error, 2 sizes, partner by policy", error(clean["policy pair"]), atMost(0.13), atMost(0.1)),
    percent("balanced: best of the sizes it may choose, 3 sizes", picked(three, "0.75", "exact"), atLeast(0.85), atLeast(0.9)),
    full("balanced: best", "0.75", "exact", atLeast(0.85), atLeast(0.9)),
    percent("Sizeless' grid: best size", tradeoffs("exact"), atLeast(0.8), atLeast(0.85)),
    percent("Sizeless' grid: best or second", tradeoffs("exact") + tradeoffs("second"), atLeast(0.94), atLeast(0.97)),
    percent("regret, balanced, 3 sizes", picked(three, "0.75", "regret"), atMost(0.025), atMost(0.015)),
    percent("regret, cheapest, 3 sizes", picked(three, "1", "regret"), atMost(0.035), atMost(0.025)),
    percent("regret, fastest, 3 sizes", picked(three, "fastest", "regret"), atMost(0.035), atMost(0.025)),
    full("regret, balanced", "0.75", "regret", atMost(0.025), atMost(0.015)),
    full("regret, cheapest", "1", "regret", atMost(0.035), atMost(0.025)),
    full("regret, fastest", "fastest", "regret", atMost(0.035), atMost(0.025)),
    ...coverage
      .filter(({ regime }) => regime !== "policy pair")
      .map(({ regime, at80 }) => percent(`80 % interval covers, ${regime}`, at80, between(0.75, 0.9), between(0.78, 0.86))),
    percent("harmful changes where someone waits, 2 sizes", acts["2 sizes, someone waits"]!.harm, atMost(0.02), atMost(0.01)),
    percent("harmful changes where someone waits, 3 sizes", acts["3 sizes, someone waits"]!.harm, atMost(0.02), atMost(0.01)),
    {
      name: "changes where someone waits, 1 size",
      value: acts["1 size, someone waits"]!.changes,
      gate: atMost(0),
      goal: atMost(0),
      unit: "",
    },
    ...(["2 sizes, someone waits", "2 sizes, nobody waits", "3 sizes, someone waits", "3 sizes, nobody waits"] as const).map(
      (name): Gate => ({
        name: `saved / predicted, ${name}`,
        value: acts[name]!.realised! / acts[name]!.predicted!,
        gate: between(0.9, 1.1),
        goal: between(0.95, 1.05),
        unit: "",
      }),
    ),
    percent("error, 3 sizes x 5 runs, noise of their own", independent.mape, atMost(0.05), atMost(0.035)),
    percent("regret, balanced, 3 sizes x 5 runs", independent.regret, atMost(0.02), atMost(0.01)),
    count("proposals on one size where someone may wait", vetoes.onOneSize),
    count("proposals after memory ran out, below its floor", vetoes.afterOutOfMemory),
    count("proposals of less memory after a timeout", vetoes.afterTimeout),
    count("flat functions: more memory advised", controls.speedUps),
    percent("flat functions: 80 % interval covers", controls.coverage, atLeast(0.75), atLeast(0.78)),
  ];
}
