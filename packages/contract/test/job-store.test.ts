import { randomUUID } from "node:crypto";
import { waitFor } from "@repl/testkit";
import { useRedis } from "@repl/testkit/vitest";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import {
  createJobStore,
  type JobRecord,
  type JobStore,
  type JobStoreOptions,
  keysOf,
  type Lease,
  toJobStatus,
} from "../src/index.ts";

const { redis, server } = await useRedis();

/** A store under a prefix of its own, with helpers that fail the test when the store answers anything unexpected. */
function setup(options: Omit<JobStoreOptions, "prefix"> = {}) {
  const prefix = `{${randomUUID()}}`;
  const store = createJobStore(redis, { prefix, ...options });
  const request = (kind: "start" | "stop", replId: string, userId = "alice") =>
    store.accept({ kind, replId, userId, jobId: randomUUID(), requestId: "request-1" });
  const accepted = async (kind: "start" | "stop", replId: string, userId?: string) => {
    const acceptance = await request(kind, replId, userId);
    if (acceptance.outcome !== "accepted") throw new Error(`${kind} was ${acceptance.outcome}`);
    return acceptance.jobId;
  };
  const record = async (jobId: string): Promise<JobRecord> => {
    const found = await store.find(jobId);
    if (found === null) throw new Error(`no record of ${jobId}`);
    return found;
  };
  return { prefix, keys: keysOf(prefix), store, request, accepted, record };
}

async function begun(store: JobStore, jobId: string): Promise<Lease> {
  const token = randomUUID();
  const beginning = await store.begin(jobId, token);
  if (beginning.outcome !== "run") throw new Error(`begin: ${beginning.outcome}`);
  return { jobId, replId: beginning.record.replId, token };
}

describe("accept", () => {
  test("records a start as queued, with the intent running at generation 1", async () => {
    const { keys, accepted, record } = setup();
    const jobId = await accepted("start", "demo");
    expect(await record(jobId)).toMatchObject({
      jobId,
      kind: "start",
      replId: "demo",
      userId: "alice",
      generation: 1,
      state: "queued",
      phase: "queued",
      progress: 0,
      made: 0,
      requestId: "request-1",
      startedAt: null,
      finishedAt: null,
      error: null,
      version: 1,
    });
    expect(await redis.hgetall(keys.repl("demo"))).toMatchObject({
      desired: "running",
      generation: "1",
      jobId,
      userId: "alice",
    });
    expect(await redis.smembers(keys.running)).toEqual(["demo"]);
  });

  test("is harmless to repeat under the same id, as a client library does after a lost reply", async () => {
    const { keys, store } = setup();
    const jobId = randomUUID();
    const request = { kind: "start", replId: "demo", userId: "alice", jobId, requestId: "r" } as const;
    const first = await store.accept(request);
    expect(await store.accept(request)).toEqual(first);
    expect(await redis.zcard(keys.open)).toBe(1);
  });

  test("lets 200 simultaneous starts of one repl join one job", async () => {
    const { request } = setup();
    const answers = await Promise.all(Array.from({ length: 200 }, () => request("start", "demo")));
    expect(answers.filter(({ outcome }) => outcome === "accepted")).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === "joined")).toHaveLength(199);
    expect(new Set(answers.map((answer) => "jobId" in answer && answer.jobId)).size).toBe(1);
  });

  test("refuses a repl of another user, running or stopped, and changes nothing", async () => {
    const { store, keys, request, accepted } = setup();
    const jobId = await accepted("start", "demo");
    const before = await redis.hgetall(keys.repl("demo"));
    expect(await request("start", "demo", "mallory")).toMatchObject({ outcome: "foreign" });
    expect(await request("stop", "demo", "mallory")).toMatchObject({ outcome: "foreign" });
    expect(await redis.hgetall(keys.repl("demo"))).toEqual(before);
    await store.settle(await begun(store, jobId), "completed", {});
    await store.settle(await begun(store, await accepted("stop", "demo")), "completed", {});
    expect(await request("start", "demo", "mallory")).toMatchObject({ outcome: "foreign" });
  });

  test("refuses starts beyond the limit of open jobs, never stops", async () => {
    const { request } = setup({ maxOpenJobs: 2 });
    expect(await request("start", "one")).toMatchObject({ outcome: "accepted" });
    expect(await request("start", "two")).toMatchObject({ outcome: "accepted" });
    expect(await request("start", "three")).toEqual({ outcome: "full", openJobs: 2 });
    expect(await request("start", "two")).toMatchObject({ outcome: "joined" });
    expect(await request("stop", "two")).toMatchObject({ outcome: "accepted" });
  });

  test("keeps the generation while the intent stays, so that a second start changes no resource", async () => {
    const { store, accepted, record } = setup();
    const first = await accepted("start", "demo");
    await store.settle(await begun(store, first), "completed", {});
    const second = await accepted("start", "demo");
    expect(second).not.toBe(first);
    expect((await record(second)).generation).toBe(1);
    const stop = await accepted("stop", "demo");
    expect((await record(stop)).generation).toBe(2);
  });

  test("a name that was only ever stopped is not taken and is forgotten", async () => {
    const { keys, store, accepted } = setup();
    const ttl = () => redis.ttl(keys.repl("never-started"));
    // As long as a stop is open, a start must find it.
    for (let time = 0; time < 2; time += 1) {
      const stop = await accepted("stop", "never-started");
      expect(await ttl()).toBe(-1);
      await store.settle(await begun(store, stop), "completed", {});
      expect(await ttl()).toBeGreaterThan(0);
    }
    expect(await redis.exists(keys.userRepls("alice"))).toBe(0);
    const start = await accepted("start", "never-started");
    expect(await ttl()).toBe(-1);
    await store.settle(await begun(store, start), "failed", {});
    expect(await ttl()).toBe(-1);
  });
});

describe("stop and start in a row", () => {
  test("a stop ends a queued start as cancelled, at once and for good", async () => {
    const { store, accepted, record } = setup();
    const start = await accepted("start", "demo");
    await accepted("stop", "demo");
    expect(await record(start)).toMatchObject({ state: "cancelled", finishedAt: expect.any(Number) });
    expect(await store.begin(start, randomUUID())).toEqual({ outcome: "ended" });
  });

  test("a stop tells the worker of an active start, whose writes are refused from then on", async () => {
    const { store, accepted } = setup();
    const heard = Promise.withResolvers<string>();
    const subscriber = new Redis(server.url);
    await store.onCancelled(subscriber, heard.resolve);
    const start = await accepted("start", "demo");
    const lease = await begun(store, start);
    expect(await store.renew([lease])).toEqual(["ok"]);
    const stop = await accepted("stop", "demo");
    expect(await heard.promise).toBe(start);
    expect(await store.report(lease, { message: "still here" })).toBe("cancelled");
    expect(await store.begin(stop, randomUUID())).toMatchObject({ outcome: "wait" });
    expect(await store.settle(lease, "queued", {})).toBe("cancelled");
    expect(await store.begin(stop, randomUUID())).toMatchObject({ outcome: "run" });
    subscriber.disconnect();
  });

  test("a start waits for the stop before it, also through a cancelled start between them", async () => {
    const { store, accepted, request } = setup();
    await store.settle(await begun(store, await accepted("start", "demo")), "completed", {});
    const stop = await accepted("stop", "demo");
    await accepted("start", "demo");
    expect(await request("stop", "demo")).toMatchObject({ outcome: "joined", jobId: stop });
    const start = await accepted("start", "demo");
    expect(await store.begin(start, randomUUID())).toMatchObject({ outcome: "wait" });
    await store.settle(await begun(store, stop), "completed", {});
    expect(await store.begin(start, randomUUID())).toMatchObject({ outcome: "run" });
  });
});

describe("lease", () => {
  test("one attempt holds a repl; another waits until it is given back", async () => {
    const { store, accepted } = setup();
    const jobId = await accepted("start", "demo");
    const lease = await begun(store, jobId);
    expect(await store.begin(jobId, randomUUID())).toMatchObject({ outcome: "wait", waitMs: expect.any(Number) });
    await store.settle(lease, "queued", {});
    expect(await store.begin(jobId, randomUUID())).toMatchObject({ outcome: "run" });
  });

  test("after a failover to a Redis whose clock is an hour behind nobody waits for an hour", async () => {
    const { keys, store, accepted } = setup();
    const jobId = await accepted("start", "demo");
    await store.settle(await begun(store, jobId), "retrying", { message: "again" });
    const [attempt] = JSON.parse((await redis.hget(keys.job(jobId), "history")) ?? "");
    const ahead = JSON.stringify([{ ...attempt, endedAt: attempt.endedAt + 3_600_000 }]);
    await redis.hset(keys.job(jobId), "history", ahead);
    expect(await store.begin(jobId, randomUUID())).toMatchObject({ outcome: "run" });
  });

  test("after a failed attempt the next one waits for its pause by Redis' clock, whatever a worker's clock says", async () => {
    const { store, keys, accepted } = setup();
    const jobId = await accepted("start", "demo");
    await store.settle(await begun(store, jobId), "retrying", { message: "again" });
    const early = await store.begin(jobId, randomUUID());
    if (early.outcome !== "wait") throw new Error(`expected to wait, not to ${early.outcome}`);
    expect(early.waitMs).toBeGreaterThan(0);
    expect(early.waitMs).toBeLessThanOrEqual(500);
    expect(await redis.exists(keys.lease("demo"))).toBe(0);
    const lease = await waitFor(() => begun(store, jobId).catch(() => false as const), {
      what: "the pause to be over",
    });
    await store.settle(lease, "retrying", {});
    const third = await store.begin(jobId, randomUUID());
    expect(third).toMatchObject({ outcome: "wait" });
    expect(third.outcome === "wait" && third.waitMs).toBeGreaterThan(500);
  });

  test("an attempt is counted once it has failed: one that was handed back, or died, is made again", async () => {
    const { store, keys, accepted, record } = setup({ firstBackoffMs: 0 });
    const jobId = await accepted("start", "demo");
    const made = async () => (await record(jobId)).made;
    const counted: number[] = [];
    for (const outcome of ["queued", "died", "retrying", "queued", "died", "retrying"] as const) {
      const lease = await begun(store, jobId);
      counted.push(await made());
      if (outcome === "died") await redis.del(keys.lease("demo"));
      else await store.settle(lease, outcome, {});
    }
    await begun(store, jobId);
    expect([...counted, await made()]).toEqual([1, 1, 1, 2, 2, 2, 3]);
  });

  test("runs out without a renewal, and then the old holder can neither report nor settle", async () => {
    const { store, keys, accepted, record } = setup();
    const jobId = await accepted("start", "demo");
    const old = await begun(store, jobId);
    await redis.pexpire(keys.lease("demo"), 0);
    const lease = await begun(store, jobId);
    expect(await store.report(old, { message: "zombie" })).toBe("lost");
    expect(await store.settle(old, "completed", { message: "zombie" })).toBe("lost");
    expect((await record(jobId)).state).toBe("active");
    expect(await store.renew([lease])).toEqual(["ok"]);
  });

  test("is renewed by a report", async () => {
    const { store, keys, accepted } = setup({ leaseMs: 5_000 });
    const lease = await begun(store, await accepted("start", "demo"));
    await redis.pexpire(keys.lease("demo"), 100);
    await store.report(lease, { message: "still here" });
    expect(await redis.pttl(keys.lease("demo"))).toBeGreaterThan(4_000);
  });

  test("is renewed together with others, each with an answer of its own", async () => {
    const { store, keys, accepted } = setup({ leaseMs: 5_000 });
    const repls = ["kept", "taken", "stopped", "kept-too"];
    const leases: Lease[] = [];
    for (const replId of repls) leases.push(await begun(store, await accepted("start", replId)));
    await accepted("stop", "stopped");
    await redis.set(keys.lease("taken"), "another");
    for (const replId of repls) await redis.pexpire(keys.lease(replId), 1_000);
    expect(await store.renew(leases)).toEqual(["ok", "lost", "cancelled", "ok"]);
    const left = await Promise.all(repls.map((replId) => redis.pttl(keys.lease(replId))));
    expect(left.map((ms) => ms > 4_000)).toEqual([true, false, false, true]);
    expect(await redis.get(keys.lease("taken"))).toBe("another");
    expect(await store.renew([])).toEqual([]);
  });

  test("a job whose attempts end with their process again and again is given up", async () => {
    const { store, keys, accepted } = setup();
    const jobId = await accepted("start", "demo");
    for (let crash = 0; crash < 10; crash++) {
      await begun(store, jobId);
      await redis.del(keys.lease("demo"));
    }
    expect(await store.begin(jobId, randomUUID())).toMatchObject({ outcome: "crashed" });
  });

  test("an attempt that says that it lost its lease did not end with its process", async () => {
    const { store, keys, accepted } = setup();
    const jobId = await accepted("start", "demo");
    for (let loss = 0; loss < 10; loss++) {
      const lease = await begun(store, jobId);
      await redis.del(keys.lease("demo"));
      expect(await store.settle(lease, "queued", {})).toBe("lost");
    }
    expect(await store.begin(jobId, randomUUID())).toMatchObject({ outcome: "run" });
  });

  test("one that says so when the next has begun says nothing of that one", async () => {
    const { store, keys, accepted } = setup();
    const jobId = await accepted("start", "demo");
    const leases: Lease[] = [];
    for (let crash = 0; crash < 10; crash++) {
      leases.push(await begun(store, jobId));
      await redis.del(keys.lease("demo"));
    }
    for (const lease of leases.slice(0, -1)) expect(await store.settle(lease, "queued", {})).toBe("lost");
    expect(await store.begin(jobId, randomUUID())).toMatchObject({ outcome: "crashed" });
  });
});

describe("settle", () => {
  test("a completed start keeps its result, leaves the open jobs and expires one day", async () => {
    const { store, keys, accepted, record } = setup();
    const jobId = await accepted("start", "demo");
    await store.settle(await begun(store, jobId), "completed", {
      phase: "done",
      progress: 100,
      urls: ["http://demo"],
      message: "ok",
    });
    expect(await record(jobId)).toMatchObject({
      state: "completed",
      phase: "done",
      urls: ["http://demo"],
      finishedAt: expect.any(Number),
    });
    expect(await redis.zcard(keys.open)).toBe(0);
    expect(await redis.exists(keys.lease("demo"))).toBe(0);
    expect(await redis.ttl(keys.job(jobId))).toBeGreaterThan(6 * 24 * 3_600);
  });

  test("the dashboard shows how a job ended, not its last report", async () => {
    const { store, keys, accepted } = setup();
    const jobId = await accepted("start", "demo");
    const queuedKey = `${keys.queue}:${jobId}`;
    await redis.hset(queuedKey, "name", "start");
    const lease = await begun(store, jobId);
    await store.report(lease, { phase: "answering", progress: 90, message: "Waiting." });
    await store.settle(lease, "completed", { phase: "done", progress: 100, message: "ok" });
    expect(JSON.parse((await redis.hget(queuedKey, "progress")) ?? "")).toEqual({
      phase: "done",
      progress: 100,
      message: "ok",
    });
    await redis.del(queuedKey);
    await store.settle(await begun(store, await accepted("stop", "demo")), "completed", {});
    expect(await redis.exists(queuedKey), "a job that BullMQ has removed stays removed").toBe(0);
  });

  test("a start that fails for good makes the intent stopped, unless the repl already ran", async () => {
    const { store, keys, accepted } = setup();
    const desired = () => redis.hmget(keys.repl("demo"), "desired", "generation");
    await store.settle(await begun(store, await accepted("start", "demo")), "failed", {});
    expect(await desired()).toEqual(["stopped", "2"]);
    expect(await redis.smembers(keys.running)).toEqual([]);

    await store.settle(await begun(store, await accepted("start", "demo")), "completed", {});
    const again = await accepted("start", "demo");
    expect(await store.begin(again, "token")).toMatchObject({ outcome: "run", ranBefore: true });
    await store.settle({ jobId: again, replId: "demo", token: "token" }, "failed", {});
    expect(await desired()).toEqual(["running", "3"]);
  });

  test("every change is published with the whole record", async () => {
    const { store, keys, accepted } = setup();
    const subscriber = new Redis(server.url);
    const states: string[] = [];
    const ended = Promise.withResolvers<void>();
    subscriber.on("message", (_channel, message: string) => {
      const fields = JSON.parse(message) as string[];
      states.push(`${fields[fields.indexOf("state") + 1]}/${fields[fields.indexOf("phase") + 1]}`);
      if (states.at(-1)?.startsWith("completed")) ended.resolve();
    });
    await subscriber.subscribe(keys.changes);
    const lease = await begun(store, await accepted("start", "demo"));
    await store.report(lease, { phase: "applying" });
    await store.settle(lease, "completed", { phase: "done" });
    await ended.promise;
    expect(states).toEqual(["queued/queued", "active/queued", "active/applying", "completed/done"]);
    subscriber.disconnect();
  });
});

describe("the phases of a job", () => {
  const phasesOf = (record: JobRecord) => toJobStatus(record).phases.map(({ phase }) => phase);

  test("are kept in the order it came to them, each as long as until the next one", async () => {
    const { store, accepted, record } = setup();
    const lease = await begun(store, await accepted("start", "demo"));
    await store.report(lease, { phase: "applying", progress: 10 });
    await store.report(lease, { phase: "applying", message: "Still at it." });
    await store.report(lease, { phase: "copying", progress: 65 });
    await store.renew([lease]);
    const open = toJobStatus(await record(lease.jobId)).phases;
    expect(open.map(({ phase }) => phase)).toEqual(["queued", "applying", "copying"]);
    expect(open.map(({ durationMs }) => durationMs === null)).toEqual([false, false, true]);

    await store.settle(lease, "completed", { phase: "done", progress: 100 });
    const { phases, createdAt, finishedAt } = toJobStatus(await record(lease.jobId));
    expect(phases.map(({ phase }) => phase)).toEqual(["queued", "applying", "copying"]);
    expect(phases[0]?.enteredAt).toBe(createdAt);
    const totalMs = phases.reduce((sum, { durationMs }) => sum + (durationMs ?? Number.NaN), 0);
    expect(totalMs).toBe(Date.parse(finishedAt ?? "") - Date.parse(createdAt));
  });

  test("of a further attempt come after those of the one before", async () => {
    const { store, accepted, record } = setup({ firstBackoffMs: 0 });
    const first = await begun(store, await accepted("start", "demo"));
    await store.report(first, { phase: "applying" });
    await store.report(first, { phase: "copying" });
    await store.settle(first, "retrying", {});
    const second = await begun(store, first.jobId);
    await store.report(second, { phase: "applying" });
    expect(phasesOf(await record(first.jobId))).toEqual(["queued", "applying", "copying", "applying"]);
  });

  test("are not counted without end", async () => {
    const { store, accepted, record } = setup();
    const lease = await begun(store, await accepted("start", "demo"));
    for (let round = 0; round < 20; round += 1) {
      await store.report(lease, { phase: "pulling" });
      await store.report(lease, { phase: "copying" });
    }
    expect(phasesOf(await record(lease.jobId))).toHaveLength(30);
  });
});
