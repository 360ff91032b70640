import { startRedis, type TestRedis } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";
import { exchange, lastBody, openConnection } from "./raw-http.ts";

let redis: TestRedis;
let api: ApiUnderTest;
let port: number;
beforeAll(async () => {
  redis = await startRedis();
  api = await openApi(redis);
  port = await api.listen();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await redis.stop();
});

const BODY = '{"replId":"smuggled"}';
const HEAD = "POST /start HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

describe("27 ambiguous or broken HTTP is refused and the connection closed", () => {
  it.each([
    ["Content-Length and Transfer-Encoding", `${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["two Content-Lengths", `${HEAD}Content-Length: ${BODY.length}\r\nContent-Length: 3\r\n\r\n${BODY}`],
    ["negative Content-Length", `${HEAD}Content-Length: -1\r\n\r\n${BODY}`],
    ["Content-Length that is no number", `${HEAD}Content-Length: 2x\r\n\r\n${BODY}`],
    ["bare LF", `${HEAD.replaceAll("\r\n", "\n")}Content-Length: ${BODY.length}\n\n${BODY}`],
    ["folded header", `${HEAD}X-A: b\r\n c\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`],
    ["space before the colon", `${HEAD}Content-Length : ${BODY.length}\r\n\r\n${BODY}`],
    ["unknown transfer coding", `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n${BODY}`],
    ["broken chunk size", `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n${BODY}\r\n0\r\n\r\n`],
    ["NUL in a header", `${HEAD}X-A: a\0b\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`],
    ["unknown method", `FOO /start HTTP/1.1\r\nHost: a\r\n\r\n`],
    ["unknown version", `GET /nope HTTP/9.9\r\nHost: a\r\n\r\n`],
    ["space in the address", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"],
  ])("%s", async (_name, bytes) => {
    const answer = await exchange(port, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/\r\ncontent-type: application\/problem\+json\r\n/);
    expect(lastBody(answer)).toMatchObject({
      status: 400,
      code: "malformed_request",
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(await api.jobKeys()).toEqual([]);
  });

  it("no Host: Node answers 400 by itself", async () => {
    expect(await exchange(port, "GET /nope HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("28 too large", () => {
  it("headers", async () => {
    const answer = await exchange(port, `GET /nope HTTP/1.1\r\nHost: a\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(lastBody(answer)).toMatchObject({ status: 431, code: "headers_too_large" });
  });

  it("address", async () => {
    const answer = await exchange(port, `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(lastBody(answer)).toMatchObject({ status: 431 });
  });

  it("body in chunks that never end: refused at the limit, closed", async () => {
    const connection = await openConnection(port);
    connection.socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `1000\r\n${"a".repeat(0x1000)}\r\n`;
    for (let sent = 0; sent < 5; sent += 1) connection.socket.write(chunk);
    const answer = await connection.until(/\r\n\r\n\{.*\}$/s);
    expect(lastBody(answer)).toMatchObject({ status: 413, code: "body_too_large" });
    await connection.closed(10_000);
  });
});

describe("29 too slow: closed within 10 s", () => {
  it.concurrent.each([
    ["headers that never end", "GET /nope HTTP/1.1\r\nHost: a\r\nX-A: "],
    ["a body that never comes", `${HEAD}Content-Length: 100\r\n\r\n{"replId"`],
    ["chunks that never come", `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{"re`],
  ])("%s", async (_name, bytes) => {
    const connection = await openConnection(port);
    connection.socket.write(bytes);
    expect(await connection.closed(12_000)).toBeLessThan(10_000);
    expect(connection.received()).toMatch(/^HTTP\/1\.1 408 /);
    expect(lastBody(connection.received())).toMatchObject({ code: "request_timeout" });
  });

  it.concurrent("one byte a second does not help", async () => {
    const connection = await openConnection(port);
    connection.socket.write(HEAD);
    const drip = setInterval(() => connection.socket.write("X: y\r\n"), 500);
    try {
      expect(await connection.closed(12_000)).toBeLessThan(10_000);
    } finally {
      clearInterval(drip);
    }
  });
});

describe("30 idle connections", () => {
  it("1,000 of them keep nobody else from being served", async () => {
    const idle = await Promise.all(Array.from({ length: 1_000 }, () => openConnection(port)));
    try {
      const before = performance.now();
      const answer = await fetch(`http://127.0.0.1:${port}/nope`);
      expect(answer.status).toBe(404);
      expect(performance.now() - before).toBeLessThan(2_000);
    } finally {
      for (const { socket } of idle) socket.destroy();
    }
  });
});

describe("pipelining and keep-alive", () => {
  it("two requests on one connection are answered in order", async () => {
    const connection = await openConnection(port);
    connection.socket.write(
      "GET /jobs/a HTTP/1.1\r\nHost: a\r\n\r\nGET /nope HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    await connection.closed(5_000);
    expect(connection.received()).toMatch(/job_not_found.*not_found/s);
  });
});

describe("32 forwarded headers and Host", () => {
  it("are not trusted: addresses in answers are relative", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/start`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "gopher",
        forwarded: "host=evil.example",
      },
      body: '{"replId":"relative"}',
    });
    const { jobId, statusUrl, eventsUrl } = (await answer.json()) as Record<string, string>;
    expect([answer.headers.get("location"), statusUrl, eventsUrl]).toEqual([
      `/jobs/${jobId}`,
      `/jobs/${jobId}`,
      `/jobs/${jobId}/events`,
    ]);
  });
});
