import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiProcess, postStart, startApiProcess } from "./api-process.ts";
import { AUDIENCE, bearer, ISSUER, publicPem, tokenOf } from "./tokens.ts";

const JWT = { AUTH_MODE: "jwt", AUTH_PUBLIC_KEY: publicPem, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE };

let redis: TestRedis;
let api: ApiProcess;
beforeAll(async () => {
  redis = await startRedis();
  api = await startApiProcess({ REDIS_URL: redis.url });
  await ready(api);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await redis.stop();
});

const ready = ({ ops }: ApiProcess) =>
  waitFor(async () => (await fetch(`${ops}/readyz`)).ok, { what: "the api to be ready" });

interface Queues {
  readonly queues: { name: string; readOnlyMode: boolean; allowRetries: boolean; counts: Record<string, number> }[];
}

const queuesOf = async (ops: string, headers = {}) =>
  ((await (await fetch(`${ops}/admin/queues/api/queues`, { headers })).json()) as Queues).queues;

describe("the dashboard", () => {
  it("shows the queues of repls and sweeps, with their jobs", async () => {
    await postStart(api.base, "shown");
    const queues = await queuesOf(api.ops);
    expect(queues).toMatchObject([
      { name: "repls", readOnlyMode: true },
      { name: "sweeps", readOnlyMode: true },
    ]);
    expect(queues[0]?.counts.prioritized).toBe(1);
  });

  it("is a page that loads from here alone and cannot be framed", async () => {
    const page = await fetch(`${api.ops}/admin/queues`);
    expect(page.status).toBe(200);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("upgrade-insecure-requests");
    const html = await page.text();
    expect(html).not.toMatch(/<link [^>]*href="https?:/);
    const script = /src="(static\/js\/[^"]+)"/.exec(html)?.[1];
    expect((await fetch(`${api.ops}/admin/queues/${script}`)).status).toBe(200);
  });

  it("lets nobody write by default, nor other sites with BOARD_WRITE=1", async () => {
    const pause = (ops: string, headers = {}) =>
      fetch(`${ops}/admin/queues/api/queues/repls/pause`, { method: "PUT", headers });
    expect((await pause(api.ops)).status).toBe(405);
    await using writable = await startApiProcess({ REDIS_URL: redis.url, BOARD_WRITE: "1" });
    await ready(writable);
    expect((await pause(writable.ops, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await pause(writable.ops, { "sec-fetch-site": "same-site" })).status).toBe(403);
    expect((await pause(writable.ops, { "sec-fetch-site": "same-origin" })).status).toBe(200);
    // Over plain HTTP browsers leave Sec-Fetch-Site out, except for their own machine.
    for (const origin of ["http://evil.example", `http://evil.example:${new URL(writable.ops).port}`, "null", "x"])
      expect((await pause(writable.ops, { origin })).status).toBe(403);
    expect((await pause(writable.ops, { origin: writable.ops })).status).toBe(200);
    // A job that ended stays ended: its retry would change nothing of its repl.
    for (const queue of await queuesOf(writable.ops)) {
      expect(queue).toMatchObject({
        readOnlyMode: false,
        allowRetries: false,
        description: expect.stringMatching(/\.$/),
      });
    }
    const resume = `${writable.ops}/admin/queues/api/queues/repls/resume`;
    expect((await fetch(resume, { method: "PUT" })).status).toBe(200);
  });

  it("is not held up by what a job says, and shows it as it is", async () => {
    const message = "<link ".repeat(30_000); // What users' programs print gets into the jobs.
    const { jobId } = (await (await postStart(api.base, "says")).json()) as { jobId: string };
    await redis.command("HSET", `{repl-orchestrator}:repls:${jobId}`, "progress", JSON.stringify({ message }));
    const signal = AbortSignal.timeout(3_000);
    const shown = await fetch(`${api.ops}/admin/queues/api/queues/repls/${jobId}`, { signal });
    expect(await shown.json()).toMatchObject({ job: { progress: { message } } });
  });

  it("is not on the public port", async () => {
    for (const path of ["/admin", "/admin/queues", "/metrics"]) {
      expect((await fetch(api.base + path)).status).toBe(404);
    }
  });
});

describe("with authentication", () => {
  it("the dashboard is for administrators; health and metrics stay open", async () => {
    await using locked = await startApiProcess({ REDIS_URL: redis.url, ...JWT });
    await ready(locked);
    const look = async (headers: Record<string, string>, path = "") => {
      const answer = await fetch(`${locked.ops}/admin/queues${path}`, { headers });
      return [answer.status, answer.headers.get("www-authenticate")?.slice(0, 5) ?? null];
    };
    const admin = await tokenOf("root", "admin");
    const password = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
    for (const path of ["", "/api/queues", "/static/css/none.css"])
      expect(await look({}, path)).toEqual([401, "Basic"]);
    expect(await look(bearer("x"))).toEqual([401, "Basic"]);
    expect(await look(password("admin:admin"))).toEqual([401, "Basic"]);
    expect(await look(bearer(await tokenOf("alice")))).toEqual([403, null]);
    expect(await look(bearer(await tokenOf("backend", "service")))).toEqual([403, null]);
    expect(await look(bearer(admin))).toEqual([200, null]);
    expect(await look(password(`anything:${admin}`))).toEqual([200, null]);
    expect(await queuesOf(locked.ops, password(`:${admin}`))).toHaveLength(2);
    for (const path of ["/livez", "/readyz", "/metrics"]) expect((await fetch(locked.ops + path)).status).toBe(200);
    expect((await postStart(locked.base, "refused")).status).toBe(401);
    await locked.process.stop(); // It writes its last lines only then.
    expect(locked.process.output.text()).not.toMatch(/eyJ/);
  });
});

describe("metrics", () => {
  const scrape = async ({ ops }: ApiProcess) => (await fetch(`${ops}/metrics`)).text();

  it("count requests by route, orders by outcome, and what waits", async () => {
    await using own = await startApiProcess({ REDIS_URL: redis.url, QUEUE_PREFIX: "{metrics}" });
    await ready(own);
    expect(await scrape(own)).toContain('repl_orders_total{kind="stop",outcome="accepted"} 0\n');
    await postStart(own.base, "counted");
    await postStart(own.base, "counted");
    await fetch(`${own.base}/jobs/unknown-job`);
    await fetch(`${own.base}/wp-admin/x.php`);
    const text = await scrape(own);
    for (const line of [
      'http_requests_total{method="POST",route="/start",status="202"} 2',
      'http_requests_total{method="GET",route="/jobs/:jobId",status="404"} 1',
      'http_requests_total{method="GET",route="none",status="404"} 1',
      'http_request_duration_seconds_count{method="POST",route="/start"} 2',
      'repl_orders_total{kind="start",outcome="accepted"} 1',
      'repl_orders_total{kind="start",outcome="joined"} 1',
      'repl_queue_jobs{state="prioritized"} 1',
      'repl_queue_jobs{state="active"} 0',
      "repl_open_jobs 1",
      "repl_redis_up 1",
      "repl_followers 0",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
    expect(text).toMatch(/^repl_oldest_wait_seconds 0\.\d+$/m);
    expect(text).not.toMatch(/counted|unknown-job|wp-admin|anonymous/);
  });

  it("go on while Redis is away, and say so", async () => {
    const own = await startRedis();
    await using lonely = await startApiProcess({ REDIS_URL: own.url });
    await ready(lonely);
    await own.kill();
    const text = await waitFor(
      async () => {
        const now = await scrape(lonely);
        return now.includes("repl_redis_up 0") && now;
      },
      { what: "the metrics to say that Redis is away" },
    );
    expect(text).not.toMatch(/^repl_(queue_jobs|open_jobs|oldest_wait_seconds)[ {]/m);
    expect((await fetch(`${lonely.ops}/admin/queues/api/queues`)).status).toBe(503);
    await own.stop();
  });
});
