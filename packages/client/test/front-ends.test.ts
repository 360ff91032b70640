import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, openBrowser } from "../../../test/support/chromium.ts";
import { type Answer, json, type ScriptedServer, startScriptedServer } from "./scripted-server.ts";

/** What a front end asks for, in its own order, each with its answers; the last one is repeated. */
interface Script {
  readonly start: readonly Answer[];
  readonly status?: readonly Answer[];
  readonly events?: readonly Answer[];
}

/** A page of the examples, and the service that it asks, at the same address. */
async function serve(how: string, script: Script): Promise<ScriptedServer> {
  const html = await readFile(new URL(`../../../examples/front-end-${how}.html`, import.meta.url), "utf8");
  const asked = { start: 0, status: 0, events: 0 };
  return startScriptedServer((response, request) => {
    const path = request.url.split("?")[0] ?? "";
    if (path === "/") return void response.writeHead(200, { "content-type": "text/html" }).end(html);
    if (path === "/favicon.ico") return void response.writeHead(404).end();
    const what = path === "/start" ? "start" : path.endsWith("/events") ? "events" : "status";
    const answers = script[what] ?? [];
    asked[what] += 1;
    answers[Math.min(asked[what], answers.length) - 1]?.(response, request);
  });
}

/** How often something was asked for. */
const timesAsked = ({ asked }: ScriptedServer, what: RegExp) => asked.filter(({ url }) => what.test(url)).length;

const accepted = (jobId: string): Answer =>
  json({ jobId, statusUrl: `/jobs/${jobId}`, eventsUrl: `/jobs/${jobId}/events` }, 202);
const jobOf = (change: object = {}) => ({
  ...{ jobId: "1", state: "active", progress: 10, message: "Under way.", urls: [], error: null, finishedAt: null },
  ...change,
});
const READY = jobOf({
  state: "completed",
  progress: 100,
  message: "Ready.",
  urls: ["http://a.example"],
  finishedAt: "x",
});
const gateway =
  (status: number): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": "text/html" }).end("<h1>Gateway</h1>");
const refusal = (status: number, code: string, more: object = {}): Answer =>
  json({ title: `Titled ${code}.`, status, code, ...more }, status);
const writeEvent = (response: ServerResponse, name: string, job: object) =>
  response.write(`event: ${name}\ndata: ${JSON.stringify(job)}\n\n`);
const events =
  (name: string, job: object): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    writeEvent(response, name, job);
  };

describe.skipIf(chromiumPath === undefined)("examples/front-end-*.html in a browser", () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  /** The page with Start pressed once. */
  async function press(server: ScriptedServer) {
    const page = await browser.newPage();
    await page.goto(`${server.url}/?api=${server.url}`);
    const start = page.getByRole("button", { name: "Start" });
    await start.click();
    const says = (text: string) =>
      page.getByRole("status").getByText(text, { exact: true }).waitFor({ timeout: 10_000 });
    const shown = () => page.getByRole("status").textContent();
    return { page, start, says, shown, link: page.getByRole("link"), [Symbol.asyncDispose]: () => page.close() };
  }

  /** Answers what the page asked of the first job, and lets it work on that. */
  async function answerLate(page: Page, late: ServerResponse): Promise<void> {
    const answered = page.waitForResponse(/\/jobs\/1\b/);
    late.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(READY));
    await (await answered).finished();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
  }

  describe.each(["polling", "streaming"])("%s", (how) => {
    test("a start that a gateway or the service puts off is sent again", async () => {
      await using server = await serve(how, {
        start: [gateway(503), refusal(429, "rate_limited"), accepted("1")],
        status: [json(READY)],
        events: [events("completed", READY)],
      });
      await using opened = await press(server);
      await opened.link.waitFor({ timeout: 10_000 });
      expect(await opened.shown()).toBe("Ready.");
      expect(timesAsked(server, /^\/start$/)).toBe(3);
    });

    test.each<[string, Answer, string]>([
      [
        "what is wrong with a field",
        refusal(400, "invalid_request", { detail: "replId is too long." }),
        "replId is too long.",
      ],
      ["the user's limit", refusal(429, "user_limit", { detail: "At most 1 may run." }), "At most 1 may run."],
      ["a title where there is no more", refusal(409, "repl_taken"), "Titled repl_taken."],
    ])("a refusal is shown in the service's words: %s", async (_name, answer, words) => {
      await using server = await serve(how, { start: [answer] });
      await using opened = await press(server);
      await opened.says(words);
      expect(timesAsked(server, /^\/start$/)).toBe(1);
    });

    test("a gateway's own refusal is shown with its status", async () => {
      await using server = await serve(how, { start: [gateway(403)] });
      await using opened = await press(server);
      await opened.says(`${server.url} answered 403.`);
    });

    test("Start pressed again: what becomes of the job before is not shown any more", async () => {
      const first = Promise.withResolvers<ServerResponse>();
      const hold: Answer = (response) => first.resolve(response);
      await using server = await serve(how, {
        start: [accepted("1"), accepted("2")],
        status: [hold, json(jobOf({ message: "The second." })), () => {}],
        events: [hold, events("progress", jobOf({ message: "The second." }))],
      });
      await using opened = await press(server);
      const late = await first.promise;
      if (how === "streaming") {
        late.writeHead(200, { "content-type": "text/event-stream" });
        writeEvent(late, "progress", jobOf({ message: "The first." }));
        await opened.says("The first.");
      }
      await opened.start.click();
      await opened.says("The second.");
      if (how === "streaming") await expect.poll(() => late.destroyed).toBe(true);
      else await answerLate(opened.page, late);
      expect([await opened.shown(), await opened.link.count()]).toEqual(["The second.", 0]);
    });
  });

  test.each([
    ["too many clients follow", refusal(429, "too_many_followers")],
    ["the service is starting", gateway(503)],
  ])("where %s, the page that streams polls instead", async (_why, answer) => {
    const soon = { "retry-after": "1" };
    await using server = await serve("streaming", {
      start: [accepted("1")],
      events: [answer],
      status: [json(jobOf(), 200, soon), gateway(502), json(READY)],
    });
    await using opened = await press(server);
    await opened.says("Under way.");
    await opened.link.waitFor({ timeout: 10_000 });
    expect(await opened.shown()).toBe("Ready.");
    expect(timesAsked(server, /events$/)).toBe(1);
    expect(timesAsked(server, /^\/jobs\/1$/)).toBe(3);
  });

  test("the page that streams shows the attempt under way, and only at the end why one failed", async () => {
    const error = { code: "internal_error", message: "An attempt failed." };
    const again = jobOf({ message: "The second attempt.", error });
    await using server = await serve("streaming", {
      start: [accepted("1"), accepted("2")],
      events: [events("progress", again), events("failed", jobOf({ state: "failed", error, finishedAt: "x" }))],
    });
    await using opened = await press(server);
    await opened.says("The second attempt.");
    await opened.start.click();
    await opened.says("An attempt failed.");
  });

  test("the page that streams says why it may not follow", async () => {
    const refused = refusal(401, "unauthorized", { detail: "The token has expired." });
    await using server = await serve("streaming", { start: [accepted("1")], events: [refused], status: [refused] });
    await using opened = await press(server);
    await opened.says("The token has expired.");
  });

  test("Start pressed again while the page polls in the stream's stead ends that", async () => {
    const first = Promise.withResolvers<ServerResponse>();
    await using server = await serve("streaming", {
      start: [accepted("1"), accepted("2")],
      events: [gateway(503), events("progress", jobOf({ message: "The second." }))],
      status: [(response) => first.resolve(response)],
    });
    await using opened = await press(server);
    const late = await first.promise;
    await opened.start.click();
    await opened.says("The second.");
    await answerLate(opened.page, late);
    expect([await opened.shown(), await opened.link.count()]).toEqual(["The second.", 0]);
  });

  test("the page that polls shows at once what a job does that does not change, and waits only then", async () => {
    const status: Answer = (response, asked) => {
      if (!asked.url.includes("wait")) json(jobOf({ message: "Waiting for a worker." }))(response, asked);
    };
    await using server = await serve("polling", { start: [accepted("1")], status: [status] });
    await using opened = await press(server);
    await opened.says("Waiting for a worker.");
    await expect.poll(() => server.asked.at(-1)?.url).toBe("/jobs/1?wait=20");
  });

  test("where waiting alone is refused, the page that polls asks without it", async () => {
    const status = [json(jobOf()), refusal(429, "user_followers"), json(READY)];
    await using server = await serve("polling", { start: [accepted("1")], status });
    await using opened = await press(server);
    await opened.link.waitFor({ timeout: 10_000 });
    const asked = server.asked.map(({ url }) => url).filter((url) => url.startsWith("/jobs/"));
    expect(asked).toEqual(["/jobs/1", "/jobs/1?wait=20", "/jobs/1"]);
  });
});
