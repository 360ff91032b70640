import type { AddressInfo } from "node:net";
import { startRedis, type TestRedis } from "@repl/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startApiProcess } from "./api-process.ts";
import { openApi } from "./api-under-test.ts";
import { exchange, lastBody } from "./raw-http.ts";
import { AUDIENCE, ISSUER, publicPem } from "./tokens.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const requestTo = (host: string, line = "GET /repls HTTP/1.1") =>
  `${line}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
const BODY = '{"replId":"rebound"}';
const startOf = (host: string) =>
  requestTo(host, "POST /start HTTP/1.1").replace(
    /\r\n\r\n$/,
    `\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  );

it("on loopback and without tokens, a page whose name was made to lead here neither reads nor starts repls", async () => {
  await using api = await openApi(redis);
  const port = await api.listen();
  for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example", "10.0.0.1"]) {
    for (const request of [requestTo(host), startOf(host)]) {
      const answer = await exchange(port, request);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(lastBody(answer)).toMatchObject({
        code: "malformed_request",
        detail: expect.stringContaining("localhost"),
      });
    }
  }
  expect(await api.jobKeys()).toEqual([]);
  for (const host of ["localhost", `127.0.0.1:${port}`, "[::1]", "ide.localhost:1"])
    expect(await exchange(port, requestTo(host))).toMatch(/^HTTP\/1\.1 200 /);
  expect(await exchange(port, startOf("localhost"))).toMatch(/^HTTP\/1\.1 202 /);
});

it("where tokens are asked for, any Host is taken: a proxy on the same machine hands on its own", async () => {
  await using api = await openApi(redis, {
    verifyToken: async () => ({ subject: "alice", actsForOthers: false, isAdmin: false }),
  });
  const request = requestTo("ide.example").replace("Connection", "Authorization: Bearer x\r\nConnection");
  expect(await exchange(await api.listen(), request)).toMatch(/^HTTP\/1\.1 200 /);
});

it("the operators' port does as the public one", async () => {
  const jwt = { AUTH_MODE: "jwt", AUTH_PUBLIC_KEY: publicPem, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE };
  for (const [env, status] of [
    [{}, 400],
    [jwt, 200],
  ] as const) {
    await using api = await startApiProcess({ REDIS_URL: redis.url, ...env });
    const answer = await exchange(Number(new URL(api.ops).port), requestTo("ops.example", "GET /livez HTTP/1.1"));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  }
});

it("where others may reach the port, any Host is taken", async () => {
  await using api = await openApi(redis);
  await api.app.listen({ host: "0.0.0.0", port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  expect(await exchange(port, requestTo("ide.example"))).toMatch(/^HTTP\/1\.1 200 /);
});
