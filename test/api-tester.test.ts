import { createHmac, randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type ApiTest, DOCUMENT, missingApiTester, runTester, testApi } from "./support/api-tester.ts";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

/** Of each run; about 30 requests are made a second. */
const MAX_SECONDS = Number(process.env.API_TESTER_SECONDS ?? 60);
/** Far fewer than a run makes on two busy cores, many more than one that found nothing to do. */
const FEWEST_REQUESTS = 300;
const TIMEOUT = { timeout: (MAX_SECONDS + 120) * 1_000 };

const SECRET = "a secret of the tests, of thirty-two bytes or more";
const JWT_MODE = { AUTH_MODE: "jwt", AUTH_SECRET: SECRET, AUTH_ISSUER: "tests", AUTH_AUDIENCE: "tests" };

/** A token of a back end, which may name any user. */
function backEndToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const expiresAt = Math.floor(Date.now() / 1_000) + 24 * 3_600;
  const claims = { iss: "tests", aud: "tests", sub: "back-end", scope: "service", exp: expiresAt };
  const input = `${part({ alg: "HS256" })}.${part(claims)}`;
  return `${input}.${createHmac("sha256", SECRET).update(input).digest("base64url")}`;
}

function expectEverythingTested({ code, output, requests, byOperation }: ApiTest, seed: number): void {
  console.log(`schemathesis, seed ${seed}: ${requests} requests`, JSON.stringify(byOperation));
  expect(code, output).toBe(0);
  expect(requests).toBeGreaterThan(FEWEST_REQUESTS);
  const statuses = Object.values(byOperation).flatMap((counts) => Object.keys(counts));
  expect(statuses.filter((status) => !/^[234]\d\d$/.test(status))).toEqual([]);
  for (const operation of [
    "POST /start",
    "POST /stop",
    "GET /jobs/{jobId}",
    "GET /jobs/{jobId}/events",
    "GET /repls",
    "GET /repls/{replId}",
    "POST /repls/{replId}/keepalive",
    "GET /openapi.json",
  ]) {
    expect(Object.keys(byOperation[operation] ?? {}), operation).toEqual(
      expect.arrayContaining([expect.stringMatching(/^2/)]),
    );
  }
}

describe.skipIf(missingApiTester !== undefined)("the api as its document says", () => {
  test("is described by valid OpenAPI 3.1", async () => {
    expect(await runTester("openapi-spec-validator", ["--schema", "3.1", DOCUMENT])).toMatchObject({ code: 0 });
  });

  // Jobs end within milliseconds here, so that event streams end too. Those that go on are in apps/api/test/job-events.test.ts.
  test.each([
    ["without authentication", {}, undefined],
    ["with tokens", JWT_MODE, backEndToken()],
  ] as const)("answers everything made up as documented, %s", TIMEOUT, async (_name, env, token) => {
    await using target = await openSimulator();
    await using system = await startSystem(target, { env });
    const seed = randomInt(1_000_000);
    const url = system.apis[0]?.url ?? "";
    expectEverythingTested(await testApi({ url, seed, maxSeconds: MAX_SECONDS, token }), seed);
  });
});
