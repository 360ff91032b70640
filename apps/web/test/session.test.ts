import { setImmediate } from "node:timers/promises";
import { ApiError, ConnectionError, type JobStatus, type ReplClient, type ReplStatus } from "repl-orchestrator-client";
import { expect, test } from "vitest";
import type { Memory } from "../page/memory.ts";
import { createSession } from "../page/session.ts";
import { createStore } from "../page/store.ts";

test("time that passes does not start the reading of a slow list anew", async () => {
  const { client, session, store } = open();
  void session.open();
  for (let ticks = 0; ticks < 3; ticks += 1) session.tick();
  expect(client.lists).toHaveLength(1);
  client.lists[0]?.resolve([replOf("slow")]);
  await setImmediate();
  expect(store.state.repls).toEqual([replOf("slow")]);

  session.tick();
  session.tick();
  expect(client.lists).toHaveLength(2);
  client.lists[1]?.reject(lost);
  await setImmediate();
  expect(store.state.trouble).toEqual({ text: lost.message });
  session.tick();
  expect(client.lists).toHaveLength(3);
});

test.each(["order", "change of user"])("the list is read anew after an %s, whatever is under way", async (what) => {
  const { client, session, store } = open();
  void session.open();
  if (what === "order") void session.start("mine");
  else void session.changeUser();
  await setImmediate();
  expect(client.lists).toHaveLength(2);
  expect(client.lists[0]?.signal.aborted).toBe(true);
  client.lists[0]?.resolve([replOf("before")]);
  await setImmediate();
  expect(store.state.repls).toBeUndefined();
  session.tick();
  expect(client.lists).toHaveLength(2);
  client.lists[1]?.resolve([replOf("after")]);
  await setImmediate();
  expect(store.state.repls).toEqual([replOf("after")]);
});

test.each([
  ["nobody could be reached", new ConnectionError("gone")],
  ["a gateway answered", apiError(502, "http_502")],
  ["a gateway gave up waiting", apiError(408, "http_408")],
])("a job that was lost because %s is followed again once the list can be read", async (_why, error) => {
  const { client, session, store } = open({ job: { jobId: "1", startedAtMs: 7 } });
  void session.open();
  client.follows[0]?.tell(jobOf("1"));
  await setImmediate();
  client.follows[0]?.fail(error);
  client.lists[0]?.reject(error);
  await setImmediate();
  expect(store.state).toMatchObject({ lost: error.message, refusal: undefined });
  expect(client.follows).toHaveLength(1);

  session.tick();
  client.lists[1]?.reject(error);
  await setImmediate();
  expect(client.follows).toHaveLength(1);
  session.tick();
  client.lists[2]?.resolve([]);
  await setImmediate();
  expect(client.follows.map(({ jobId }) => jobId)).toEqual(["1", "1"]);
  client.follows[1]?.tell(jobOf("1", "completed"));
  await setImmediate();
  expect(store.state.job).toMatchObject({ status: { state: "completed" }, startedAtMs: 7 });
  expect(store.state.lost).toBeUndefined();
});

test("a job that was lost is left alone once another is on the screen, or where asking again is no use", async () => {
  const { client, session, store } = open({ job: { jobId: "1", startedAtMs: 7 } });
  void session.open();
  client.follows[0]?.fail(lost);
  await setImmediate();
  void session.show("2");
  client.lists[0]?.resolve([]);
  await setImmediate();
  expect(client.follows.map(({ jobId }) => jobId)).toEqual(["1", "2"]);

  client.follows[1]?.fail(apiError(400, "invalid_request"));
  await setImmediate();
  expect(store.state).toMatchObject({ lost: undefined, refusal: { text: "invalid_request" } });
  session.tick();
  client.lists[1]?.resolve([]);
  await setImmediate();
  expect(client.follows).toHaveLength(2);
});

test("the remembered job is followed once its user is known, and the notice that asked for a token is gone", async () => {
  const { client, session, store, memory } = open({ job: { jobId: "1", startedAtMs: 7 } });
  void session.open();
  client.follows[0]?.fail(apiError(401, "unauthorized"));
  client.lists[0]?.reject(apiError(401, "unauthorized"));
  await setImmediate();
  expect(store.state.refusal?.text).toMatch(/asks for an access token/);

  memory.token = "of alice";
  void session.changeUser();
  expect(store.state).toMatchObject({ refusal: undefined, trouble: undefined });
  client.follows[1]?.tell(jobOf("1", "active", "alice"));
  await setImmediate();
  expect(store.state.job).toMatchObject({ status: { jobId: "1" }, startedAtMs: 7 });
});

test("another user sees nothing of the last one's job, which is forgotten where it is not found", async () => {
  const { client, session, store, memory } = open({ token: "of alice", job: { jobId: "1", startedAtMs: 7 } });
  void session.open();
  client.follows[0]?.tell(jobOf("1", "active", "alice"));
  await setImmediate();
  memory.token = "of bob";
  void session.changeUser();
  expect(client.follows[0]?.signal.aborted).toBe(true);
  expect(store.state.job).toBeUndefined();
  client.follows[0]?.tell(jobOf("1", "completed", "alice"));
  await setImmediate();
  expect(store.state.job).toBeUndefined();

  client.follows[1]?.fail(apiError(404, "job_not_found"));
  await setImmediate();
  expect(client.follows).toHaveLength(2);
  expect(memory.job).toBeUndefined();
  expect(store.state).toMatchObject({ job: undefined, refusal: undefined });
});

test("a job that is no longer kept does not leave the one before on the screen, which nobody follows any more", async () => {
  const { client, session, store, memory } = open({ job: { jobId: "1", startedAtMs: 7 } });
  void session.open();
  client.follows[0]?.tell(jobOf("1"));
  await setImmediate();
  void session.show("2");
  client.follows[1]?.fail(apiError(404, "job_not_found"));
  await setImmediate();
  expect(client.follows[0]?.signal.aborted).toBe(true);
  expect(store.state.job).toBeUndefined();
  expect(memory.job?.jobId).toBe("1");
});

test("without authentication, where anybody may see any job, another user's is forgotten as well", async () => {
  const { client, session, store, memory } = open({ job: { jobId: "1", startedAtMs: 7 } });
  void session.open();
  client.follows[0]?.tell(jobOf("1", "active", "anonymous"));
  await setImmediate();
  expect(store.state.job).toBeDefined();
  memory.userId = "bob";
  void session.changeUser();
  client.follows[1]?.tell(jobOf("1", "active", "anonymous"));
  await setImmediate();
  expect(store.state.job).toBeUndefined();
  expect(memory.job).toBeUndefined();
});

test("what the last user asked for is neither shown nor remembered when it is answered after the change", async () => {
  const { client, session, store, memory } = open();
  const answer = Promise.withResolvers<Awaited<ReturnType<ReplClient["start"]>>>();
  client.answers = answer.promise;
  const started = session.start("hers");
  memory.userId = "bob";
  void session.changeUser();
  expect(store.state.asked).toBeUndefined();
  answer.resolve(accepted);
  await started;
  expect(memory.job).toBeUndefined();
  expect(client.follows).toEqual([]);

  client.answers = Promise.reject(new ConnectionError("gone"));
  const again = session.stop("his");
  memory.userId = "alice";
  void session.changeUser();
  await again;
  expect(store.state.refusal).toBeUndefined();
});

test("a refusal blames the field that was typed into, and none where a button named the repl", async () => {
  const { client, session, store } = open();
  for (const typed of [true, false]) {
    client.answers = Promise.reject(apiError(409, "repl_taken"));
    await session.start("hers", typed);
    expect(store.state.refusal?.field).toBe(typed ? "replId" : undefined);
  }
});

test("a list that is refused for its user is not asked for again until the user is another", async () => {
  const { client, session, store, memory } = open({ userId: "not a user" });
  void session.open();
  client.lists[0]?.reject(apiError(400, "invalid_request", [{ field: "userId", message: "is not valid" }]));
  await setImmediate();
  expect(store.state.trouble).toEqual({ text: "User is not valid.", field: "userId" });
  session.tick();
  expect(client.lists).toHaveLength(1);
  memory.userId = "alice";
  void session.changeUser();
  expect(store.state.trouble).toBeUndefined();
  client.lists[1]?.resolve([]);
  await setImmediate();
  session.tick();
  expect(client.lists).toHaveLength(3);
});

test("a job under way is picked up from the list, unless another came first", async () => {
  for (const first of [false, true]) {
    const { client, session } = open();
    void session.open();
    if (first) void session.show("chosen");
    client.lists[0]?.resolve([replOf("elsewhere", "starting")]);
    await setImmediate();
    expect(client.follows.map(({ jobId }) => jobId)).toEqual([first ? "chosen" : "job of elsewhere"]);
  }
});

const lost = new ConnectionError("The service cannot be reached.");
const accepted = { jobId: "new", replId: "mine", state: "queued", statusUrl: "", eventsUrl: "" } as const;

function apiError(status: number, code: string, errors: ApiError["errors"] = []): ApiError {
  return new ApiError(code, { status, code, requestId: null, errors, retryAfterMs: null });
}

function replOf(replId: string, state: ReplStatus["state"] = "running"): ReplStatus {
  return { replId, state, job: { jobId: `job of ${replId}`, kind: "start", state: "active" } } as ReplStatus;
}

function jobOf(jobId: string, state: JobStatus["state"] = "active", userId = "anonymous"): JobStatus {
  const createdAt = new Date(0).toISOString();
  return { jobId, state, userId, createdAt, queue: null } as JobStatus;
}

/** A session on a service that answers what the test says, when it says so. */
function open(remembered: Partial<Memory> = {}) {
  const memory: Memory = { userId: "", token: "", job: undefined, ...remembered };
  const store = createStore();
  const client = scriptedClient();
  return { client, store, memory, session: createSession(client as unknown as ReplClient, store, memory) };
}

function scriptedClient() {
  const lists: ReturnType<typeof listOf>[] = [];
  const follows: ReturnType<typeof followerOf>[] = [];
  const client = {
    /** Readings of the list and followers, in the order they began. */
    lists,
    follows,
    /** What orders come to. */
    answers: Promise.resolve(accepted) as ReturnType<ReplClient["start"]>,
    start: () => client.answers,
    stop: () => client.answers,
    repls({ signal }: { signal: AbortSignal }) {
      const list = listOf(signal);
      lists.push(list);
      return list.promise;
    },
    follow(jobId: string, { signal }: { signal: AbortSignal }) {
      const follower = followerOf(jobId, signal);
      follows.push(follower);
      return follower.statuses();
    },
  };
  return client;
}

function listOf(signal: AbortSignal) {
  return { signal, ...Promise.withResolvers<readonly ReplStatus[]>() };
}

function followerOf(jobId: string, signal: AbortSignal) {
  let next = Promise.withResolvers<JobStatus>();
  return {
    jobId,
    signal,
    tell: (status: JobStatus) => next.resolve(status),
    fail: (error: Error) => next.reject(error),
    async *statuses() {
      for (;;) {
        const status = await next.promise;
        next = Promise.withResolvers();
        if (signal.aborted) throw signal.reason;
        yield status;
        if (status.state === "completed") return;
      }
    },
  };
}
