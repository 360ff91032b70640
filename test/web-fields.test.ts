import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, openBrowser } from "./support/chromium.ts";
import { heading, nameField, openPage, row, start } from "./support/page.ts";

describe.skipIf(chromiumPath === undefined)("what is wrong with a field of the page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test("a name that is none is refused beside its field, without asking the service", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page } = opened;
    const asked = ordersOf(page);
    await start(page, "Not A Name");
    await page.getByText(/^Not a name yet/).waitFor();
    expect(await blamed(nameField(page))).toMatchObject({ invalid: "true", focused: true });
    await nameField(page).fill("a-name");
    expect(await blamed(nameField(page))).toMatchObject({ invalid: null, said: expect.stringMatching(/^Lower-case/) });
    await start(page, " ");
    expect(await blamed(nameField(page))).toEqual({ invalid: "true", focused: true, said: "Give the repl a name." });
    expect(asked).toEqual([]);
  });

  test("a name that is too long is kept as it was pasted, and the limit is said before and after", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page } = opened;
    expect((await blamed(nameField(page))).said).toMatch(/at most 50 characters\.$/);
    await nameField(page).fill("");
    await page.keyboard.insertText("a".repeat(51));
    await page.keyboard.press("Enter");
    await page.getByText(/^Not a name yet\. Expected: .* at most 50 characters\.$/).waitFor();
    expect(await nameField(page).inputValue()).toHaveLength(51);
    await start(page, "a".repeat(50));
    await heading(page, `Starting ${"a".repeat(50)}`).waitFor();
  });

  test("somebody else's repl is refused at the name, with what to do, and users see their own repls only", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page, system } = opened;
    await system.post("/start", { replId: "hers", userId: "alice" });
    await page.getByText("None yet.").waitFor();
    await start(page, "hers");
    await page.getByText("The repl belongs to another user. Take another name.").waitFor();
    expect(await blamed(nameField(page))).toMatchObject({ invalid: "true", focused: true });
    expect(await page.locator("#notice").isVisible()).toBe(false);
    await page.getByText("Who you are").click();
    await enter(userField(page), "alice");
    expect(await blamed(nameField(page))).toMatchObject({ invalid: null });
    await row(page, "hers").getByText("Starting").waitFor();
  });

  test("a mistake in the user belongs to its field, which is unfolded, until it is corrected", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page } = opened;
    const summary = page.getByText("Who you are");
    await summary.click();
    await enter(userField(page), "not a user");
    const complaint = page.getByRole("alert").getByText(/^User is not valid\. Expected: 1 to 128 printable/);
    await complaint.waitFor();
    // Nothing was pressed but Tab.
    expect(await blamed(userField(page))).toMatchObject({ invalid: "true", focused: false });
    expect(await page.locator("#notice").isVisible()).toBe(false);

    await summary.click();
    await start(page, "mine");
    await complaint.waitFor();
    expect(await blamed(userField(page))).toEqual({
      invalid: "true",
      focused: true,
      said: await complaint.textContent(),
    });
    expect(await blamed(nameField(page))).toMatchObject({ invalid: null });

    await userField(page).pressSequentially("x");
    expect(await blamed(userField(page))).toMatchObject({ invalid: null, said: expect.stringMatching(/^Where the/) });
    await enter(userField(page), "me");
    await page.getByText("None yet.").waitFor();
    await start(page, "mine");
    await heading(page, "Starting mine").waitFor();
    expect(await page.getByText("is not valid").count()).toBe(0);
  });

  test("a user that was remembered and is none is shown when the page opens, and takes no focus", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page } = opened;
    await page.evaluate('localStorage.setItem("repl-orchestrator.user", "x".repeat(129))');
    await page.reload();
    await page.getByText(/^User is not valid/).waitFor();
    expect(await blamed(userField(page))).toMatchObject({ invalid: "true", focused: false });
    expect(await userField(page).inputValue()).toHaveLength(129);
  });
});

const userField = (page: Page): Locator => page.getByRole("textbox", { name: "User", exact: true });

/** Types it and leaves the field. */
async function enter(field: Locator, text: string): Promise<void> {
  await field.fill(text);
  await field.blur();
}

/** Orders that the page sends from now on. */
function ordersOf(page: Page): string[] {
  const sent: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") sent.push(request.url());
  });
  return sent;
}

/** Whether a field is said to be wrong, whether it has the focus, and what describes it. */
function blamed(field: Locator) {
  return field.evaluate((input) => ({
    invalid: input.getAttribute("aria-invalid"),
    focused: input === input.ownerDocument.activeElement,
    said: input.ownerDocument.getElementById(input.getAttribute("aria-describedby") ?? "")?.textContent,
  }));
}
