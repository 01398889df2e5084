/** Chromium as the system has it, driven without a download of its own. */
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = PATHS.find(existsSync);

/** Chromium is there. Prints why not, and throws under CI, where nothing may be skipped. */
export function hasBrowser(): boolean {
  if (executablePath !== undefined) return true;
  const reason = "chromium is not installed (apt-get install chromium)";
  if (process.env["CI"] === "true") throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  return false;
}

export function openBrowser(): Promise<Browser> {
  const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"];
  return chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox", "--disable-gpu", ...quiet] });
}

/** A page that was opened from a file, and what it said and asked for. */
export interface Opened {
  page: Page;
  /** Console errors and warnings, uncaught errors, dialogs. */
  said: string[];
  /** Addresses asked for, but the file itself and data in it. */
  asked: string[];
}

export async function openHtml(browser: Browser, html: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<Opened> {
  const file = join(mkdtempSync(join(tmpdir(), "evscope-page-")), "page.html");
  writeFileSync(file, html);
  const page = await browser.newPage(options);
  const said: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => void (["error", "warning"].includes(message.type()) && said.push(message.text())));
  page.on("pageerror", (error) => void said.push(error.message));
  page.on("dialog", (dialog) => {
    said.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => void (/^(data:|file:.*page\.html$)/.test(request.url()) || asked.push(request.url())));
  await page.goto(pathToFileURL(file).href);
  return { page, said, asked };
}
