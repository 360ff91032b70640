import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, openBrowser } from "../support/chromium.ts";
import { readEnvironment } from "./support/environment.ts";
import { openPlace } from "./support/place.ts";

const TITLE = "Hello from the bucket";

describe.skipIf(chromiumPath === undefined)("the page", () => {
  let browser: Browser;
  beforeAll(async () => {
    const { hostname, port } = new URL(readEnvironment().ingressAddress);
    // As a wildcard record would lead to the ingress controller.
    const rules = ["peetcode.com", "autogpt-cloud.com"].map((zone) => `MAP *.${zone} ${hostname}:${port || 80}`);
    browser = await openBrowser([`--host-resolver-rules=${rules.join(",")}`]);
  });
  afterAll(() => browser?.close());

  test("a start is followed to ready, and its link opens the workspace", async () => {
    await using place = await openPlace();
    const { system, bucket, visitor } = place;
    await bucket.put("repl123", { "index.html": `<!doctype html><title>${TITLE}</title>\n` });
    const context = await browser.newContext();
    await using _context = { [Symbol.asyncDispose]: () => context.close() };
    const page = await context.newPage();
    await page.goto(system.apis[0]?.url ?? "");
    await page.getByLabel("Name").fill("repl123");
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await page.getByRole("heading", { name: "repl123 is ready" }).waitFor({ timeout: 120_000 });

    const link = page.getByRole("list", { name: "Addresses of the workspace" }).getByRole("link").first();
    const address = (await link.getAttribute("href")) ?? "";
    expect((await visitor.get(`${address}/index.html`)).body.toString()).toContain(TITLE);
    const popup = page.waitForEvent("popup");
    await link.click();
    const workspace = await popup;
    await workspace.waitForLoadState();
    expect(new URL(workspace.url()).origin).toBe(address);
    expect(await workspace.getByText("It runs.").count()).toBe(1);
    await workspace.goto(`${address}/index.html`);
    expect(await workspace.title()).toBe(TITLE);
    expect(await workspace.evaluate(echo, address.replace(/^http/, "ws"))).toBe("from the browser");
  });
});

/** Runs in the page: sends a message over a WebSocket and returns what comes back. */
function echo(address: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = new WebSocket(address);
  socket.onopen = () => socket.send("from the browser");
  socket.onmessage = ({ data }) => resolve(String(data));
  socket.onerror = () => reject(new Error("no WebSocket"));
  return promise;
}
