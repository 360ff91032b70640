import { startRedis, type TestRedis } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

const FRONT_END = "http://localhost:3000";

let redis: TestRedis;
let api: ApiUnderTest;
let base: string;
beforeAll(async () => {
  redis = await startRedis();
  api = await openApi(redis, { corsOrigins: [FRONT_END, "https://ide.example.com"] });
  base = `http://127.0.0.1:${await api.listen()}`;
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await redis.stop();
});

/** Node's fetch sends no Origin and knows no CORS, so a page's requests are written out. */
const preflight = (origin: string, path = "/start") =>
  fetch(base + path, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
  });

describe("a page of the front end", () => {
  it.each([FRONT_END, "https://ide.example.com"])("%s may send the start it sends today", async (origin) => {
    const allowed = await preflight(origin);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe(origin);
    expect(allowed.headers.get("access-control-allow-methods")).toContain("POST");
    for (const header of ["content-type", "traceparent"])
      expect(allowed.headers.get("access-control-allow-headers")?.toLowerCase()).toContain(header);
    expect(allowed.headers.get("vary")).toMatch(/origin/i);

    const headers = { origin, "content-type": "application/json" };
    const started = await fetch(`${base}/start`, { method: "POST", headers, body: '{"replId":"repl123"}' });
    expect(started.status).toBe(202);
    expect(started.headers.get("access-control-allow-origin")).toBe(origin);
  });

  it("sees Location, Retry-After, ETag and the request id", async () => {
    const answer = await fetch(`${base}/nope`, { headers: { origin: FRONT_END } });
    const exposed = answer.headers.get("access-control-expose-headers")?.toLowerCase().split(", ");
    expect(exposed).toEqual(expect.arrayContaining(["location", "retry-after", "etag", "x-request-id"]));
  });

  it.each([
    ["GET", "/nope", 404],
    ["GET", "/start", 405],
    ["POST", "/start", 400],
  ])("can read the problem of %s %s", async (method, path, status) => {
    const answer = await fetch(base + path, { method, headers: { origin: FRONT_END } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("access-control-allow-origin")).toBe(FRONT_END);
  });
});

test("a page can read that the service is ending, and that its Host is wrong", async () => {
  await using ending = await openApi(redis, { corsOrigins: [FRONT_END] });
  const wrong = await ending.app.inject({ url: "/repls", headers: { origin: FRONT_END, host: "a b" } });
  ending.draining.abort();
  const refused = await ending.app.inject({ url: "/repls", headers: { origin: FRONT_END } });
  for (const [answer, code] of [
    [wrong, "malformed_request"],
    [refused, "shutting_down"],
  ] as const) {
    expect(answer.json().code).toBe(code);
    expect(answer.headers["access-control-allow-origin"]).toBe(FRONT_END);
  }
});

describe("58 any other page", () => {
  it.each([
    "https://evil.example",
    "null",
    "http://localhost:3000.evil.example",
    "http://localhost:30000",
    "https://localhost:3000",
    "http://LOCALHOST:3000",
    "https://x.ide.example.com",
    "*",
  ])("%s gets no permission", async (origin) => {
    for (const answer of [await preflight(origin), await fetch(`${base}/nope`, { headers: { origin } })]) {
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
      expect(answer.headers.get("vary")).toMatch(/origin/i);
    }
  });
});

describe("59 a form of another page, with the user's cookies", () => {
  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
    "as %s starts nothing",
    async (type) => {
      const answer = await fetch(`${base}/start`, {
        method: "POST",
        headers: {
          origin: "https://evil.example",
          cookie: "session=alice",
          "content-type": type,
          "sec-fetch-site": "cross-site",
        },
        body: '{"replId":"forged","x":"="}',
      });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        415,
        "unsupported_media_type",
      ]);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      expect(answer.headers.get("set-cookie")).toBeNull();
      expect((await fetch(`${base}/repls/forged`)).status).toBe(404);
    },
  );
});

describe("OPTIONS", () => {
  it.each([
    ["/start", "OPTIONS, POST"],
    ["/jobs/nope", "GET, HEAD, OPTIONS"],
    ["/jobs/nope/events", "GET, HEAD, OPTIONS"],
  ])("of %s says what it takes", async (path, allow) => {
    const answer = await fetch(base + path, { method: "OPTIONS" });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("allow")).toBe(allow);
  });

  it("of an unknown address is 404, as a preflight too", async () => {
    expect((await fetch(`${base}/nope`, { method: "OPTIONS" })).status).toBe(404);
    expect((await preflight(FRONT_END, "/nope")).status).toBe(404);
  });
});

describe("security headers", () => {
  it("are on every answer, errors included, and nothing tells what the server is", async () => {
    for (const path of ["/nope", "/openapi.json"]) {
      const { headers } = await fetch(base + path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toBe("default-src 'none';frame-ancestors 'none'");
      expect(headers.get("server")).toBeNull();
      expect(headers.get("x-powered-by")).toBeNull();
    }
  });
});
