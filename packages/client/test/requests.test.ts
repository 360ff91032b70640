import { expect, test } from "vitest";
import { ApiError, ConnectionError, createClient } from "../src/index.ts";
import { json, problem, silence, startScriptedServer } from "./scripted-server.ts";

const ACCEPTED = {
  jobId: "job-1",
  replId: "hello",
  state: "queued",
  statusUrl: "/jobs/job-1",
  eventsUrl: "/jobs/job-1/events",
};
const SOON = { "retry-after": "0" };

test("a start is one POST with the order, the key and the current token", async () => {
  await using server = await startScriptedServer(json(ACCEPTED, 202));
  const tokens = ["token-1", "token-2"];
  const token = async () => tokens.shift() ?? "";
  const client = createClient({ baseUrl: `${server.url}/below`, token });
  expect(await client.start("hello", { userId: "alice", idempotencyKey: "key-1" })).toEqual(ACCEPTED);
  await client.stop("hello");
  expect(server.asked).toMatchObject([
    {
      method: "POST",
      url: "/below/start",
      body: '{"replId":"hello","userId":"alice"}',
      headers: { "content-type": "application/json", "idempotency-key": "key-1", authorization: "Bearer token-1" },
    },
    { method: "POST", url: "/below/stop", body: '{"replId":"hello"}', headers: { authorization: "Bearer token-2" } },
  ]);
});

test("a refusal is an ApiError with all that the service said", async () => {
  const errors = [{ field: "replId", message: "is missing" }];
  const body = {
    title: "The request is not valid.",
    detail: "replId is missing.",
    code: "invalid_request",
    requestId: "r-1",
    errors,
  };
  await using server = await startScriptedServer(json(body, 400));
  const refused = createClient({ baseUrl: server.url }).start("");
  await expect(refused).rejects.toBeInstanceOf(ApiError);
  await expect(refused).rejects.toMatchObject({
    message: "replId is missing.",
    ...{ status: 400, code: "invalid_request", requestId: "r-1", errors, retryAfterMs: null },
  });
});

test("an error that is none of the service's own keeps its status", async () => {
  await using server = await startScriptedServer((response) => response.writeHead(502).end("<h1>Bad Gateway</h1>"));
  await expect(createClient({ baseUrl: server.url }).job("x")).rejects.toMatchObject({
    message: "The service answered 502.",
    ...{ status: 502, code: "http_502", requestId: null, errors: [] },
  });
});

test("what the service puts off is tried again, three times and no more", async () => {
  await using server = await startScriptedServer(
    problem(503, "queue_full", SOON),
    problem(429, "rate_limited", SOON),
    json(ACCEPTED, 202),
  );
  expect(await createClient({ baseUrl: server.url }).start("hello")).toEqual(ACCEPTED);
  expect(server.asked).toHaveLength(3);

  await using full = await startScriptedServer(problem(503, "queue_full", SOON));
  await expect(createClient({ baseUrl: full.url }).start("hello")).rejects.toMatchObject({
    code: "queue_full",
    retryAfterMs: 0,
  });
  expect(full.asked).toHaveLength(4);
});

test("an order under a key whose first answer is on its way is sent again", async () => {
  const inFlight = problem(409, "idempotency_in_flight", SOON);
  await using server = await startScriptedServer(inFlight, json(ACCEPTED, 202));
  expect(await createClient({ baseUrl: server.url }).start("hello", { idempotencyKey: "key-1" })).toEqual(ACCEPTED);
  expect(server.asked.map(({ headers }) => headers["idempotency-key"])).toEqual(["key-1", "key-1"]);
});

test.each([
  ["names no time", problem(503, "overloaded")],
  ["names a time that is too long", problem(503, "overloaded", { "retry-after": "3600" })],
  ["is the user's own limit", problem(429, "user_limit", SOON)],
  ["would be the same again", problem(409, "repl_taken", SOON)],
])("a refusal that %s is told at once", async (_name, answer) => {
  await using server = await startScriptedServer(answer);
  await expect(createClient({ baseUrl: server.url }).start("hello")).rejects.toBeInstanceOf(ApiError);
  expect(server.asked).toHaveLength(1);
});

test("Retry-After may be a date", async () => {
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
  await using server = await startScriptedServer(problem(503, "overloaded", { "retry-after": inAnHour }));
  const error = await createClient({ baseUrl: server.url })
    .job("x")
    .catch((reason: unknown) => reason as ApiError);
  expect((error as ApiError).retryAfterMs).toBeGreaterThan(3_500_000);
});

test("a service that is not there, cuts off or stays silent is a ConnectionError", async () => {
  const server = await startScriptedServer((response) => response.destroy());
  await expect(createClient({ baseUrl: server.url }).job("x")).rejects.toThrow(`${server.url} cannot be reached.`);
  await server[Symbol.asyncDispose]();
  await expect(createClient({ baseUrl: server.url }).job("x")).rejects.toBeInstanceOf(ConnectionError);
  await using silent = await startScriptedServer(silence);
  const client = createClient({ baseUrl: silent.url, timing: { requestTimeoutMs: 50 } });
  await expect(client.job("x")).rejects.toThrow(`${silent.url} did not answer in time.`);
});

test("an aborted call throws the signal's reason, also while it waits for the next try", async () => {
  await using silent = await startScriptedServer(silence);
  const reason = new Error("enough");
  const abort = new AbortController();
  const call = createClient({ baseUrl: silent.url }).repl("hello", { signal: abort.signal });
  abort.abort(reason);
  await expect(call).rejects.toBe(reason);

  const later = new AbortController();
  await using busy = await startScriptedServer((response, asked) => {
    problem(503, "queue_full", { "retry-after": "10" })(response, asked);
    response.on("finish", () => later.abort(reason));
  });
  await expect(createClient({ baseUrl: busy.url }).start("x", { signal: later.signal })).rejects.toBe(reason);
  expect(busy.asked).toHaveLength(1);
});

test("repls reads every page, and keepalive needs no answer", async () => {
  await using server = await startScriptedServer(
    json({ repls: [{ replId: "a" }], next: "a" }),
    json({ repls: [{ replId: "b" }], next: null }),
    (response) => response.writeHead(204).end(),
  );
  const client = createClient({ baseUrl: server.url });
  expect(await client.repls({ userId: "auth0|5f" })).toEqual([{ replId: "a" }, { replId: "b" }]);
  await client.keepalive("a");
  expect(server.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET /repls?userId=auth0%7C5f&limit=500",
    "GET /repls?userId=auth0%7C5f&after=a&limit=500",
    "POST /repls/a/keepalive",
  ]);
});
