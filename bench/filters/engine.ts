/** The rule engine that AWS publishes, run beside evscope: fetched by Maven and compiled when asked for. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pair } from "./pairs.ts";

export interface EngineVerdict {
  verdict: "match" | "no_match" | "invalid" | "too_complex";
  /** Why it is invalid, or how it was read. */
  note: string;
}

export interface EngineRun {
  verdicts: EngineVerdict[];
  /** From JSON text to verdict, pattern made before; best of five rounds. */
  eventsPerSecond: number;
}

const FETCH_MS = 180_000;
const RUN_MS = 600_000;
const here = import.meta.dirname;

/** null: there is no Java or Maven here, or the engine cannot be fetched; `why` says which. */
export function runEngine(pairs: readonly Pair[], maxComplexity: number): EngineRun | { why: string } {
  const folder = mkdtempSync(join(tmpdir(), "evscope-bench-filters-"));
  try {
    const libraries = join(folder, "lib");
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
    execFileSync("mvn", ["-q", "-B", "-f", join(here, "pom.xml"), goal, `-DoutputDirectory=${libraries}`], {
      timeout: FETCH_MS,
      stdio: "pipe",
    });
    execFileSync("javac", ["-nowarn", "-cp", join(libraries, "*"), "-d", folder, join(here, "RulerVerdicts.java")], {
      timeout: FETCH_MS,
      stdio: "pipe",
    });
    const input = join(folder, "pairs.tsv");
    writeFileSync(input, pairs.map(({ pattern, event }) => `${JSON.stringify(pattern)}\t${JSON.stringify(event)}\n`).join(""));
    const classPath = `${join(libraries, "*")}:${folder}`;
    const options = { timeout: RUN_MS, maxBuffer: 1 << 30, encoding: "utf8", stdio: "pipe" } as const;
    const lines = execFileSync("java", ["-cp", classPath, "RulerVerdicts", input, String(maxComplexity)], options)
      .trimEnd()
      .split("\n");
    const [, speed] = (lines.pop() as string).split("\t");
    return { verdicts: lines.map(verdictOf), eventsPerSecond: Number(speed) };
  } catch (error) {
    return { why: error instanceof Error ? (error.message.split("\n")[0] as string) : String(error) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function verdictOf(line: string): EngineVerdict {
  const [verdict, note] = line.split("\t") as [EngineVerdict["verdict"], string?];
  return { verdict, note: note ?? "" };
}
