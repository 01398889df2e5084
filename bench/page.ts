/**
 * How quick the chain viewer is: a chain of 5,000 hops beside one of 50, in Chromium. Prints milliseconds and their ratio; first paint as the
 * browser reports it, zoom and search until the frame after next. Needs a build and Chromium.
 */
import { fileURLToPath } from "node:url";
import { pageAssets } from "../src/app/page-assets.ts";
import { formatPage } from "../src/report/page/page.ts";
import { hasBrowser, openBrowser, openHtml } from "../test/support/browser.ts";
import { longChain } from "../test/support/long-chain.ts";

const ROUNDS = 9;
const frame = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))";
const firstPaint = `new Promise((done) => new PerformanceObserver((list) => {
  const found = list.getEntriesByName("first-contentful-paint")[0];
  if (found !== undefined) done(found.startTime);
}).observe({ type: "paint", buffered: true }))`;
const timed = (action: string): string =>
  `(async () => { const at = performance.now(); ${action}; await ${frame}; return performance.now() - at; })()`;
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

if (hasBrowser()) {
  const assets = pageAssets(fileURLToPath(new URL("..", import.meta.url)));
  const browser = await openBrowser();
  const results: Record<string, number>[] = [];
  for (const hops of [50, 5000]) {
    const html = formatPage({ report: { schemaVersion: 1, title: "Chain", sections: [] }, chains: [longChain(hops)] }, assets);
    const rounds: Record<string, number[]> = { "first paint": [], ready: [], zoom: [], search: [], "scroll to the end": [] };
    for (let round = 0; round < ROUNDS; round++) {
      const { page } = await openHtml(browser, html);
      await page.evaluate(frame);
      rounds["first paint"]!.push(await page.evaluate(firstPaint));
      rounds["ready"]!.push(await page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"));
      rounds["zoom"]!.push(
        await page.evaluate(timed(`[...document.querySelectorAll("button")].find((b) => b.textContent === "Zoom in").click()`)),
      );
      rounds["search"]!.push(
        await page.evaluate(
          timed(`const s = document.querySelector(".controls input"); s.value = "request-4"; s.dispatchEvent(new Event("input"))`),
        ),
      );
      rounds["scroll to the end"]!.push(
        await page.evaluate(timed(`const g = document.querySelector(".wf-scroll"); g.scrollTop = g.scrollHeight`)),
      );
      await page.close();
    }
    results.push({
      "page kB": Math.round(html.length / 1000),
      ...Object.fromEntries(Object.entries(rounds).map(([name, values]) => [name, median(values)])),
    });
  }
  await browser.close();
  for (const name of Object.keys(results[0]!)) {
    const [small, large] = results.map((one) => one[name]!) as [number, number];
    console.log(
      `${name.padEnd(20)} 50 hops ${small.toFixed(1).padStart(8)}   5,000 hops ${large.toFixed(1).padStart(8)}   ratio ${(large / small).toFixed(2)}`,
    );
  }
}
