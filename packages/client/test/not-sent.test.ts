import { afterEach, expect, test, vi } from "vitest";
import { createClient, type ReplClient } from "../src/index.ts";
import { json, startScriptedServer } from "./scripted-server.ts";

afterEach(() => vi.unstubAllGlobals());

/** Everything that one can ask of a client, each as it is usually asked. */
const CALLS: readonly (readonly [string, (client: ReplClient) => Promise<unknown>])[] = [
  ["start", (client) => client.start("hello")],
  ["startAndWait", (client) => client.startAndWait("hello")],
  ["stopAndWait", (client) => client.stopAndWait("hello")],
  ["job", (client) => client.job("job-1")],
  ["follow", (client) => client.follow("job-1").next()],
  ["repls", (client) => client.repls()],
  ["keepalive", (client) => client.keepalive("hello")],
];

test.each(CALLS)("%s throws what the token function threw, at once", async (_name, call) => {
  await using server = await startScriptedServer(json({}));
  const signedOut = new TypeError("Cannot read properties of undefined (reading 'accessToken')");
  const reject = vi.fn(() => Promise.reject(signedOut));
  const throws = vi.fn(() => {
    throw signedOut;
  });
  for (const token of [reject, throws]) {
    await expect(call(createClient({ baseUrl: server.url, token }))).rejects.toBe(signedOut);
    expect(token).toHaveBeenCalledTimes(1);
  }
  expect(server.asked).toEqual([]);
});

test.each(CALLS)("%s names a token that no header can hold, and does not tell it", async (_name, call) => {
  await using server = await startScriptedServer(json({}));
  for (const token of ["secret\nsecret", "\nsecret", "secret☃"]) {
    const failure: unknown = await call(createClient({ baseUrl: server.url, token })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TypeError);
    expect(failure).toHaveProperty("message", "token has a character that no HTTP header can hold.");
    expect(failure).not.toHaveProperty("cause");
  }
  expect(server.asked).toEqual([]);
});

test.each(["start", "stop"] as const)("%s names an idempotencyKey that no header can hold", async (kind) => {
  await using server = await startScriptedServer(json({}));
  const client = createClient({ baseUrl: server.url });
  for (const idempotencyKey of ["key\r\nx: y", "ключ"]) {
    const refused = client[kind]("hello", { idempotencyKey });
    await expect(refused).rejects.toThrow(
      new TypeError("idempotencyKey has a character that no HTTP header can hold."),
    );
  }
  expect(server.asked).toEqual([]);
});

test.each(["..", ".", "", "../jobs/1", "a/b", "a?b", "Hello", "%2e%2e", "\ud800", "a".repeat(51), "hello\n"])(
  "an id that cannot be one is sent nowhere: %j",
  async (id) => {
    await using server = await startScriptedServer(json({}));
    const client = createClient({ baseUrl: `${server.url}/below/` });
    const why =
      "is not valid. Expected: Lower-case letters, digits and inner hyphens, starting with a letter; at most 50";
    for (const call of ["repl", "keepalive"] as const) {
      await expect(client[call](id)).rejects.toMatchObject({
        name: "ApiError",
        message: `replId ${why} characters.`,
        ...{ status: 400, code: "invalid_request", requestId: null, retryAfterMs: null, details: {} },
        errors: [{ field: "replId", message: `${why} characters` }],
      });
    }
    expect(server.asked).toEqual([]);
  },
);

test.each(["..", ".", "", "../repls", "a/b", "a?wait=1", "\ud800", "a".repeat(65)])(
  "a job's id that cannot be one is sent nowhere: %j",
  async (id) => {
    await using server = await startScriptedServer(json({}));
    const client = createClient({ baseUrl: server.url });
    for (const call of [() => client.job(id), () => client.follow(id).next()]) {
      await expect(call()).rejects.toMatchObject({
        name: "ApiError",
        message: "jobId is not valid. Expected: 1 to 64 letters, digits, hyphens and underscores.",
        ...{ status: 400, code: "invalid_request", errors: [{ field: "jobId" }] },
      });
    }
    expect(server.asked).toEqual([]);
  },
);

test.each([
  "/api",
  "repls.example.com",
  "localhost:3002",
  "",
  "ftp://repls.example.com",
  "https://user:secret@repls.example.com",
])("baseUrl %j is refused when the client is built", (baseUrl) => {
  expect(() => createClient({ baseUrl })).toThrow(
    new TypeError(
      "baseUrl must be an absolute address with http or https and without a password, such as https://repls.example.com.",
    ),
  );
});

test("in a browser baseUrl may be relative to the page", async () => {
  await using server = await startScriptedServer(json({}));
  vi.stubGlobal("location", { href: `${server.url}/ide/index.html?repl=1#top` });
  for (const baseUrl of ["/api", "api/", "../api", `${server.url}/api`]) await createClient({ baseUrl }).job("x");
  expect(server.asked.map(({ url }) => url)).toEqual(["/api/jobs/x", "/ide/api/jobs/x", "/api/jobs/x", "/api/jobs/x"]);
  vi.stubGlobal("location", { href: "about:blank" });
  expect(() => createClient({ baseUrl: "/api" })).toThrow(/^baseUrl must be an absolute address/);
});
