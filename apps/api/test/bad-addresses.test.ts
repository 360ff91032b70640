import { startRedis, type TestRedis } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTokenVerifier } from "../src/auth/token-verifier.ts";
import { openApi } from "./api-under-test.ts";
import { verification } from "./tokens.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const ORIGIN = "http://localhost:3000";
const LONG = "a".repeat(101);

describe.each([
  ["/jobs/%zz", 400, "invalid_request", "/jobs/:jobId"],
  ["/jobs/%e2%82/events?access_token=x", 400, "invalid_request", "/jobs/:jobId/events"],
  ["/%ff", 400, "invalid_request", "none"],
  [`/repls/${LONG}`, 414, "address_too_long", "/repls/:replId"],
  [`/jobs/${LONG}/events`, 414, "address_too_long", "/jobs/:jobId/events"],
])("%s", (url, status, code, route) => {
  const path = url.split("?", 1)[0];

  it(`is ${status} like any other answer: with its headers, a line of the log and a count`, async () => {
    await using api = await openApi(redis);
    const headers = { origin: ORIGIN, "x-request-id": "the-clients-own" };
    const answer = await api.app.inject({ url, headers });
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": ORIGIN,
      "x-content-type-options": "nosniff",
      "x-request-id": "the-clients-own",
      "content-type": "application/problem+json",
    });
    const lines = api.logged.filter(({ msg }) => msg === "request");
    expect(lines).toMatchObject([{ method: "GET", path, status, problem: code, requestId: "the-clients-own" }]);
    expect(await api.scrape()).toContain(`http_requests_total{method="GET",route="${route}",status="${status}"} 1`);
  });

  it("is so without a token, and for every method", async () => {
    await using api = await openApi(redis, { verifyToken: createTokenVerifier(verification) });
    for (const method of ["GET", "POST", "DELETE"] as const) {
      const answer = await api.app.inject({ method, url });
      expect([method, answer.statusCode, answer.json().code]).toEqual([method, status, code]);
    }
  });
});

it("an address of 16 KiB is one like any other", async () => {
  await using api = await openApi(redis);
  for (const [url, status] of [
    [`/jobs/${"a".repeat(16_384)}`, 414],
    [`/jobs/${"%".repeat(16_384)}`, 400],
    [`/${"a".repeat(16_384)}`, 404],
  ] as const) {
    expect((await api.app.inject({ url, headers: { origin: ORIGIN } })).headers).toMatchObject({
      "access-control-allow-origin": ORIGIN,
    });
    expect((await api.app.inject(url)).statusCode).toBe(status);
  }
});
