import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { type System, type SystemOptions, startSystem } from "./system.ts";
import { openSimulator } from "./targets.ts";

/** A page in a browser of its own. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
}

/** Opens an address; the end checks that the browser had nothing to complain about. */
export async function openAddress(browser: Browser, url: string, options?: BrowserContextOptions): Promise<OpenPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints = listen(page);
  await page.goto(url);
  const dispose = async () => {
    await context.close();
    expect(complaints).toEqual([]);
  };
  return { page, [Symbol.asyncDispose]: dispose };
}

/** The service, and its page. */
export interface OpenSystemPage extends OpenPage {
  readonly system: System;
}

/** Starts the whole service on the simulator and opens its page. */
export async function openPage(browser: Browser, options: SystemOptions = {}): Promise<OpenSystemPage> {
  await using starting = new AsyncDisposableStack();
  const target = starting.use(await openSimulator());
  const system = starting.use(await startSystem(target, options));
  const { page } = starting.use(await openAddress(browser, system.apis[0]?.url ?? ""));
  const stack = starting.move();
  return { page, system, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Errors of scripts and everything that the content security policy refused. */
function listen(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A refused start is no fault of the page; the browser notes each answer of 4xx, and each that a test cut off.
    const refusal = /^Failed to load resource.*( 4\d\d|ERR_FAILED)/.test(message.text());
    if (message.type() === "error" && !refusal) complaints.push(message.text());
  });
  return complaints;
}

/** The field for the name of a repl. */
export const nameField = (page: Page): Locator => page.getByRole("textbox", { name: "Name", exact: true });

/** Types a name and presses the button beside it. */
export async function start(page: Page, replId: string): Promise<void> {
  await nameField(page).fill(replId);
  await page.getByRole("button", { name: "Start", exact: true }).first().click();
}

/** The heading of that text. */
export const heading = (page: Page, name: string): Locator => page.getByRole("heading", { name, exact: true });

/** The row of a repl in the list. */
export const row = (page: Page, replId: string): Locator =>
  page.getByRole("region", { name: "Your repls" }).getByRole("listitem").filter({ hasText: replId });
