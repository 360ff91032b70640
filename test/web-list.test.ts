import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, openBrowser } from "./support/chromium.ts";
import { listOf } from "./support/listed-repls.ts";
import { heading, openAddress, openPage, row, start } from "./support/page.ts";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

describe.skipIf(chromiumPath === undefined)("the page's list of repls", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test("a name in the list leads to its job, a failed row to the reason, and both look like links", async () => {
    await using opened = await openPage(browser);
    const { page } = opened;
    for (const replId of ["fail-image-demo", "works"]) {
      await start(page, replId);
      await row(page, replId)
        .getByText(/Failed|Running/)
        .waitFor();
    }
    await heading(page, "works is ready").waitFor();
    const failed = row(page, "fail-image-demo");
    await failed.getByRole("button", { name: "Show the reason for the failure of fail-image-demo" }).click();
    await page.getByRole("alert").getByText("cannot be pulled").waitFor();
    const works = row(page, "works").getByRole("button", { name: "Show the latest job of works" });
    await works.click();
    await heading(page, "works is ready").waitFor();
    const link = await looksOf(row(page, "works").getByRole("link"));
    expect(link.underlined).toBe(true);
    expect(await looksOf(works)).toEqual(link);
    expect(await looksOf(failed.getByText("Show the reason"))).toEqual(link);
    expect(await row(page, "works").getByText("Show the reason").count()).toBe(0);

    // The job that is on the screen already comes into view.
    await page.setViewportSize({ width: 320, height: 240 });
    await failed.scrollIntoViewIfNeeded();
    const stop = page.locator("#job-action");
    expect(await topOf(stop)).toBeLessThan(0);
    await works.click();
    await expect.poll(() => topOf(stop)).toBeGreaterThanOrEqual(0);
  });

  test("a repl that is meant to run and whose last start failed can be stopped", async () => {
    await using target = await openSimulator();
    await using system = await startSystem(target);
    await using opened = await openAddress(browser, system.apis[0]?.url ?? "");
    const { page } = opened;
    await run(page, "hurt");
    await target.api.request("DELETE", `/api/v1/namespaces/${system.namespace}/services/hurt`);
    const match = { verbs: ["create"], resources: ["services"] };
    const body = { kind: "Status", code: 403, reason: "Forbidden", message: "no more services" };
    target.simulator.faults.add({ match, times: "always", effect: { kind: "answer", status: 403, body } });
    await start(page, "hurt");
    await row(page, "hurt").getByText("Failed").waitFor();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await row(page, "hurt").getByRole("button", { name: "Stop hurt" }).click();
    await row(page, "hurt").getByText("Stopped").waitFor();
    await row(page, "hurt").getByRole("button", { name: "Start hurt" }).waitFor();
  });

  test("a name whose latest job is no longer kept leads nowhere, and looks like that", async () => {
    await using opened = await openPage(browser);
    const { page, system } = opened;
    for (const replId of ["kept", "older"]) await run(page, replId);
    const jobId = (await listOf(system)).find(({ replId }) => replId === "older")?.job.jobId;
    await system.redis.command("DEL", `${system.prefix}:job:${jobId}`);
    await page.reload();
    const nameOf = (replId: string) => row(page, replId).getByRole("button", { name: `latest job of ${replId}` });
    await nameOf("older").waitFor();
    expect([await nameOf("older").isDisabled(), await nameOf("kept").isDisabled()]).toEqual([true, false]);
    expect(await nameOf("older").getAttribute("title")).toBe("Its latest job is no longer kept");
    expect((await looksOf(nameOf("older"))).underlined).toBe(false);
    expect((await looksOf(nameOf("kept"))).underlined).toBe(true);
  });

  test("a row stays where it is and keeps the focus; a double click is one press", async () => {
    await using opened = await openPage(browser);
    const { page, system } = opened;
    for (const replId of ["first", "second"]) await run(page, replId);
    const names = page.locator("#repls .name > :last-child");
    expect(await names.allTextContents()).toEqual(["second", "first"]);
    await row(page, "first").getByRole("button", { name: "Stop first" }).focus();
    await page.keyboard.press("Enter");
    await row(page, "first").getByText("Stopped").waitFor();
    expect(await names.allTextContents()).toEqual(["second", "first"]);
    expect(await page.locator(":focus").getAttribute("aria-label")).toBe("Start first");

    await row(page, "second").getByRole("button", { name: "Stop second" }).dblclick();
    await row(page, "second").getByText("Stopped").waitFor();
    expect(await generationsOf(system)).toEqual({ first: 2, second: 2 });
  });

  test("a refusal comes into view from the far end of a long list", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page, system } = opened;
    const replIds = Array.from({ length: 8 }, (_, index) => `repl-${index}`);
    for (const replId of replIds) expect((await system.post("/start", { replId })).status).toBe(202);
    await page.setViewportSize({ width: 320, height: 480 });
    await page.reload();
    const last = row(page, "repl-0").getByRole("button", { name: "Stop repl-0" });
    await last.scrollIntoViewIfNeeded();
    await page.route("**/stop", (route) =>
      route.fulfill({ status: 429, json: { title: "Later, please.", code: "user_limit", status: 429 } }),
    );
    await last.click();
    const notice = page.getByRole("alert").getByText("Later, please.");
    await notice.waitFor();
    await expect.poll(() => topOf(notice)).toBeGreaterThanOrEqual(0);
  });
});

/** Starts a repl, and waits until the list has it running. */
async function run(page: Page, replId: string): Promise<void> {
  await start(page, replId);
  await row(page, replId).getByText("Running").waitFor();
}

/** Below the window's upper edge, in pixels. */
function topOf(locator: Locator): Promise<number> {
  return locator.evaluate((element) => element.getBoundingClientRect().top);
}

/** Whether it is underlined, and its colour. */
function looksOf(locator: Locator): Promise<{ underlined: boolean; color: string | undefined }> {
  return locator.evaluate((element) => {
    const style = element.ownerDocument.defaultView?.getComputedStyle(element);
    return { underlined: style?.textDecorationLine === "underline", color: style?.color };
  });
}

async function generationsOf(system: System): Promise<Record<string, number>> {
  return Object.fromEntries((await listOf(system)).map(({ replId, generation }) => [replId, generation]));
}
