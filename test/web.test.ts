import { createHmac } from "node:crypto";
import { once } from "node:events";
import { request as connectTo, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { JobStatus } from "@repl/contract";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, openBrowser } from "./support/chromium.ts";
import { listOf } from "./support/listed-repls.ts";
import { heading, nameField, openAddress, openPage, row, start } from "./support/page.ts";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

describe.skipIf(chromiumPath === undefined)("the page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test("a start is followed to ready, its addresses are there, and a stop takes it away", async () => {
    await using opened = await openPage(browser);
    const { page, system } = opened;
    await start(page, "repl123");
    await heading(page, "repl123 is ready").waitFor();
    const entered = await phasesOf(system, "repl123");
    expect(entered).not.toContain("answering");
    expect(await stepsOf(page)).toEqual(
      Object.entries(STEP_NAMES).flatMap(([phase, name]) => (entered.includes(phase) ? [[name, "done"]] : [])),
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
    await using opened = await openPage(browser);
    const { page } = opened;
    await page.getByText("Try a failure").click();
    await page.getByRole("button", { name: /The image cannot be pulled/ }).click();
    await heading(page, "fail-image-demo could not be started").waitFor();
    expect(await page.getByRole("alert").filter({ visible: true }).allTextContents()).toEqual([
      expect.stringMatching(/image .* cannot be pulled/),
    ]);
    await page.getByText("image_pull_failed").waitFor();
    const evidence = page.getByText(/reason: (ErrImagePull|ImagePullBackOff)/);
    expect(await evidence.isVisible()).toBe(false);
    await page.getByText("Evidence").click();
    await evidence.waitFor();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await row(page, "fail-image-demo").getByText("Failed").waitFor();
    await row(page, "fail-image-demo").getByRole("button", { name: "Start fail-image-demo" }).waitFor();
    expect(await page.getByRole("list", { name: "Addresses of the workspace" }).count()).toBe(0);
  });

  test("an attempt after one that failed shows its progress, not the old failure", async () => {
    await using target = await openSimulator();
    const { faults } = target.simulator;
    const match = { verbs: ["create"], resources: ["services"] };
    faults.add({ match, times: 1, effect: { kind: "answer", status: 415 } });
    const held = faults.add({ match, effect: { kind: "hold" } });
    await using system = await startSystem(target);
    await using opened = await openAddress(browser, system.apis[0]?.url ?? "");
    const { page } = opened;
    await start(page, "repl123");
    await page.locator("#job-message").getByText("Attempt 2 of 5.").waitFor();
    const status = await system.status((await listOf(system))[0]?.job.jobId ?? "");
    expect(status).toMatchObject({ state: "active", error: { code: "internal_error" } });
    expect(await page.locator("#job-failure").isVisible()).toBe(false);
    expect(await page.getByRole("alert").filter({ visible: true }).count()).toBe(0);
    faults.remove(held.id);
    await heading(page, "repl123 is ready").waitFor();
  });

  test("a start that was cancelled did not fail: the step where it ended is neutral", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page, system } = opened;
    await start(page, "repl123");
    await heading(page, "Starting repl123").waitFor();
    await system.post("/stop", { replId: "repl123" });
    await heading(page, "The start of repl123 was cancelled").waitFor();
    expect((await stepsOf(page))[0]).toEqual(["Queued", "cancelled"]);
    await page.getByRole("listitem").getByText("(cancelled here)").waitFor();
    const [bar, bad] = (await page.evaluate(
      '["--bar", "--bad"].map((name) => getComputedStyle(document.getElementById("job")).getPropertyValue(name))',
    )) as string[];
    expect(bar).not.toBe(bad);
  });

  test("a reload in the middle picks the progress up again", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page, system } = opened;
    await start(page, "repl123");
    await heading(page, "Starting repl123").waitFor();
    await page.reload();
    await heading(page, "Starting repl123").waitFor();
    await page.getByText("Waiting for a worker. Yours is next.").waitFor();
    expect(await stepsOf(page)).toContainEqual(["Queued", "current"]);
    await system.startWorker();
    await heading(page, "repl123 is ready").waitFor();
    await page.reload();
    await heading(page, "repl123 is ready").waitFor();
  });

  test("a start that goes on elsewhere is picked up by a browser that knows nothing of it", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page, system } = opened;
    await system.post("/start", { replId: "repl123" });
    await page.reload();
    await heading(page, "Starting repl123").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await system.startWorker();
    await heading(page, "repl123 is stopped").waitFor();
  });

  test("a script that asks for a job again gets its place in the queue anew, whatever the browser keeps", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page, system } = opened;
    const order = async (userId: string, replId: string) =>
      (await (await system.post("/start", { userId, replId })).json()) as { statusUrl: string };
    await order("alice", "first");
    const { statusUrl } = await order("alice", "second");
    const ahead = () =>
      page.evaluate(async (url) => ((await (await fetch(url)).json()) as JobStatus).queue?.ahead, statusUrl);
    expect(await ahead()).toBe(1);
    await order("bob", "his"); // Bob's first comes before Alice's second.
    expect(await ahead()).toBe(2);
  });

  test("a change of the user takes the last one's job and refusal off the page", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page, system } = opened;
    await system.post("/start", { replId: "hers", userId: "alice" });
    await start(page, "mine");
    await heading(page, "Starting mine").waitFor();
    await start(page, "hers");
    await page.getByText("The repl belongs to another user.").waitFor();
    await page.getByText("Who you are").click();
    await page.getByLabel("User").fill("bob");
    await page.getByLabel("User").blur();
    await page.getByText("None yet.").waitFor();
    expect(await page.getByText("The repl belongs to another user.").isVisible()).toBe(false);
    expect(await heading(page, "Starting mine").isVisible()).toBe(false);
    await page.reload();
    await page.getByText("None yet.").waitFor();
    expect(await heading(page, "Starting mine").isVisible()).toBe(false);
  });

  test("where authentication is on, it asks for a token and acts as its subject", async () => {
    const secret = "a secret of at least thirty-two bytes";
    const claims = { iss: "https://id.example.com/", aud: "repls" };
    const env = { AUTH_MODE: "jwt", AUTH_SECRET: secret, AUTH_ISSUER: claims.iss, AUTH_AUDIENCE: claims.aud };
    await using opened = await openPage(browser, { env });
    const { page } = opened;
    await page.getByText("This service asks for an access token").waitFor();
    await page.locator("#identity > summary").click();
    const token = signed({ ...claims, sub: "alice", exp: Date.now() / 1_000 + 300 }, secret);
    const enter = async () => {
      await page.getByLabel("Access token").fill(token);
      await page.getByLabel("Access token").blur();
    };
    await enter();
    await page.getByText("None yet.").waitFor();
    expect(await page.getByText("This service asks for an access token").isVisible()).toBe(false);
    await start(page, "hers");
    await heading(page, "hers is ready").waitFor();
    await page.reload();
    await heading(page, "hers is ready").waitFor();
    await row(page, "hers").getByText("Running").waitFor();

    // The job outlives the tab, the token does not.
    await page.evaluate("sessionStorage.clear()");
    await page.reload();
    await page.getByText("This service asks for an access token").waitFor();
    await page.locator("#identity > summary").click();
    await enter();
    await heading(page, "hers is ready").waitFor();
    expect(await page.getByText("This service asks for an access token").isVisible()).toBe(false);
  });

  test("a slow service: the page says that it waits, not that there is nothing", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const { page } = opened;
    const gate = Promise.withResolvers<void>();
    await page.route(/\/(repls|start)(\?|$)/, async (route) => {
      await gate.promise;
      await route.continue();
    });
    await page.reload();
    await page.getByText("Loading…").waitFor();
    await start(page, "repl123");
    await page.getByRole("status").getByText("Asking for the start of repl123…").waitFor();
    gate.resolve();
    await heading(page, "Starting repl123").waitFor();
    await row(page, "repl123").getByText("Starting").waitFor();
    await page.getByText("Asking for the start").waitFor({ state: "hidden" });
    expect(await page.getByText("Loading…").isVisible()).toBe(false);
  });

  test("the interface's page and the dashboard ask nothing of other sites", async () => {
    await using opened = await openPage(browser, { workers: 0 });
    const [api] = opened.system.apis;
    const pages: [string, string][] = [
      [`${api?.url}/docs`, "Start a repl"],
      [`${api?.opsUrl}/admin/queues`, "sweeps"],
    ];
    for (const [url, text] of pages) {
      await using other = await openAddress(browser, url);
      await other.page.getByText(text).first().waitFor();
      const loaded = (await other.page.evaluate(
        "performance.getEntriesByType('resource').map(({ name }) => name)",
      )) as string[];
      expect(loaded.length).toBeGreaterThan(2);
      expect(loaded.filter((address) => new URL(address).origin !== new URL(url).origin)).toEqual([]);
    }
  });

  test("below a path of a proxy, the page leads to the interface's page, which sends its requests there", async () => {
    await using target = await openSimulator();
    await using system = await startSystem(target, { workers: 0 });
    await using proxy = await startPathProxy("/below", system.apis[0]?.url ?? "");
    await using opened = await openAddress(browser, `${proxy.url}/below/`);
    const { page } = opened;
    await page.getByRole("link", { name: "API reference" }).click();
    await page.getByText("List a user's repls").click();
    await page.getByRole("button", { name: "Try it out" }).click();
    const asked = page.waitForResponse(/\/repls(\?|$)/);
    await page.getByRole("button", { name: "Execute" }).click();
    const answer = await asked;
    expect([new URL(answer.url()).pathname, answer.status()]).toEqual(["/below/repls", 200]);
  });

  test("everything can be done with the keyboard alone", async () => {
    await using opened = await openPage(browser);
    const { page } = opened;
    await nameField(page).focus();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("by-keyboard");
    await page.keyboard.press("Enter");
    await heading(page, "by-keyboard is ready").waitFor();
    expect(await tabUntil(page, "Stop")).toBeLessThan(8);
    await page.keyboard.press("Enter");
    await heading(page, "by-keyboard is stopped").waitFor();
  });
});

/** A proxy in front of a service that puts it below a path, which the service does not know of. */
async function startPathProxy(path: string, to: string) {
  const server = createServer((request, response) => {
    if (!request.url?.startsWith(`${path}/`)) return void response.writeHead(404).end();
    const { method, headers } = request;
    const onward = connectTo(to + request.url.slice(path.length), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close };
}

/** A token as RFC 7519 has it, with HS256. */
function signed(claims: object, secret: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const input = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

/** Name and state of each step that can be seen. */
function stepsOf(page: Page): Promise<(string | null | undefined)[][]> {
  return page
    .locator("#job-steps > li")
    .filter({ visible: true })
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

/** What the page calls the steps of a start. */
const STEP_NAMES = {
  queued: "Queued",
  applying: "Creating",
  scheduling: "Scheduling",
  pulling: "Pulling",
  copying: "Copying",
  starting: "Starting",
  answering: "Answering",
  done: "Ready",
};

/** The steps that the latest job of a repl has been at. */
async function phasesOf(system: System, replId: string): Promise<string[]> {
  const repl = (await listOf(system)).find((each) => each.replId === replId);
  const { phase, phases } = await system.status(repl?.job.jobId ?? "");
  return [...phases.map((timing) => timing.phase), phase];
}

async function statesOf(system: System): Promise<Record<string, string>> {
  return Object.fromEntries((await listOf(system)).map(({ replId, state }) => [replId, state]));
}
