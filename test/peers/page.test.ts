/** The page in a real browser: it asks nobody for anything, obeys no telemetry, and is used by mouse, by keyboard and by screen readers. */
import { fileURLToPath } from "node:url";
import axeCore from "axe-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageAssets } from "../../src/app/page-assets.ts";
import { formatPage } from "../../src/report/page/page.ts";
import { reportView } from "../../src/report/views/report.ts";
import { hasBrowser, openBrowser, openHtml } from "../support/browser.ts";
import { costReport } from "../support/cost-report.ts";
import { longChain } from "../support/long-chain.ts";
import { slice } from "../support/small-report.ts";

const HOSTILE = `<img src=x onerror=alert(1)></script><script>alert(2)</script>"'--><svg onload=alert(3)>\u001b]0;x\u0007\u202e\ud800`;
const assets = pageAssets(fileURLToPath(new URL("../..", import.meta.url)));
const axe = axeCore.source;

const reportPage = (hops = 30): string => formatPage({ report: reportView(costReport(), null), chains: [longChain(hops)] }, assets);
const chainPage = (hops: number): string =>
  formatPage({ report: { schemaVersion: 1, title: "Chain", sections: [] }, chains: [longChain(hops)] }, assets);

describe.skipIf(!hasBrowser())("the page in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it.each([
    ["light", 1440],
    ["light", 390],
    ["dark", 1440],
    ["dark", 390],
  ] as const)("says nothing, asks for nothing, fits, and has no serious fault of accessibility: %s, %d px", async (colorScheme, width) => {
    const { page, said, asked } = await openHtml(browser, reportPage(), { viewport: { width, height: 900 }, colorScheme });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    // the page's policy forbids scripts of others, so that the checker comes through the debugger
    await page.evaluate(axe);
    for (const tab of ["Waterfall", "Map"]) {
      await page.getByRole("tab", { name: tab }).click();
      const { violations } = (await page.evaluate("axe.run()")) as {
        violations: { id: string; impact: string; nodes: { html: string }[] }[];
      };
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`)).toEqual([]);
    }
    expect(said).toEqual([]);
    expect(asked).toEqual([]);
    await page.close();
  });

  it("shows hostile telemetry as text", async () => {
    const functions = [slice(HOSTILE), slice(`=cmd|' /C calc'!A0 ${HOSTILE}`, { usd: 2 })];
    const report = costReport({ slices: { ...costReport().slices, function: functions }, gaps: [{ what: HOSTILE, why: HOSTILE }] });
    const chain = longChain(12, { name: HOSTILE, errorType: HOSTILE, requestId: HOSTILE });
    chain.chain.id = HOSTILE;
    chain.chain.problems = [{ code: "error", message: HOSTILE, hopId: "hop-0" }];
    const { page, said, asked } = await openHtml(browser, formatPage({ report: reportView(report, null), chains: [chain] }, assets));
    await page.getByRole("grid").focus();
    for (const key of ["ArrowDown", "Enter"]) await page.keyboard.press(key);
    await page.getByRole("tab", { name: "Map" }).click();
    // one script of the page, one block of data per chain, and no element that the page does not make
    expect(await page.locator("script").count()).toBe(2);
    expect(await page.locator("img, iframe, object, embed, base, form, svg[onload]").count()).toBe(0);
    expect(await page.locator("aside").textContent()).toContain("<img src=x onerror=alert(1)></script>");
    const content = await page.content();
    for (const steering of ["\u202e", "\u001b", "\u0007", "\ufffd\ufffd"]) expect(content.includes(steering)).toBe(false);
    expect(said).toEqual([]);
    expect(asked).toEqual([]);
    await page.close();
  });

  it("blocks a script that is not its own", async () => {
    const { page, said } = await openHtml(browser, reportPage().replace("</main>", "<script>window.foreign = 1</script></main>"));
    expect(await page.evaluate("window.foreign")).toBeUndefined();
    expect(said.join()).toContain("Content Security Policy");
    await page.close();
  });

  it("sorts, searches and unfolds tables, and changes its theme", async () => {
    const functions = Array.from({ length: 14 }, (_, i) => slice(`function-${i}`, { usd: 14 - i, invocations: i + 1 }));
    const report = costReport({ slices: { ...costReport().slices, function: functions } });
    const { page } = await openHtml(browser, formatPage({ report: reportView(report, null), chains: [] }, assets), {
      colorScheme: "light",
    });
    const section = page.locator("#by-function");
    const names = (): Promise<string[]> => section.locator("tbody tr:visible th").allTextContents();
    expect(await names()).toEqual(functions.slice(0, 10).map((one) => one.key));
    await section.getByRole("button", { name: "runs" }).click();
    expect((await names())[0]).toBe("function-13");
    expect(await section.locator("th[aria-sort]").getAttribute("aria-sort")).toBe("descending");
    await section.getByRole("button", { name: "Show all 14 rows" }).click();
    expect(await names()).toHaveLength(14);
    await section.getByRole("searchbox").fill("function-1");
    expect((await names()).sort()).toEqual(["function-1", "function-10", "function-11", "function-12", "function-13"]);
    expect(await section.getByRole("status").textContent()).toBe("5 of 14 rows");
    const background = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await background();
    await page.getByRole("button", { name: "Theme: system" }).click();
    expect(await background()).toBe(light);
    await page.getByRole("button", { name: "Theme: light" }).click();
    expect(await background()).not.toBe(light);
    await page.close();
  });

  it("5,000 hops: few rows in the document, search, zoom, filters, details and map by keyboard", async () => {
    const { page, said } = await openHtml(browser, chainPage(5000));
    const rows = page.locator(".wf-body [role=row]");
    const grid = page.getByRole("grid");
    expect(await grid.getAttribute("aria-rowcount")).toBe("5001");
    expect(await rows.count()).toBeLessThan(60);
    await grid.focus();
    await page.keyboard.press("End");
    const selected = (): Promise<string | null> => page.locator(".wf-body [aria-selected=true]").getAttribute("aria-rowindex");
    await expect.poll(selected).toBe("5001");
    expect(await rows.count()).toBeLessThan(60);
    await page.keyboard.press("/");
    await page.keyboard.type("request-4999");
    expect(await page.locator(".controls [role=status]").textContent()).toBe("1 of 5000 hops");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    // hop 4999 is caused by hop (4999 - 1) / 4 = 1249, whose name is number 1249 mod 7 = 3, by hand
    const details = page.locator("aside");
    expect(await details.textContent()).toContain("hop-4999");
    expect(await details.textContent()).toContain("send-mail by correlation, confidence .95");
    await page.keyboard.press("Escape");
    expect(await details.count()).toBe(0);
    expect(await grid.evaluate((one) => one === one.ownerDocument.activeElement)).toBe(true);
    await page.getByRole("searchbox").fill("");
    const axis = (): Promise<string> => page.locator(".axis").innerText();
    const whole = await axis();
    await grid.focus();
    await page.keyboard.press("+");
    expect(await axis()).not.toBe(whole);
    await page.keyboard.press("0");
    expect(await axis()).toBe(whole);
    // every 50th of 5,000 fails
    await page.getByRole("button", { name: "Failed only" }).click();
    expect(await page.locator(".controls [role=status]").textContent()).toBe("100 of 5000 hops");
    await page.getByRole("button", { name: "Failed only" }).click();
    await page.getByRole("tab", { name: "Waterfall" }).focus();
    await page.keyboard.press("ArrowRight");
    const boxes = page.locator(".map-node");
    // 7 names over 3 clouds: 21 boxes
    expect(await boxes.count()).toBe(21);
    await boxes.first().focus();
    await page.keyboard.press("Enter");
    expect(await page.locator(".controls [role=status]").textContent()).toMatch(/^23[89] of 5000 hops$/);
    expect(said).toEqual([]);
    await page.close();
  });

  it("zooms by dragging over the overview and by the wheel", async () => {
    const { page } = await openHtml(browser, chainPage(200));
    const axis = (): Promise<string> => page.locator(".axis").innerText();
    const whole = await axis();
    await page.locator(".overview").scrollIntoViewIfNeeded();
    const strip = (await page.locator(".overview").boundingBox())!;
    await page.mouse.move(strip.x + strip.width * 0.25, strip.y + 20);
    await page.mouse.down();
    await page.mouse.move(strip.x + strip.width * 0.5, strip.y + 20);
    await page.mouse.up();
    const near = await axis();
    expect(near).not.toBe(whole);
    await page.getByRole("button", { name: "Fit" }).click();
    await page.locator(".wf-body").hover();
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -100);
    await page.keyboard.up("Control");
    await expect.poll(axis).not.toBe(whole);
    await page.close();
  });

  it("reads without script", async () => {
    const { page } = await openHtml(browser, reportPage(), { javaScriptEnabled: false });
    expect(await page.locator("#by-function tbody tr").first().isVisible()).toBe(true);
    await page.locator("summary").click();
    expect(await page.locator(".hops tbody tr").count()).toBe(30);
    await page.close();
  });
});
