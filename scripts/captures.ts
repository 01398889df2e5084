/**
 * Makes the pictures of the documentation from the built CLI and the sample data: terminal captures as SVG at 80 and 160 columns, the report
 * and a chain as PNG by Chromium. `npm run captures`, after a change of what is printed.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeSimulation } from "../fixtures/simulator/index.ts";
import { hasBrowser, openBrowser, openHtml } from "../test/support/browser.ts";
import { ansiSvg } from "./ansi-svg.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const pictures = join(root, "docs/pictures");
const cwd = mkdtempSync(join(tmpdir(), "evscope-captures-"));
const LINES = 46;

function evscope(args: string[], columns: number): string {
  const env = { ...process.env, COLUMNS: String(columns), FORCE_COLOR: "1", LANG: "C.UTF-8" };
  try {
    return execFileSync(process.execPath, [join(root, "bin/run.js"), ...args], {
      cwd,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch (error) {
    // exit code 4: partial data, with the result
    const { status, stdout } = error as { status: number; stdout: string };
    if (status !== 4) throw error;
    return stdout;
  }
}

writeSimulation(cwd, { seed: 7, orders: 12 });
evscope(["import", "raw"], 80);
const { chains } = JSON.parse(evscope(["chains", "--only", "failed", "--format", "json"], 80)) as { chains: { id: string }[] };
const id = chains[0]!.id;
for (const [name, args] of [
  ["trace", ["trace", id]],
  ["cost", ["cost", "--top", "12"]],
  ["report", ["report", "--top", "6", "--no-keep"]],
] as const) {
  for (const columns of [80, 160]) {
    const lines = evscope([...args], columns).split("\n");
    const shown = lines.length > LINES ? [...lines.slice(0, LINES), "…"] : lines;
    writeFileSync(
      join(pictures, `${name}-${columns}.svg`),
      ansiSvg(shown.join("\n"), columns, `evscope ${args.join(" ")}, ${columns} columns`),
    );
  }
}
if (hasBrowser()) {
  evscope(["report", "--no-keep", "--out", "report.html"], 80);
  const browser = await openBrowser();
  for (const [name, width, colorScheme, target] of [
    ["report", 1200, "light", null],
    ["report-phone", 390, "dark", null],
    ["chain", 1200, "light", ".chain"],
  ] as const) {
    const { page } = await openHtml(browser, readFileSync(join(cwd, "report.html"), "utf8"), {
      viewport: { width, height: 900 },
      colorScheme,
    });
    const path = join(pictures, `${name}.png`);
    if (target === null) await page.screenshot({ path });
    else await page.locator(target).first().screenshot({ path });
  }
  await browser.close();
}
console.log(`written: ${pictures}`);
