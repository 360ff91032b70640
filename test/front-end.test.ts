import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, openBrowser } from "./support/chromium.ts";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

/** A page of an origin of its own, as the front end's is; an empty one unless told. */
async function servePage(html = "<!doctype html><title>front end</title>") {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html").end(html);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return { origin, [Symbol.asyncDispose]: async () => void server.close() };
}

/** What the page does: starts with the replId alone and polls. Runs in the browser, so it may use nothing from here. */
async function startAndPoll(api: string) {
  const started = await fetch(`${api}/start`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ replId: "repl123" }),
  });
  const { jobId, statusUrl } = (await started.json()) as { jobId: string; statusUrl: string };
  const location = started.headers.get("location");
  for (;;) {
    const job = (await (await fetch(api + statusUrl)).json()) as { finishedAt: string | null };
    if (job.finishedAt !== null) return { status: started.status, location, jobId, job };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe.skipIf(chromiumPath === undefined)("a front end in a browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test("starts a repl from another origin with the replId alone", async () => {
    await using site = await servePage();
    await using target = await openSimulator();
    await using system = await startSystem(target, { env: { CORS_ORIGINS: site.origin } });
    const page = await browser.newPage();
    const preflights: string[] = [];
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    session.on("Network.requestWillBeSent", ({ request }) => {
      if (request.method === "OPTIONS") preflights.push(request.url);
    });
    await page.goto(site.origin);
    const result = await page.evaluate(startAndPoll, system.apis[0]?.url ?? "");
    expect(result).toMatchObject({
      status: 202,
      location: `/jobs/${result.jobId}`,
      job: { state: "completed", userId: "anonymous", urls: expect.arrayContaining(["http://repl123.peetcode.com"]) },
    });
    expect(preflights).toContain(`${system.apis[0]?.url}/start`);
    await page.close();
  });

  test("is refused from an origin that is not listed", async () => {
    await using site = await servePage();
    await using target = await openSimulator();
    await using system = await startSystem(target, { workers: 0, env: { CORS_ORIGINS: "http://localhost:3000" } });
    const page = await browser.newPage();
    await page.goto(site.origin);
    await expect(page.evaluate(startAndPoll, system.apis[0]?.url ?? "")).rejects.toThrow(/Failed to fetch/);
    await page.close();
  });

  test.each(["polling", "streaming"])("examples/front-end-%s.html starts a repl and shows how it ends", async (how) => {
    const html = await readFile(new URL(`../examples/front-end-${how}.html`, import.meta.url), "utf8");
    await using site = await servePage(html);
    await using target = await openSimulator();
    await using system = await startSystem(target, { env: { CORS_ORIGINS: site.origin } });
    const page = await browser.newPage();
    await page.goto(`${site.origin}/?api=${system.apis[0]?.url}`);
    await page.getByRole("button", { name: "Start" }).click();
    const link = page.getByRole("link");
    await link.waitFor();
    expect(await link.getAttribute("href")).toBe("http://hello.peetcode.com");
    expect(await page.getByRole("status").textContent()).toMatch(/^Resources created successfully\./);
    expect(await page.getByRole("progressbar").getAttribute("value")).toBe("100");

    await page.getByLabel("Repl").fill("fail-image-1");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText(/image .* cannot be pulled/).waitFor();
    expect(await link.count()).toBe(0);
    await page.close();
  });
});
