import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { freePort, startProcess, startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { API, type ApiProcess, postStart, runApiProcess, startApiProcess } from "./api-process.ts";
import { openStream } from "./event-stream.ts";
import { openConnection } from "./raw-http.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const started = async (api: ApiProcess, replId: string) =>
  ((await (await postStart(api.base, replId)).json()) as { jobId: string }).jobId;

describe("wrong settings", () => {
  it.each([
    [{ PORT: "abc" }, ["PORT"]],
    [{ PORT: "70000", CORS_ORIGINS: "*", LOG_LEVEL: "loud" }, ["PORT", "CORS_ORIGINS", "LOG_LEVEL"]],
    [{ HOST: "0.0.0.0" }, ["AUTH_MODE"]],
    [{ REDIS_URL: "http://:canary@host" }, ["REDIS_URL"]],
    [{ QUEUE_PERFIX: "{x}" }, ["QUEUE_PERFIX"]],
    [{ DRAIN_DELAY_SECONDS: "25" }, ["DRAIN_DELAY_SECONDS"]],
  ])("%j end the process at once, each by name", async (env, names) => {
    const { exit, output, ms } = await runApiProcess(env as Record<string, string>);
    expect(exit).toEqual({ code: 1, signal: null, leftovers: [] });
    expect(ms).toBeLessThan(10_000); // The process itself takes some 300 ms of it; the machine may be busy.
    for (const name of names) expect(output).toContain(name);
    expect(output).not.toContain("canary");
    expect(JSON.parse(output)).toMatchObject({ level: "fatal" });
  });

  it("a port in use is named by its setting", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    for (const env of [
      { PORT: String(port), OPS_PORT: "0" },
      { PORT: "0", OPS_PORT: String(port) },
    ]) {
      const { exit, output } = await runApiProcess({ REDIS_URL: redis.url, ...env });
      expect(exit.code).toBe(1);
      const name = env.PORT === "0" ? "OPS_PORT" : "PORT";
      const lines = output.split("\n").map((line) => JSON.parse(line));
      expect(lines.filter(({ level }) => level === "fatal")).toMatchObject([
        { msg: expect.stringContaining(`${name}: cannot listen`) },
      ]);
    }
    server.close();
  });
});

describe("the operators' port", () => {
  it("answers livez, readyz with each dependency by name, and problems", async () => {
    await using api = await startApiProcess({ REDIS_URL: redis.url });
    expect(await (await fetch(`${api.ops}/livez`)).json()).toEqual({ status: "ok" });
    await waitFor(async () => (await fetch(`${api.ops}/readyz`)).ok, { what: "the api to be ready" });
    expect(await (await fetch(`${api.ops}/readyz`)).json()).toEqual({
      status: "ok",
      checks: { redis: "ok", queue: "ok", port: "ok", changes: "ok", draining: "ok" },
    });
    const wrong = await fetch(`${api.ops}/start`, { method: "POST" });
    expect([wrong.status, wrong.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    expect((await fetch(`${api.ops}/livez`, { method: "DELETE" })).status).toBe(405);
    for (const path of ["/livez", "/readyz"]) expect((await fetch(api.base + path)).status).toBe(404);
  });
});

it("the first line of the log says which version it is", async () => {
  await using api = await startApiProcess({ REDIS_URL: redis.url });
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  expect(api.logged()[0]).toMatchObject({ msg: "starting", version });
});

describe("SIGTERM", () => {
  it("ends a process in order that has not begun to listen", async () => {
    const opsPort = await freePort();
    const env = { REDIS_URL: `redis://127.0.0.1:${await freePort()}`, PORT: "0", OPS_PORT: String(opsPort) };
    await using api = await startProcess({ ...API, env, ready: { url: `http://127.0.0.1:${opsPort}/livez` } });
    expect(api.output.text()).not.toContain('"msg":"listening"'); // It waits a second for Redis.
    expect(await api.stop()).toEqual({ code: 0, signal: null, leftovers: [] });
    expect(api.output.text()).toMatch(/"msg":"ending".*"msg":"ended"/s);
  });

  it("ends streams and waiting clients in order, and exits 0 well before the grace period", async () => {
    await using api = await startApiProcess({ REDIS_URL: redis.url });
    const jobId = await started(api, "followed");
    const stream = await openStream(`${api.base}/jobs/${jobId}/events`);
    const waiting = fetch(`${api.base}/jobs/${jobId}?wait=30`);
    await waitFor(() => stream.events().length >= 2, { what: "the stream to have begun" });
    const before = performance.now();
    const exit = await api.process.stop();
    expect(exit).toEqual({ code: 0, signal: null, leftovers: [] });
    expect(performance.now() - before).toBeLessThan(5_000);
    await stream.ended;
    const answer = await waiting;
    expect([answer.status, await answer.json()]).toMatchObject([200, { jobId, state: "queued" }]);
    expect(api.logged().at(-1)).toMatchObject({ msg: "ended" });
  });

  it("turns readyz red and refuses new requests while an open one is finished", async () => {
    await using api = await startApiProcess({ REDIS_URL: redis.url });
    const body = '{"replId":"slow"}';
    const slow = await openConnection(Number(new URL(api.base).port));
    slow.socket.write(
      `POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    await started(api, "after-the-slow-one"); // The server has read the slow one's head by now.
    api.process.kill("SIGTERM");
    const red = await waitFor(
      async () => {
        const answer = await fetch(`${api.ops}/readyz`);
        return answer.status === 503 && ((await answer.json()) as Record<string, unknown>);
      },
      { what: "readyz to turn red" },
    );
    expect(red).toMatchObject({ checks: { draining: "the process is ending", redis: "ok" } });
    await waitFor(
      () =>
        postStart(api.base, "late").then(
          () => false,
          () => true,
        ),
      { what: "new connections to be refused" },
    );
    slow.socket.write(body.slice(5));
    expect(await slow.until(/^HTTP\/1\.1 202 /)).toMatch(/connection: close/i);
    expect(await api.process.exited).toMatchObject({ code: 0 });
    const jobs = (await redis.command("ZCARD", "{repl-orchestrator}:open")) as number;
    expect(jobs).toBeGreaterThan(0);
    const { jobId } = JSON.parse(slow.received().split("\r\n\r\n").at(-1) ?? "");
    expect(await redis.command("HGET", `{repl-orchestrator}:job:${jobId}`, "replId")).toBe("slow");
  });

  it("serves on, unready, for the drain delay and sends whoever keeps a connection elsewhere", async () => {
    await using api = await startApiProcess({ REDIS_URL: redis.url, DRAIN_DELAY_SECONDS: "2" });
    await started(api, "before");
    const before = performance.now();
    api.process.kill("SIGTERM");
    await waitFor(async () => (await fetch(`${api.ops}/readyz`)).status === 503, { what: "readyz to turn red" });
    const during = await postStart(api.base, "during");
    expect([during.status, during.headers.get("connection")]).toEqual([202, "close"]);
    expect(await api.process.exited).toMatchObject({ code: 0 });
    expect(performance.now() - before).toBeGreaterThan(2_000);
    await expect(postStart(api.base, "after")).rejects.toThrow();
  });

  it("cuts off a client that never finishes, and still exits 0 within the grace period", async () => {
    await using api = await startApiProcess({ REDIS_URL: redis.url, SHUTDOWN_GRACE_SECONDS: "3" });
    const stuck = await openConnection(Number(new URL(api.base).port));
    stuck.socket.write(
      "POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    await started(api, "after-the-stuck-one");
    const before = performance.now();
    expect(await api.process.stop()).toMatchObject({ code: 0 });
    expect(performance.now() - before).toBeLessThan(3_000);
  });

  it("drops no accepted start under load", async () => {
    await using api = await startApiProcess({ REDIS_URL: redis.url });
    const accepted: string[] = [];
    let refused = 0;
    const client = async (name: number) => {
      for (let number = 0; refused < 50; number += 1) {
        const answer = await postStart(api.base, `load-${name}-${number}`).catch(() => undefined);
        if (answer?.status === 202) accepted.push(((await answer.json()) as { jobId: string }).jobId);
        else refused += 1;
        if (accepted.length === 100) api.process.kill("SIGTERM");
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, name) => client(name)));
    expect(await api.process.exited).toMatchObject({ code: 0 });
    for (const jobId of accepted) {
      expect(
        await redis.command("EXISTS", `{repl-orchestrator}:job:${jobId}`, `{repl-orchestrator}:repls:${jobId}`),
      ).toBe(2);
    }
  });
});
