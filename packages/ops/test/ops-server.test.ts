import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { Counter } from "prom-client";
import { describe, expect, it } from "vitest";
import { buildOpsServer, type Check, combinations, createRegistry } from "../src/index.ts";

function setup(checks: Record<string, Check> = {}, authenticated = false) {
  const errors: object[] = [];
  const metrics = createRegistry();
  const log = { error: (facts: object) => void errors.push(facts) };
  return { errors, metrics, server: buildOpsServer({ checks, metrics, log, authenticated }) };
}

/** Sends bytes to a server of its own and reads until it closes the connection. */
async function exchange(bytes: string, { host = "127.0.0.1", authenticated = false } = {}) {
  const { server } = setup({}, authenticated);
  await server.listen({ host, port: 0 });
  try {
    const socket = connect((server.server.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(bytes);
    const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
    return { head, problem: JSON.parse(body) };
  } finally {
    await server.close();
  }
}

describe("health", () => {
  it("livez answers whatever the process depends on", async () => {
    const { server } = setup({ redis: () => Promise.reject(new Error("away")) });
    expect((await server.inject("/livez")).json()).toEqual({ status: "ok" });
  });

  it("readyz names each dependency", async () => {
    const { server } = setup({ redis: async () => "PONG", cluster: async () => {} });
    const answer = await server.inject("/readyz");
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: "ok", checks: { redis: "ok", cluster: "ok" } }]);
  });

  it("readyz is a problem while one of them fails or hangs", async () => {
    const { server } = setup({
      redis: () => Promise.reject(new Error("connection refused")),
      cluster: () => new Promise(() => {}),
      draining: async () => {},
    });
    const answer = await server.inject("/readyz");
    expect(answer.statusCode).toBe(503);
    expect(answer.headers).toMatchObject({ "content-type": "application/problem+json", "retry-after": "1" });
    expect(answer.json()).toMatchObject({
      code: "not_ready",
      status: 503,
      detail: "Failing: redis, cluster.",
      checks: { redis: "connection refused", cluster: "no answer within 1000 ms", draining: "ok" },
    });
  });

  it("a check that throws at once is one that fails", async () => {
    const { server } = setup({
      redis: () => {
        throw new Error("never connected");
      },
    });
    expect((await server.inject("/readyz")).json()).toMatchObject({ checks: { redis: "never connected" } });
  });
});

describe("metrics", () => {
  it("shows the process's own and those that were registered, with their first values", async () => {
    const { server, metrics } = setup();
    const counter = new Counter({
      name: "things_total",
      help: "Things.",
      labelNames: ["a", "b"],
      registers: [metrics],
    });
    for (const labels of combinations({ a: ["1", "2"], b: ["x"] })) counter.inc(labels, 0);
    const answer = await server.inject("/metrics");
    expect(answer.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(answer.body).toContain('things_total{a="1",b="x"} 0\nthings_total{a="2",b="x"} 0\n');
    expect(answer.body).toMatch(/^process_resident_memory_bytes \d+/m);
  });

  it("what cannot be collected is an error that is logged, not shown", async () => {
    const { server, metrics, errors } = setup();
    const collect = () => Promise.reject(new Error("secret host"));
    new Counter({ name: "broken_total", help: "Broken.", registers: [metrics], collect });
    const answer = await server.inject("/metrics");
    expect([answer.statusCode, answer.json().code]).toEqual([500, "internal_error"]);
    expect(answer.body).not.toContain("secret");
    expect(errors).toMatchObject([{ err: { message: "secret host" }, path: "/metrics" }]);
  });
});

describe("other addresses and methods are problems", () => {
  it.each([
    ["GET", "/", 404, "not_found"],
    ["GET", "/admin/queues", 404, "not_found"],
    ["POST", "/start", 404, "not_found"],
    ["DELETE", "/livez?x=1", 405, "method_not_allowed"],
    ["POST", "/metrics", 405, "method_not_allowed"],
    ["PUT", "/readyz", 405, "method_not_allowed"],
    ["PROPFIND", "/readyz", 405, "method_not_allowed"],
    ["GET", "/%zz", 400, "malformed_request"],
  ])("%s %s", async (method, url, status, code) => {
    const { server } = setup();
    const answer = await server.inject({ method: method as "GET", url });
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.json().requestId).toBe(answer.headers["x-request-id"]);
    if (status === 405) expect(answer.headers.allow).toBe("GET, HEAD");
  });
});

describe("what never becomes a request", () => {
  it.each([
    ["no HTTP", "x\r\n\r\n", 400, "malformed_request"],
    ["no Host", "GET /livez HTTP/1.1\r\n\r\n", 400, "malformed_request"],
    ["two Hosts", "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed_request"],
    ["large headers", `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431, "headers_too_large"],
    ["CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"],
    [
      "an unknown expectation, elsewhere",
      "GET /no HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\nConnection: close\r\n\r\n",
      404,
      "not_found",
    ],
  ])("%s is answered with a problem", async (_name, bytes, status, code) => {
    const { head, problem } = await exchange(bytes);
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head.toLowerCase()).toContain("content-type: application/problem+json");
    expect(head.toLowerCase()).toContain("connection: close");
    expect(problem).toMatchObject({ status, code, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });
});

describe("a page of another name that leads to this machine (DNS rebinding)", () => {
  const get = (host: string) => `GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

  it.each([
    ...["evil.example", "evil.example:3003", "localhost.evil.example", "evillocalhost", "127.0.0.1.evil.example"],
    ...["10.0.0.1", "1270.0.0.1", "0.0.0.0:3003", "[::2]", "[::1].evil.example", "localhost:3003:1", "a", ""],
  ])("is not served on loopback: %s", async (host) => {
    const { head, problem } = await exchange(get(host));
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(problem).toMatchObject({ code: "malformed_request", detail: expect.stringContaining("localhost") });
  });

  it.each([
    ...["localhost", "LOCALHOST:3003", "localhost.", "repls.localhost:30080", "a.b.localhost"],
    ...["127.0.0.1", "127.0.0.1:3003", "127.255.3.9:1", "[::1]", "[::1]:3003"],
  ])("is not what names this machine: %s", async (host) => {
    expect((await exchange(get(host))).problem).toEqual({ status: "ok" });
  });

  it("is not what reaches a port that is open to others, or where a token is asked for", async () => {
    expect((await exchange(get("api.example"), { host: "0.0.0.0" })).problem).toEqual({ status: "ok" });
    expect((await exchange(get("api.example"), { authenticated: true })).problem).toEqual({ status: "ok" });
  });
});
