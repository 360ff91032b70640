import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { startRedis, type TestRedis } from "@repl/testkit";
import { CompactEncrypt } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createTokenVerifier } from "../src/auth/token-verifier.ts";
import { type ApiUnderTest, openApi, order } from "./api-under-test.ts";
import { exchange } from "./raw-http.ts";
import {
  bearer,
  claims,
  forged,
  provider,
  publicPem,
  sign,
  signedWithText,
  stranger,
  tokenOf,
  verification,
} from "./tokens.ts";

const { authPublicKey: _none, ...checks } = verification;

let redis: TestRedis;
let api: ApiUnderTest;
let port: number;
beforeAll(async () => {
  redis = await startRedis();
  api = await openApi(redis, { verifyToken: createTokenVerifier(verification) });
  port = await api.listen();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await redis.stop();
});

const now = () => Math.floor(Date.now() / 1_000);
const ask = (headers: Record<string, string>) => api.app.inject({ url: "/repls", headers });

describe("a good token", () => {
  it.each([
    ["as it is", async () => bearer(await tokenOf("alice"))],
    [
      "with the scheme in other letters (RFC 9110 11.1)",
      async () => ({ authorization: `bEaReR ${await tokenOf("a")}` }),
    ],
    ["for several audiences, ours among them", async () => bearer(await sign(claims({ aud: ["x", "repls"] })))],
    ["a second too old, within the tolerance", async () => bearer(await sign(claims({ exp: now() - 1 })))],
    ["with a kid that is a path", async () => bearer(await sign(claims(), undefined, { alg: "RS256", kid: "../x" }))],
    ["with PS256", async () => bearer(await sign(claims(), undefined, { alg: "PS256" }))],
  ])("%s", async (_what, headers) => {
    expect((await ask(await headers())).statusCode).toBe(200);
  });
});

const none = { typ: "JWT" };
const BAD: [string, () => Promise<Record<string, string>> | Record<string, string>][] = [
  ["49 none", () => ({})],
  ["49 the scheme alone", () => ({ authorization: "Bearer" })],
  ["49 an empty token", () => ({ authorization: "Bearer " })],
  ["49 another scheme", async () => ({ authorization: `Token ${await tokenOf("alice")}` })],
  [
    "49 a password",
    async () => ({ authorization: `Basic ${Buffer.from(`x:${await tokenOf("a")}`).toString("base64")}` }),
  ],
  ["49 two tokens in one header", async () => ({ authorization: `Bearer ${await tokenOf("a")}, Bearer x` })],
  ["49 no token at all", () => bearer("abc")],
  ["49 dots alone", () => bearer("..")],
  ["50 alg none", () => bearer(forged({ ...none, alg: "none" }, claims()))],
  ["50 alg None", () => bearer(forged({ ...none, alg: "None" }, claims()))],
  ["50 alg nOnE", () => bearer(forged({ ...none, alg: "nOnE" }, claims(), "AA"))],
  ["50 no alg", () => bearer(forged(none, claims()))],
  ["50 a good token without its signature", async () => bearer((await tokenOf("alice")).replace(/[^.]+$/, ""))],
  ["51 HS256 with the public key", () => bearer(signedWithText(publicPem, { alg: "HS256" }, claims()))],
  ["51 the same, trimmed", () => bearer(signedWithText(publicPem.trim(), { alg: "HS256" }, claims()))],
  ["51 the same, white space before it", () => bearer(signedWithText(` \n${publicPem}`, { alg: "HS256" }, claims()))],
  ["52 no exp", async () => bearer(await sign(claims({ exp: undefined })))],
  ["52 exp past", async () => bearer(await sign(claims({ exp: now() - 60 })))],
  ["52 exp no number", () => bearer(forged({ alg: "RS256" }, { ...claims(), exp: "2099" }, "AA"))],
  ["52 nbf future", async () => bearer(await sign(claims({ nbf: now() + 60 })))],
  ["52 no aud", async () => bearer(await sign(claims({ aud: undefined })))],
  ["52 another aud", async () => bearer(await sign(claims({ aud: "other" })))],
  ["52 aud that begins alike", async () => bearer(await sign(claims({ aud: "repls.evil" })))],
  ["52 auds without ours", async () => bearer(await sign(claims({ aud: ["other", "repls "] })))],
  ["52 another iss", async () => bearer(await sign(claims({ iss: "https://id.example.com" })))],
  ["52 no iss", async () => bearer(await sign(claims({ iss: undefined })))],
  [
    "57 the claims of a token that was just taken, signed by another",
    async () => {
      const taken = claims();
      const good = bearer(await sign(taken));
      expect((await api.app.inject({ url: "/repls", headers: good })).statusCode).toBe(200);
      return bearer(await sign(taken, stranger.privateKey));
    },
  ],
  ["another key", async () => bearer(await sign(claims(), stranger.privateKey))],
  ["no sub", async () => bearer(await sign(claims({ sub: undefined })))],
  ["an empty sub", async () => bearer(await sign(claims({ sub: "" })))],
  ["a sub that is no user id", async () => bearer(await sign(claims({ sub: "a b" })))],
  ["a sub that is no text", async () => bearer(await sign(claims({ sub: 1 as never })))],
  [
    "53 its own key in the header",
    async () => {
      const jwk = stranger.publicKey.export({ format: "jwk" });
      return bearer(await sign(claims(), stranger.privateKey, { alg: "RS256", jwk, kid: "' OR 1=1 --" }));
    },
  ],
  [
    "54 unknown crit",
    () => bearer(forged({ alg: "RS256", crit: ["exp"], exp: 1 }, claims(), Buffer.alloc(256).toString("base64url"))),
  ],
  ["55 64 KB", async () => bearer(await sign(claims({ padding: "x".repeat(64 * 1_024) })))],
  [
    "55 JWE",
    async () => {
      const plain = new TextEncoder().encode(await tokenOf("alice"));
      const header = { alg: "RSA-OAEP-256", enc: "A256GCM", cty: "JWT" };
      return bearer(await new CompactEncrypt(plain).setProtectedHeader(header).encrypt(provider.publicKey));
    },
  ],
  ["55 ECDSA zeros", () => bearer(forged({ alg: "ES256" }, claims(), Buffer.alloc(64).toString("base64url")))],
  [
    "another's claims under a good signature",
    async () => {
      const [header, , signature] = (await tokenOf("alice")).split(".");
      const payload = forged({}, claims({ sub: "bob" })).split(".")[1];
      return bearer(`${header}.${payload}.${signature}`);
    },
  ],
];

describe("a bad token is 401 on every route, and nothing says why", () => {
  it.each(BAD)("%s", async (_what, headers) => {
    const before = performance.now();
    const answer = await ask(await headers());
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    const { requestId, ...rest } = answer.json();
    expect(requestId).toBe(answer.headers["x-request-id"]);
    expect(rest).toEqual({
      type: "urn:problem-type:repl-orchestrator:unauthorized",
      title: "A valid token is needed.",
      status: 401,
      code: "unauthorized",
    });
    expect(api.logged.at(-1)).toMatchObject({ msg: "request", refusedToken: expect.stringMatching(/^[A-Z_]+$/) });
  });

  it.each([
    ["POST", "/start"],
    ["POST", "/stop"],
    ["GET", "/jobs/abc"],
    ["GET", "/jobs/abc?wait=1"],
    ["GET", "/jobs/abc/events"],
    ["GET", "/repls/abc"],
    ["POST", "/repls/abc/keepalive"],
  ] as const)("%s %s, before anything else of the request is looked at", async (method, url) => {
    const answer = await api.app.inject({ method, url, headers: { "content-type": "text/plain" } });
    expect([answer.statusCode, answer.json().code]).toEqual([401, "unauthorized"]);
  });

  it("49 two headers, the first one good", async () => {
    const lines = ["GET /repls HTTP/1.1", "Host: a", `Authorization: Bearer ${await tokenOf("alice")}`];
    const one = await exchange(port, [...lines, "Connection: close", "", ""].join("\r\n"));
    expect(one).toMatch(/^HTTP\/1\.1 200 /);
    const two = await exchange(port, [...lines, "authorization: Bearer x", "Connection: close", "", ""].join("\r\n"));
    expect(two).toMatch(/^HTTP\/1\.1 401 /);
  });

  it("no token has left a trace in the log or in Redis", async () => {
    expect(JSON.stringify(api.logged)).not.toMatch(/eyJ/);
    expect(await api.jobKeys()).toEqual([]);
  });

  it("what needs no token answers without one", async () => {
    expect((await api.app.inject("/openapi.json")).statusCode).toBe(200);
    expect((await api.app.inject("/nothing")).statusCode).toBe(404);
    expect((await api.app.inject({ method: "DELETE", url: "/start" })).statusCode).toBe(405);
  });
});

describe("a token in the address", () => {
  it("is taken where a browser's EventSource cannot send headers, and nowhere else", async () => {
    const token = await tokenOf("alice");
    const started = await api.app.inject({
      method: "POST",
      url: "/start",
      ...order({ replId: "followed" }),
      headers: { ...bearer(token), "content-type": "application/json" },
    });
    const { jobId, eventsUrl } = started.json();
    const look = (url: string, headers = {}) => api.app.inject({ method: "HEAD", url, headers });
    expect((await look(`${eventsUrl}?access_token=${token}`)).statusCode).toBe(200);
    expect((await look(`${eventsUrl}?access_token=${await tokenOf("bob")}`)).statusCode).toBe(404);
    expect((await look(`${eventsUrl}?access_token=${token}`, bearer(token))).statusCode).toBe(401);
    expect((await look(`${eventsUrl}?access_token=${token}&access_token=${token}`)).statusCode).toBe(401);
    expect((await look(`${eventsUrl}?access_token=x`)).statusCode).toBe(401);
    expect((await look(`/jobs/${jobId}?access_token=${token}`)).statusCode).toBe(401);
    expect((await look(`/repls?access_token=${token}`)).statusCode).toBe(401);
    expect(JSON.stringify(api.logged)).not.toMatch(/eyJ/);
  });
});

describe("a shared secret", () => {
  it("verifies HS256 alone", async () => {
    const secret = "a secret of at least thirty-two bytes";
    const verify = createTokenVerifier({ ...checks, authSecret: secret });
    expect(await verify(signedWithText(secret, { alg: "HS256" }, claims()))).toMatchObject({ subject: "alice" });
    const others = [signedWithText(`${secret}.`, { alg: "HS256" }, claims()), await tokenOf("alice")];
    for (const token of [...others, forged({ alg: "none" }, claims())]) {
      await expect(verify(token)).rejects.toMatchObject({ name: "RefusedToken" });
    }
  });
});

describe("scopes", () => {
  it.each([
    [{ scope: "admin" }, { actsForOthers: true, isAdmin: true }],
    [{ scope: "openid service" }, { actsForOthers: true, isAdmin: false }],
    [{ scp: ["service"] }, { actsForOthers: true, isAdmin: false }],
    [{ scp: "openid admin" }, { actsForOthers: true, isAdmin: true }],
    [{ scope: "administrator" }, { actsForOthers: false, isAdmin: false }],
    [
      { scope: { admin: true }, roles: ["admin"] },
      { actsForOthers: false, isAdmin: false },
    ],
    [{}, { actsForOthers: false, isAdmin: false }],
  ])("%j", async (more, expected) => {
    const verify = createTokenVerifier(verification);
    expect(await verify(await sign(claims(more)))).toEqual({ subject: "alice", ...expected });
  });
});

describe("a set of keys from the identity provider", () => {
  async function serve(listener: RequestListener) {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const authJwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    return { verify: createTokenVerifier({ ...checks, authJwksUrl }), server };
  }
  const jwks = { keys: [{ ...provider.publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" }] };
  const withKid = (kid: string) => sign(claims(), undefined, { alg: "RS256", kid });

  it("is fetched once, whatever keys tokens name and wherever they point", async () => {
    const asked: string[] = [];
    const { verify, server } = await serve((request, response) => {
      asked.push(request.url ?? "");
      response.end(JSON.stringify(jwks));
    });
    expect(await verify(await withKid("one"))).toMatchObject({ subject: "alice" });
    for (const kid of ["two", "../../dev/null", "http://127.0.0.1/x", "' OR 1=1 --"]) {
      await expect(verify(await withKid(kid))).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
    }
    const jku = await sign(claims(), stranger.privateKey, { alg: "RS256", kid: "x", jku: "http://127.0.0.1:1/" });
    await expect(verify(jku)).rejects.toMatchObject({ name: "RefusedToken" });
    const hmac = signedWithText(publicPem, { alg: "HS256", kid: "one" }, claims());
    await expect(verify(hmac)).rejects.toMatchObject({ code: "ERR_JOSE_ALG_NOT_ALLOWED" });
    expect(asked).toEqual(["/jwks"]);
    server.close();
  });

  it("that goes away counts as it was for an hour, and no longer", async () => {
    const { verify, server } = await serve((_request, response) => response.end(JSON.stringify(jwks)));
    expect(await verify(await withKid("one"))).toMatchObject({ subject: "alice" });
    server.closeAllConnections();
    server.close();
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      vi.setSystemTime(Date.now() + 30 * 60_000); // jose reads them again after ten minutes.
      expect(await verify(await withKid("one"))).toMatchObject({ subject: "alice" });
      await expect(verify(await withKid("new"))).rejects.toMatchObject({ name: "KeysUnavailable" });
      vi.setSystemTime(Date.now() + 31 * 60_000);
      await expect(verify(await withKid("one"))).rejects.toMatchObject({ name: "KeysUnavailable" });
    } finally {
      vi.useRealTimers();
    }
  });

  it.each<[string, RequestListener]>([
    ["is away", (_request, response) => response.destroy()],
    ["answers 500", (_request, response) => response.writeHead(500).end()],
    ["answers no keys", (_request, response) => response.end("<html>")],
    ["redirects", (_request, response) => response.writeHead(302, { location: "/other" }).end()],
    ["hangs", () => {}],
  ])("that %s is 503 and no fault of the token", async (_what, listener) => {
    const { verify, server } = await serve(listener);
    await using other = await openApi(redis, { verifyToken: verify });
    const answer = await other.app.inject({ url: "/repls", headers: bearer(await withKid("one")) });
    expect([answer.statusCode, answer.json().code]).toEqual([503, "keys_unavailable"]);
    expect(answer.headers["retry-after"]).toBe("1");
    expect(answer.body).not.toMatch(/127\.0\.0\.1|jwks/);
    const causes = other.logged.filter(({ msg }) => msg === "connection error");
    const err = { name: "KeysUnavailable", cause: { message: expect.any(String) } };
    expect(causes).toMatchObject([{ source: "identity provider", err }]);
    server.closeAllConnections();
    server.close();
  });
});
