// Makes docs/images/page.png, the picture of the README: the page in the middle of a start, on a service as script/start runs it.
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { startProcess } from "@repl/testkit";
import type { Page } from "playwright-core";
import { openBrowser } from "../test/support/chromium.ts";

const PICTURE = fileURLToPath(new URL("../docs/images/page.png", import.meta.url));
const ROOT = fileURLToPath(new URL("..", import.meta.url));

async function start(page: Page, replId: string): Promise<void> {
  await page.getByLabel("Name").fill(replId);
  await page.keyboard.press("Enter");
}

const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true }).waitFor();

/** One repl that runs, one that failed, and one on its way. */
async function takePicture(page: Page): Promise<void> {
  await start(page, "fail-image-demo");
  await heading(page, "fail-image-demo could not be started");
  await start(page, "notes");
  await heading(page, "notes is ready");
  await start(page, "hello");
  await page.locator('li[aria-current="step"]', { hasText: "Starting" }).waitFor();
  await page.getByRole("region", { name: "Your repls" }).getByRole("listitem").nth(2).waitFor();
  await page.evaluate("document.activeElement?.blur()");
  await page.screenshot({ path: PICTURE, fullPage: true, animations: "disabled" });
}

await using service = await startProcess({
  name: "script/start",
  command: process.execPath,
  args: ["script/start.ts", "--port", "0"],
  cwd: ROOT,
  ready: { line: /^ {2}api +(http:\S+)/ },
  readyTimeoutMs: 60_000,
  stopTimeoutMs: 40_000,
});
await using browser = await openBrowser();
const page = await browser.newPage({
  viewport: { width: 900, height: 600 },
  deviceScaleFactor: 2,
  colorScheme: "light",
});
await page.goto(service.ready?.[1] ?? "");
await mkdir(dirname(PICTURE), { recursive: true });
await takePicture(page);
console.log("docs/images/page.png");
