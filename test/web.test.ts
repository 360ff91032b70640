import { createHmac } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, openBrowser } from "./support/chromium.ts";
import { type System, type SystemOptions, startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

describe.skipIf(chromiumPath === undefined)("the page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  /** The service, and its page in a browser of its own; the end checks that the browser had nothing to complain about. */
  async function openPage(options: SystemOptions = {}) {
    const stack = new AsyncDisposableStack();
    const target = stack.use(await openSimulator());
    const system = stack.use(await startSystem(target, options));
    const context = await browser.newContext();
    stack.defer(() => context.close());
    const page = await context.newPage();
    const complaints = listen(page);
    await page.goto(system.apis[0]?.url ?? "");
    const dispose = async () => {
      await stack.disposeAsync();
      expect(complaints).toEqual([]);
    };
    return { page, system, [Symbol.asyncDispose]: dispose };
  }

  test("a start is followed to ready, its addresses are there, and a stop takes it away", async () => {
    await using opened = await openPage();
    const { page, system } = opened;
    await start(page, "repl123");
    await heading(page, "repl123 is ready").waitFor();
    expect(await stepsOf(page)).toEqual(
      ["Queued", "Creating", "Scheduling", "Pulling", "Copying", "Starting", "Answering", "Ready"].map((name) => [
        name,
        "done",
      ]),
    );
    const bar = page.getByRole("progressbar", { name: "repl123 is ready" });
    expect(await bar.evaluate((element) => (element as unknown as { value: number }).value)).toBe(100);
    const links = page.getByRole("list", { name: "Addresses of the workspace" }).getByRole("link");
    expect(await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")))).toContain(
      "http://repl123.peetcode.com",
    );
    expect(await page.title()).toContain("repl123 is ready");
    await row(page, "repl123").getByText("Running").waitFor();

    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await heading(page, "repl123 is stopped").waitFor();
    await row(page, "repl123").getByText("Stopped").waitFor();
    expect(await statesOf(system)).toEqual({ repl123: "stopped" });
  });

  test("a failing start shows its reason, with the evidence folded away", async () => {
    await using opened = await openPage();
    const { page } = opened;
    await page.getByText("Try a failure").click();
    await page.getByRole("button", { name: /The image cannot be pulled/ }).click();
    await heading(page, "fail-image-demo could not be started").waitFor();
    expect(await page.getByRole("alert").filter({ visible: true }).allTextContents()).toEqual([
      expect.stringMatching(/image .* cannot be pulled/),
    ]);
    await page.getByText("image_pull_failed").waitFor();
    const evidence = page.getByText(/reason: ImagePullBackOff/);
    expect(await evidence.isVisible()).toBe(false);
    await page.getByText("Evidence").click();
    await evidence.waitFor();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await row(page, "fail-image-demo").getByText("Failed").waitFor();
  });

  test("a reload in the middle picks the progress up again", async () => {
    await using opened = await openPage({ workers: 0 });
    const { page, system } = opened;
    await start(page, "repl123");
    await heading(page, "Starting repl123").waitFor();
    await page.reload();
    await heading(page, "Starting repl123").waitFor();
    expect(await stepsOf(page)).toContainEqual(["Queued", "current"]);
    await system.startWorker();
    await heading(page, "repl123 is ready").waitFor();
    await page.reload();
    await heading(page, "repl123 is ready").waitFor();
  });

  test("a start that goes on elsewhere is picked up by a browser that knows nothing of it", async () => {
    await using opened = await openPage({ workers: 0 });
    const { page, system } = opened;
    await system.post("/start", { replId: "repl123" });
    await page.reload();
    await heading(page, "Starting repl123").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await system.startWorker();
    await heading(page, "repl123 is stopped").waitFor();
  });

  test("a name that is none is refused beside its field, without asking the service", async () => {
    await using opened = await openPage({ workers: 0 });
    const { page, system } = opened;
    await start(page, "Not A Name");
    await page.getByText(/^Not a name yet/).waitFor();
    const input = page.getByLabel("Name");
    expect(await input.getAttribute("aria-invalid")).toBe("true");
    expect(await input.evaluate((field) => field === field.ownerDocument.activeElement)).toBe(true);
    await input.fill("a-name");
    expect(await input.getAttribute("aria-invalid")).toBeNull();
    expect(await statesOf(system)).toEqual({});
  });

  test("somebody else's repl is refused in words, and users see their own repls only", async () => {
    await using opened = await openPage({ workers: 0 });
    const { page, system } = opened;
    await system.post("/start", { replId: "hers", userId: "alice" });
    await page.getByText("None yet.").waitFor();
    await start(page, "hers");
    await page.getByText("The repl belongs to another user.").waitFor();
    await page.getByText("Who you are").click();
    await page.getByLabel("User").fill("alice");
    await page.getByLabel("User").blur();
    await row(page, "hers").getByText("Starting").waitFor();
  });

  test("where authentication is on, it asks for a token and acts as its subject", async () => {
    const secret = "a secret of at least thirty-two bytes";
    const claims = { iss: "https://id.example.com/", aud: "repls" };
    const env = { AUTH_MODE: "jwt", AUTH_SECRET: secret, AUTH_ISSUER: claims.iss, AUTH_AUDIENCE: claims.aud };
    await using opened = await openPage({ env });
    const { page } = opened;
    await page.getByText("This service asks for an access token").waitFor();
    await page.locator("#identity > summary").click();
    await page
      .getByLabel("Access token")
      .fill(signed({ ...claims, sub: "alice", exp: Date.now() / 1_000 + 300 }, secret));
    await page.getByLabel("Access token").blur();
    await page.getByText("None yet.").waitFor();
    expect(await page.getByText("This service asks for an access token").isVisible()).toBe(false);
    await start(page, "hers");
    await heading(page, "hers is ready").waitFor();
    await page.reload();
    await heading(page, "hers is ready").waitFor();
    await row(page, "hers").getByText("Running").waitFor();
  });

  test("everything can be done with the keyboard alone", async () => {
    await using opened = await openPage();
    const { page } = opened;
    await page.getByLabel("Name").focus();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("by-keyboard");
    await page.keyboard.press("Enter");
    await heading(page, "by-keyboard is ready").waitFor();
    expect(await tabUntil(page, "Stop")).toBeLessThan(8);
    await page.keyboard.press("Enter");
    await heading(page, "by-keyboard is stopped").waitFor();
  });
});

/** Errors of scripts and everything that the content security policy refused. */
function listen(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A refused start is no fault of the page; the browser notes each answer of 4xx.
    const refusal = /^Failed to load resource.* 4\d\d/.test(message.text());
    if (message.type() === "error" && !refusal) complaints.push(message.text());
  });
  return complaints;
}

/** A token as RFC 7519 has it, with HS256. */
function signed(claims: object, secret: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const input = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

async function start(page: Page, replId: string): Promise<void> {
  await page.getByLabel("Name").fill(replId);
  await page.getByRole("button", { name: "Start", exact: true }).first().click();
}

const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });

const row = (page: Page, replId: string) =>
  page.getByRole("region", { name: "Your repls" }).getByRole("listitem").filter({ hasText: replId });

/** Name and state of each step. */
function stepsOf(page: Page): Promise<(string | null | undefined)[][]> {
  return page
    .locator("#job-steps > li")
    .evaluateAll((items) =>
      items.map((item) => [item.firstElementChild?.textContent, item.getAttribute("data-state")]),
    );
}

/** Presses Tab until the focus is on the button of that name; how often that took. */
async function tabUntil(page: Page, name: string): Promise<number> {
  const focused = page.locator(":focus");
  for (let presses = 1; presses <= 20; presses += 1) {
    await page.keyboard.press("Tab");
    if ((await focused.textContent()) === name) return presses;
  }
  throw new Error(`Tab never came to ${name}`);
}

async function statesOf({ apis }: System): Promise<Record<string, string>> {
  const { repls } = (await (await fetch(`${apis[0]?.url}/repls`)).json()) as {
    repls: { replId: string; state: string }[];
  };
  return Object.fromEntries(repls.map(({ replId, state }) => [replId, state]));
}
