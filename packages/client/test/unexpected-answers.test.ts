import { expect, test } from "vitest";
import { ConnectionError, createClient, UnexpectedAnswerError } from "../src/index.ts";
import { type Answer, event, json, problem, startScriptedServer, stream } from "./scripted-server.ts";

const QUICK = { firstPauseMs: 1, longestPauseMs: 5 };

const page: Answer = (response) =>
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html><title>app</title>");
const gatewayError =
  (status: number): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": "text/html" }).end("<h1>Gateway</h1>");
const DONE = { jobId: "job-1", state: "completed", progress: 100 };

/** Follows a job on a server that answers like that. */
async function follow(...answers: readonly Answer[]) {
  await using server = await startScriptedServer(...answers);
  const statuses: unknown[] = [];
  let failure: unknown;
  try {
    for await (const status of createClient({ baseUrl: server.url, timing: QUICK }).follow("job-1"))
      statuses.push(status);
  } catch (error) {
    failure = error;
  }
  return { url: server.url, statuses, failure, asked: server.asked.length };
}

test("an address that answers with a page is not the service's, and is told so at once", async () => {
  await using server = await startScriptedServer(page);
  const client = createClient({ baseUrl: `${server.url}/app`, timing: QUICK });
  const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["start", () => client.start("hello")],
    ["jobs/job-1", () => client.job("job-1")],
    ["repls/hello", () => client.repl("hello")],
    ["repls/hello/keepalive", () => client.keepalive("hello")],
  ];
  for (const [path, call] of calls) {
    const failure: unknown = await call().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnexpectedAnswerError);
    expect(failure).not.toBeInstanceOf(ConnectionError);
    expect(failure).toMatchObject({
      name: "UnexpectedAnswerError",
      message: `${server.url}/app/${path} answered something that is not JSON (text/html); is baseUrl right?`,
    });
  }
  expect(server.asked).toHaveLength(4);
});

test("following says so too, after the stream and one poll", async () => {
  const { url, failure, asked } = await follow(page);
  expect(failure).toMatchObject({
    name: "UnexpectedAnswerError",
    message: `${url}/jobs/job-1 answered something that is not JSON (text/html); is baseUrl right?`,
  });
  expect(asked).toBe(2);
});

test("an answer without a content type is told as such", async () => {
  await using server = await startScriptedServer((response) => response.writeHead(200).end("pong"));
  await expect(createClient({ baseUrl: server.url }).job("job-1")).rejects.toThrow(/not JSON \(no content type\)/);
});

test("an event that is no JSON is an unexpected answer as well", async () => {
  const { failure, asked } = await follow(stream("id: 1\ndata: hello\n\n"));
  expect(failure).toMatchObject({ name: "UnexpectedAnswerError", message: "An event of the job is not JSON." });
  expect(asked).toBe(1);
});

test.each<[string, Answer]>([
  [
    "within its announced length",
    (response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"jobId":"jo', () => response.destroy());
    },
  ],
  [
    "where nothing announced its length",
    (response) => {
      response.writeHead(200, { "content-type": "application/json; charset=utf-8", connection: "close" });
      response.end('{"jobId":"jo');
    },
  ],
  [
    "before its first byte",
    (response) => response.writeHead(200, { "content-type": "application/json", "content-length": "0" }).end(),
  ],
])("an answer that was cut off %s is a ConnectionError, and followed on", async (_name, cutOff) => {
  await using server = await startScriptedServer(cutOff);
  await expect(createClient({ baseUrl: server.url }).job("job-1")).rejects.toBeInstanceOf(ConnectionError);

  const { statuses, asked } = await follow(json("no stream"), cutOff, cutOff, json(DONE));
  expect({ statuses, asked }).toEqual({ statuses: [DONE], asked: 4 });
});

test.each([502, 503, 504])("a gateway's page with %i stays an ApiError, and is followed on", async (status) => {
  await using server = await startScriptedServer(gatewayError(status));
  await expect(createClient({ baseUrl: server.url }).job("job-1")).rejects.toMatchObject({
    name: "ApiError",
    ...{ status, code: `http_${status}`, message: `The service answered ${status}.`, details: {} },
  });

  const { statuses, asked } = await follow(gatewayError(status), gatewayError(status), stream(event(2, DONE)));
  expect({ statuses, asked }).toEqual({ statuses: [DONE], asked: 3 });
});

test("what the service says besides is in the error's details", async () => {
  const body = { title: "The user has as many repls as allowed.", status: 429, code: "user_limit" };
  const limit = json({ ...body, details: { limit: "running", max: 1 } }, 429);
  await using server = await startScriptedServer(limit, json({ ...body, details: "none" }, 429));
  const client = createClient({ baseUrl: server.url });
  await expect(client.start("hello")).rejects.toMatchObject({
    code: "user_limit",
    details: { limit: "running", max: 1 },
  });
  await expect(client.start("hello")).rejects.toMatchObject({ details: {} });
  await using other = await startScriptedServer(problem(409, "repl_taken"));
  await expect(createClient({ baseUrl: other.url }).start("hello")).rejects.toMatchObject({ details: {} });
});
