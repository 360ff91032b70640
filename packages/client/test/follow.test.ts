import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { createClient, JobFailedError, type JobStatus, type Timing } from "../src/index.ts";
import { type Answer, event, json, problem, silence, startScriptedServer, stream } from "./scripted-server.ts";

const QUICK: Partial<Timing> = { firstPauseMs: 1, longestPauseMs: 5, firstByteMs: 2_000 };

const job = (change: Partial<JobStatus> = {}): JobStatus =>
  ({
    jobId: "job-1",
    replId: "hello",
    kind: "start",
    state: "active",
    progress: 10,
    message: "",
    error: null,
    ...change,
  }) as JobStatus;
const DONE = job({ state: "completed", progress: 100 });

async function statusesOf(statuses: AsyncIterable<JobStatus>): Promise<JobStatus[]> {
  const all: JobStatus[] = [];
  for await (const status of statuses) all.push(status);
  return all;
}

/** Follows a job on a server that answers like that. */
async function follow(answers: readonly Answer[], timing: Partial<Timing> = {}) {
  await using server = await startScriptedServer(...answers);
  const client = createClient({ baseUrl: server.url, token: "secret", timing: { ...QUICK, ...timing } });
  const outcome = await statusesOf(client.follow("job-1")).catch((error: unknown) => error);
  return { outcome, asked: server.asked };
}

test("every change comes, the last one being the end, with the token in a header", async () => {
  const { outcome, asked } = await follow([
    stream("retry: 1\n\n", event(1, job()), ": still here\n\n", event(2, DONE)),
  ]);
  expect(outcome).toEqual([job(), DONE]);
  expect(asked).toMatchObject([
    { url: "/jobs/job-1/events", headers: { authorization: "Bearer secret", accept: "text/event-stream" } },
  ]);
});

test("events may be cut anywhere, within a character too", async () => {
  const text = event(1, job({ message: "schön — 完" })) + event(2, DONE).replaceAll("\n", "\r\n");
  const answer: Answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
    response.end();
  };
  expect((await follow([answer])).outcome).toEqual([job({ message: "schön — 完" }), DONE]);
});

test("a stream that is cut off goes on after the last event seen", async () => {
  const cutOff: Answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(event(7, job()), () => response.destroy());
  };
  const { outcome, asked } = await follow([
    cutOff,
    problem(503, "shutting_down"),
    stream(event(7, job()) + event(8, DONE)),
  ]);
  expect(outcome).toEqual([job(), DONE]);
  expect(asked.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "7", "7"]);
});

test("a stream that has gone silent is given up and opened again", async () => {
  const halfOpen: Answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(event(1, job()));
  };
  const { outcome } = await follow([halfOpen, stream(event(2, DONE))], { silenceMs: 50 });
  expect(outcome).toEqual([job(), DONE]);
});

test("204 after the end was missed by nobody ends nothing early", async () => {
  const { outcome, asked } = await follow([(response) => response.writeHead(204).end(), stream(event(2, DONE))]);
  expect(outcome).toEqual([DONE]);
  expect(asked).toHaveLength(2);
});

test.each([
  ["are held back", silence],
  [
    "are held back after their headers",
    ((response) => response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders()) as Answer,
  ],
  ["come as something else", json("<html>")],
])("where streams %s, it polls, and each status comes once", async (_name, first) => {
  const answers = [
    first,
    json(job(), 200, { etag: '"1"' }),
    ((response) => response.writeHead(304).end()) as Answer,
    json(DONE),
  ];
  const { outcome, asked } = await follow(answers, { firstByteMs: 100, pollMs: 2_000 });
  expect(outcome).toEqual([job(), DONE]);
  expect(asked.slice(1).map(({ url, headers }) => [url, headers["if-none-match"]])).toEqual([
    ["/jobs/job-1", undefined],
    ["/jobs/job-1?wait=2", '"1"'],
    ["/jobs/job-1?wait=2", '"1"'],
  ]);
});

test("where streams are held back, a job that does not change is there at once", async () => {
  const unchanged: Answer = (response, asked) => {
    if (asked.url === "/jobs/job-1") json(job(), 200, { etag: '"1"' })(response, asked);
  };
  await using server = await startScriptedServer(silence, unchanged);
  const abort = new AbortController();
  const client = createClient({ baseUrl: server.url, timing: { firstByteMs: 50 } });
  const statuses = client.follow("job-1", { signal: abort.signal });
  const first = await Promise.race([statuses.next(), setTimeout(2_000, "nothing")]);
  abort.abort();
  expect(first).toEqual({ done: false, value: job() });
});

test.each([
  ["too many clients wait", "too_many_followers"],
  ["its user waits too often", "user_followers"],
])("where %s already, it polls without waiting", async (_name, code) => {
  const known = json(job(), 200, { etag: '"1"' });
  const { outcome, asked } = await follow([problem(429, code), known, problem(429, code), json(DONE)]);
  expect(outcome).toEqual([job(), DONE]);
  const polls = ["/jobs/job-1", "/jobs/job-1?wait=25", "/jobs/job-1"];
  expect(asked.map(({ url }) => url)).toEqual(["/jobs/job-1/events", ...polls]);
});

test.each([
  ["a job that is not there", 404, "job_not_found"],
  ["a token that is not valid", 401, "unauthorized"],
])("%s ends it at once", async (_name, status, code) => {
  const { outcome, asked } = await follow([problem(status, code)]);
  expect(outcome).toMatchObject({ name: "ApiError", status, code });
  expect(asked).toHaveLength(1);
});

test.each([408, 425, 429, 500, 502, 521])("%i may pass, so it goes on", async (status) => {
  const { outcome, asked } = await follow([problem(status, `http_${status}`), stream(event(2, DONE))]);
  expect(outcome).toEqual([DONE]);
  expect(asked).toHaveLength(2);
});

test("ten failures in a row end it, with the last one", async () => {
  const { outcome, asked } = await follow([problem(503, "overloaded")]);
  expect(outcome).toMatchObject({ name: "ApiError", code: "overloaded" });
  expect(asked).toHaveLength(10);
});

test("who stops listening lets go of the connection", async () => {
  const gone = Promise.withResolvers<void>();
  const open: Answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(event(1, job()));
    response.on("close", () => gone.resolve());
  };
  await using server = await startScriptedServer(open);
  for await (const _status of createClient({ baseUrl: server.url }).follow("job-1")) break;
  await gone.promise;
});

test("an aborted signal ends it with its reason, while it waits for an event and between two connections", async () => {
  const reason = new Error("enough");
  const open: Answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(event(1, job()));
  };
  for (const answers of [[open], [stream(event(1, job())), silence]]) {
    await using server = await startScriptedServer(...answers);
    const abort = new AbortController();
    const statuses = createClient({ baseUrl: server.url, timing: QUICK }).follow("job-1", { signal: abort.signal });
    expect((await statuses.next()).value).toEqual(job());
    const next = statuses.next();
    abort.abort(reason);
    await expect(next).rejects.toBe(reason);
  }
});

const ORDERS = [
  ["startAndWait", "/start"],
  ["stopAndWait", "/stop"],
] as const;

test.each(ORDERS)("%s resolves with the completed job and tells every step on the way", async (call, url) => {
  const accepted = json({ jobId: "job-1" }, 202);
  await using server = await startScriptedServer(accepted, stream(event(1, job()), event(2, DONE)));
  const seen: number[] = [];
  const client = createClient({ baseUrl: server.url });
  const onProgress = ({ progress }: JobStatus) => seen.push(progress);
  expect(await client[call]("hello", { userId: "alice", idempotencyKey: "key-1", onProgress })).toEqual(DONE);
  expect(seen).toEqual([10, 100]);
  expect(server.asked[0]).toMatchObject({
    ...{ method: "POST", url, body: '{"replId":"hello","userId":"alice"}' },
    headers: { "idempotency-key": "key-1" },
  });
});

test.each(ORDERS.flatMap(([call]) => [[call, "failed"] as const, [call, "cancelled"] as const]))(
  "%s of a job that is %s rejects with the job",
  async (call, state) => {
    const error = { code: "image_pull_failed", message: "No such image.", retryable: false, details: {} };
    const ended = job({ state, error });
    await using server = await startScriptedServer(json({ jobId: "job-1" }, 202), stream(event(2, ended)));
    const failure = await createClient({ baseUrl: server.url })
      [call]("hello")
      .catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(JobFailedError);
    expect(failure).toMatchObject({ message: "No such image.", code: "image_pull_failed", job: ended });
  },
);

test("a job that was cancelled before anything of it failed has no code but its state", async () => {
  const ended = job({ state: "cancelled", message: "A stop was asked for." });
  await using server = await startScriptedServer(json({ jobId: "job-1" }, 202), stream(event(2, ended)));
  await expect(createClient({ baseUrl: server.url }).startAndWait("hello")).rejects.toMatchObject({
    ...{ name: "JobFailedError", code: "cancelled", message: "A stop was asked for." },
  });
});
