import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiUnderTest, openApi, order } from "./api-under-test.ts";
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
const HEAD = "POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

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
    ["unknown method", `FOO /start HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    ["unknown version", `GET /nope HTTP/9.9\r\nHost: localhost\r\n\r\n`],
    ["space in the address", "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"],
    ["HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["HTTP/0.9", "GET /jobs/nope\r\n\r\n"],
    ["method in lower case", "get /jobs/nope HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["NUL in the address", "GET /jobs/a\0b HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    [
      "bytes beyond ASCII in the address",
      Buffer.from("GET /jobs/a\xffb HTTP/1.1\r\nHost: localhost\r\n\r\n", "latin1"),
    ],
    ["address without a slash", "GET jobs/nope HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["address of a proxy's tunnel", "GET evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["Content-Length with a sign", `${HEAD}Content-Length: +${BODY.length}\r\n\r\n${BODY}`],
    ["Content-Length as a list", `${HEAD}Content-Length: ${BODY.length}, ${BODY.length}\r\n\r\n${BODY}`],
    ["hidden transfer coding", `${HEAD}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
    ["negative chunk", `${HEAD}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n`],
    ["chunk larger than any number", `${HEAD}Transfer-Encoding: chunked\r\n\r\n${"f".repeat(18)}\r\n\r\n`],
    [
      "chunk extension of 20 KB",
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n15;${"x=".repeat(10_000)}\r\n${BODY}\r\n0\r\n\r\n`,
    ],
    ["CR in a request id (33)", "GET /nope HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: abcdefgh\rX-Evil: 1\r\n\r\n"],
    ["no Host", "GET /nope HTTP/1.1\r\n\r\n"],
    ["no Host, of an order", `${HEAD.replace("Host: localhost\r\n", "")}Content-Length: ${BODY.length}\r\n\r\n${BODY}`],
    ["two Hosts (32)", "GET /nope HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n"],
    ["Host that is none (32)", "GET /nope HTTP/1.1\r\nHost: a/b?c\r\n\r\n"],
  ])("%s", async (_name, bytes) => {
    const answer = await exchange(port, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/\r\ncontent-type: application\/problem\+json\r\n/);
    expect(lastBody(answer)).toMatchObject({
      status: 400,
      code: "malformed_request",
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(answer).toMatch(/\r\nconnection: close\r\n/);
    expect(await api.jobKeys()).toEqual([]);
  });

  it("garbage behind a good request ends the connection, with one problem", async () => {
    const answer = await exchange(port, "GET /jobs/nope HTTP/1.1\r\nHost: localhost\r\n\r\nGARBAGE\r\n\r\n");
    expect(lastBody(answer)).toMatchObject({ code: "malformed_request" });
    expect(answer.match(/HTTP\/1\.1 400 /g)).toHaveLength(1);
  });
});

describe("27 unusual HTTP that is right is taken", () => {
  const CLOSE = "Host: localhost\r\nConnection: close\r\n";
  it.each([
    ["HTTP/1.0 without Host", "GET /jobs/nope HTTP/1.0\r\n\r\n", 404],
    ["the address in full", `GET http://evil.example/jobs/nope HTTP/1.1\r\n${CLOSE}\r\n`, 404],
    ["an empty line before it", `\r\nGET /jobs/nope HTTP/1.1\r\n${CLOSE}\r\n`, 404],
    [
      "an upgrade that is not taken",
      `GET /jobs/nope HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`,
      404,
    ],
    ["a body where none is expected", `GET /jobs/nope HTTP/1.1\r\n${CLOSE}Content-Length: 3\r\n\r\n{"x`, 404],
    ["an unknown expectation (46)", `GET /jobs/nope HTTP/1.1\r\n${CLOSE}Expect: miracles\r\n\r\n`, 404],
    ["3,000 parameters (41)", `GET /jobs/nope?${"a=b&".repeat(3_000)} HTTP/1.1\r\n${CLOSE}\r\n`, 404],
    ["a list of 3,000 ETags", `GET /jobs/nope HTTP/1.1\r\n${CLOSE}If-None-Match: ${'"x",'.repeat(3_000)}\r\n\r\n`, 404],
  ])("%s", async (_name, bytes, status) => {
    const answer = await exchange(port, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(lastBody(answer)).toMatchObject({ code: "job_not_found" });
    expect(answer).not.toContain("evil.example");
  });

  it("Expect: 100-continue, also where the body then is too large", async () => {
    const order = await openConnection(port);
    order.socket.write(`${HEAD}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 21\r\n\r\n`);
    await order.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
    order.socket.write('{"replId":"continue"}');
    expect(await order.until(/HTTP\/1\.1 202 /)).toContain("continue");
    const large = await exchange(port, `${HEAD}Expect: 100-continue\r\nContent-Length: 99999\r\n\r\n`);
    expect(lastBody(large)).toMatchObject({ status: 413, code: "body_too_large" });
  });

  it("chunks and trailers: a trailer changes nothing", async () => {
    const body = `15\r\n{"replId":"continued"\r\n1\r\n}\r\n0\r\nHost: evil\r\nContent-Type: text/plain\r\n\r\n`;
    const answer = await exchange(port, `${HEAD}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
    expect(answer).toMatch(/^HTTP\/1\.1 202 /);
  });
});

describe("48 CONNECT", () => {
  it("from a client that resets its connection harms nobody", async () => {
    for (let index = 0; index < 20; index += 1) {
      const { socket } = await openConnection(port);
      socket.write("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\nmore");
      socket.resetAndDestroy();
    }
    expect((await fetch(`http://127.0.0.1:${port}/nope`)).status).toBe(404);
  });

  it("is told that this is no proxy", async () => {
    const answer = await exchange(port, "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
    expect(lastBody(answer)).toMatchObject({ status: 405, code: "method_not_allowed" });
  });
});

describe("28 too large", () => {
  it("headers", async () => {
    const answer = await exchange(port, `GET /nope HTTP/1.1\r\nHost: localhost\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(lastBody(answer)).toMatchObject({ status: 431, code: "headers_too_large" });
  });

  it("3,000 headers", async () => {
    const headers = Array.from({ length: 3_000 }, (_, index) => `a${index}: b\r\n`).join("");
    const answer = await exchange(port, `GET /nope HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
    expect(lastBody(answer)).toMatchObject({ status: 431 });
  });

  it("address", async () => {
    const answer = await exchange(port, `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
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
    ["headers that never end", "GET /nope HTTP/1.1\r\nHost: localhost\r\nX-A: "],
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
      "GET /jobs/a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nope HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    await connection.closed(5_000);
    expect(connection.received()).toMatch(/job_not_found.*not_found/s);
  });
});

describe("garbage behind a request whose answer has begun", () => {
  it("ends the connection without a word in the midst of that answer", async () => {
    const { jobId } = (
      await api.app.inject({ method: "POST", url: "/start", ...order({ replId: "followed" }) })
    ).json();
    const connection = await openConnection(port);
    connection.socket.write(`GET /jobs/${jobId}/events HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const begun = await connection.until(/\ndata: .*\n\n/);
    connection.socket.write("GARBAGE\r\n\r\n");
    await connection.closed(5_000);
    expect(connection.received()).toBe(begun);
    await waitFor(() => api.feed.followers === 0, { what: "the follower to be let go" });
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
