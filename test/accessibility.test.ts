import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, openBrowser } from "./support/chromium.ts";
import { heading, nameField, openAddress, openPage, row, start } from "./support/page.ts";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** WCAG 2.2, levels A and AA, and what axe recommends beyond. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
const SCHEMES = ["light", "dark"] as const;
/** 320 px is what remains of 1280 px at a zoom of 400 % (WCAG 1.4.10). */
const WIDTHS = [320, 1280] as const;
/** The least that readers may ask for (WCAG 1.4.12). */
const SPACING =
  "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }";

describe.skipIf(chromiumPath === undefined)("the page is for everybody", () => {
  const stack = new AsyncDisposableStack();
  let browser: Browser;
  let system: System;
  beforeAll(async () => {
    browser = await openBrowser();
    stack.defer(() => browser.close());
    system = stack.use(await startSystem(stack.use(await openSimulator())));
  });
  afterAll(() => stack.disposeAsync());

  /** The page for a user of its own. */
  async function openFor(userId: string, options?: BrowserContextOptions) {
    const origin = system.apis[0]?.url ?? "";
    const localStorage = [{ name: "repl-orchestrator.user", value: userId }];
    const storageState = { cookies: [], origins: [{ origin, localStorage }] };
    return openAddress(browser, origin, { ...options, storageState });
  }

  test.each(SCHEMES.flatMap((colorScheme) => WIDTHS.map((width) => ({ colorScheme, width }))))(
    "axe finds nothing in any state, $colorScheme, $width px wide",
    async ({ colorScheme, width }) => {
      const id = `${colorScheme}-${width}`;
      await using opened = await openFor(id, { colorScheme, viewport: { width, height: 800 } });
      const { page } = opened;
      await page.getByText("None yet.").waitFor();
      const found = { empty: await violations(page) } as Record<string, string[]>;
      for (const summary of ["Try a failure", "Who you are"]) await page.getByText(summary).click();
      found["unfolded"] = await violations(page);
      await start(page, "Not A Name");
      await page.getByText(/^Not a name yet/).waitFor();
      found["invalid"] = await violations(page);
      await system.submit("start", "taken");
      await start(page, "taken");
      await page.getByText("Take another name.").waitFor();
      found["taken"] = await violations(page);
      await start(page, `fail-never-${id}`);
      await page.locator('li[aria-current="step"]', { hasText: "Starting" }).waitFor();
      await row(page, `fail-never-${id}`).getByText("Starting").waitFor();
      found["starting"] = await violations(page);
      await system.post("/stop", { replId: `fail-never-${id}`, userId: id });
      await heading(page, `The start of fail-never-${id} was cancelled`).waitFor();
      found["cancelled"] = await violations(page);
      await start(page, `ready-${id}`);
      await row(page, `ready-${id}`).getByText("Running").waitFor();
      found["ready"] = await violations(page);
      await start(page, `fail-image-${id}`);
      await heading(page, `fail-image-${id} could not be started`).waitFor();
      await page.getByText("Evidence").click();
      found["failed"] = await violations(page);
      await page.getByLabel("User").fill("not a user");
      await page.getByLabel("User").blur();
      await page.getByText(/^User is not valid/).waitFor();
      found["no user"] = await violations(page);
      await page.getByLabel("User").fill(id);
      await page.getByLabel("User").blur();
      await row(page, `fail-image-${id}`).getByText("Show the reason").waitFor();
      await page.route("**/*", (route) => route.abort());
      await page.getByRole("alert").getByText("cannot be reached").waitFor();
      found["no service"] = await violations(page);
      expect(Object.entries(found).filter(([, those]) => those.length > 0)).toEqual([]);
    },
  );

  test("axe finds nothing where a token is asked for", async () => {
    const env = { AUTH_MODE: "jwt", AUTH_SECRET: "a secret of at least thirty-two bytes" };
    await using opened = await openPage(browser, { workers: 0, env: { ...env, AUTH_AUDIENCE: "a", AUTH_ISSUER: "i" } });
    await opened.page.getByText("This service asks for an access token").waitFor();
    expect(await violations(opened.page)).toEqual([]);
  });

  test("nothing scrolls sideways or is cut off, with the spacing that readers ask for", async () => {
    const user = "u".repeat(128);
    await using opened = await openFor(user, { viewport: { width: 320, height: 800 } });
    const { page } = opened;
    const longest = `a${"-long".repeat(9)}-name`.slice(0, 50);
    for (const replId of [longest, "fail-image-spacing"]) {
      await start(page, replId);
      await row(page, replId)
        .getByText(/Running|Failed/)
        .waitFor();
    }
    await heading(page, "fail-image-spacing could not be started").waitFor();
    for (const summary of ["Who you are", "Evidence"]) await page.getByText(summary).click();
    await start(page, "n".repeat(60));
    await page.getByText(/^Not a name yet/).waitFor();
    expect(await tooWideAnywhere(page)).toEqual([]);
    await page.getByLabel("User").fill(`${user}u`);
    await page.getByLabel("User").blur();
    await page.getByText(/^User is not valid/).waitFor();
    expect(await tooWideAnywhere(page)).toEqual([]);
  });

  test("Tab goes through the page as it is read, and each stop can be seen", async () => {
    await using opened = await openFor("tab");
    const { page } = opened;
    await start(page, "tabbed");
    await row(page, "tabbed").getByText("Running").waitFor();
    await page.reload();
    await heading(page, "tabbed is ready").waitFor();
    await row(page, "tabbed").getByText("Running").waitFor();
    const stops: string[] = [];
    for (let presses = 0; presses < 11; presses += 1) {
      await page.keyboard.press("Tab");
      const focused = page.locator(":focus");
      stops.push((await focused.getAttribute("aria-label")) ?? ((await focused.textContent()) || "Name"));
      expect(await seen(focused), stops.at(-1)).toEqual({ outline: "solid", covered: false });
    }
    expect(stops).toEqual([
      "API reference",
      "Name",
      "Start",
      "Try a failure on the simulator",
      "Who you are tab",
      "tabbed.peetcode.com",
      "tabbed.autogpt-cloud.com",
      "Stop",
      "Show the latest job of tabbed",
      "tabbed.peetcode.com",
      "Stop tabbed",
    ]);
  });

  test("a complaint belongs to its field, and is said instead of the hint", async () => {
    await using opened = await openFor("complaint");
    const { page } = opened;
    const describedBy = () =>
      nameField(page).evaluate(
        (field) => field.ownerDocument.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent,
      );
    expect(await describedBy()).toMatch(/^Lower-case letters/);
    await start(page, "Not A Name");
    expect(await describedBy()).toMatch(/^Not a name yet\. Expected: Lower-case letters/);
    await nameField(page).fill("a-name");
    expect(await describedBy()).toMatch(/^Lower-case letters/);
  });

  test("a screen reader is told each step once, then how it ended and why", async () => {
    await using opened = await openFor("reader");
    const { page } = opened;
    await page.evaluate(`{ window.said = [];
      for (const region of document.querySelectorAll("[role=status], [role=alert]")) {
        const observer = new MutationObserver(() => region.textContent && said.push(region.textContent));
        observer.observe(region, { childList: true, characterData: true, subtree: true });
      } }`);
    await start(page, "fail-crash-reader");
    await heading(page, "fail-crash-reader could not be started").waitFor();
    await row(page, "fail-crash-reader").getByText("Failed").waitFor();
    const said = (await page.evaluate("said")) as string[];
    const steps = said.filter((text) => / step \d of at most \d\.$/.test(text));
    expect(steps.length).toBeGreaterThan(0);
    expect(new Set(said).size).toBe(said.length);
    expect(said.filter((text) => !steps.includes(text) && !text.startsWith("Asking for "))).toEqual([
      "fail-crash-reader could not be started.",
      expect.stringMatching(/keeps crashing/),
    ]);
  });

  test("where less motion is wished for, nothing moves", async () => {
    await using opened = await openFor("motion", { reducedMotion: "reduce" });
    const { page } = opened;
    await start(page, "fail-never-motion");
    await page.locator('li[aria-current="step"]', { hasText: "Starting" }).waitFor();
    expect(await page.evaluate("document.getAnimations().length")).toBe(0);
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await expect.poll(() => page.evaluate("document.getAnimations().length")).toBeGreaterThan(0);
  });

  test.each(SCHEMES)("in forced colours the bar and the steps still show how far it is, %s", async (colorScheme) => {
    await using opened = await openFor(`forced-${colorScheme}`, { forcedColors: "active", colorScheme });
    const { page } = opened;
    await start(page, `fail-never-${colorScheme}`);
    await page.locator('li[aria-current="step"]', { hasText: "Starting" }).waitFor();
    const background = (state: string) =>
      page.evaluate(
        `getComputedStyle(document.querySelector("#job-steps [data-state=${state}]"), "::before").backgroundColor`,
      );
    expect(await background("done")).not.toBe(await background("ahead"));
    const bar = page.getByRole("progressbar", { name: `Starting fail-never-${colorScheme}` });
    const [done, ahead] = await coloursOf(browser, await bar.screenshot({ animations: "disabled" }), [0.1, 0.95]);
    expect(done).not.toEqual(ahead);
  });
});

/** What axe says of the page as it is, a line for each element. */
async function violations(page: Page): Promise<string[]> {
  if ((await page.evaluate("typeof axe")) === "undefined") await page.evaluate(AXE);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(TAGS)} }).then(({ passes, violations }) => ({
    passed: passes.length,
    lines: violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ": " + html + ": " + failureSummary)),
  }))`;
  const { passed, lines } = (await page.evaluate(run)) as { passed: number; lines: string[] };
  expect(passed).toBeGreaterThan(30);
  return lines;
}

/** Elements that reach beyond their own box or the window. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll("body, body *:not(.unseen, input)")]
    .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline")
    .map((element) => element.outerHTML.slice(0, 80))`) as Promise<string[]>;
}

/** The same for any width of the window, with and without further spacing. */
async function tooWideAnywhere(page: Page): Promise<object[]> {
  const found: object[] = [];
  for (const spacing of ["", SPACING])
    for (const width of [320, 600, 736, 768, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate(`{ const sheet = new CSSStyleSheet();
        sheet.replaceSync(${JSON.stringify(spacing)});
        document.adoptedStyleSheets = [sheet]; }`);
      for (const element of await tooWide(page)) found.push({ spacing, width, element });
    }
  return found;
}

/** How the element with the focus shows it, and whether anything lies over its middle. */
function seen(focused: Locator) {
  return focused.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const there = element.ownerDocument.elementFromPoint(left + width / 2, top + height / 2);
    const outline = element.ownerDocument.defaultView?.getComputedStyle(element).outlineStyle;
    return { outline, covered: !element.contains(there) };
  });
}

/** The colours of a picture in the middle of its height, at parts of its width. */
async function coloursOf(browser: Browser, png: Buffer, parts: readonly number[]): Promise<number[][]> {
  const page = await browser.newPage();
  try {
    return (await page.evaluate(`(async () => {
      const bytes = await (await fetch("data:image/png;base64,${png.toString("base64")}")).blob();
      const image = await createImageBitmap(bytes);
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
      context.drawImage(image, 0, 0);
      return ${JSON.stringify(parts)}.map((part) => [...context.getImageData(Math.floor(image.width * part), Math.floor(image.height / 2), 1, 1).data]);
    })()`)) as number[][];
  } finally {
    await page.close();
  }
}
