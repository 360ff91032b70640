import { randomUUID } from "node:crypto";
import { useRedis } from "@repl/testkit/vitest";
import { describe, expect, test } from "vitest";
import {
  createJobStore,
  enqueue,
  type JobQueue,
  type JobRequest,
  keysOf,
  LAST_TURN,
  openJobQueue,
} from "../src/index.ts";

const { redis } = await useRedis();

interface Waiting {
  readonly jobId: string;
  readonly replId: string;
}

/** A service with one slot, whose jobs begin and end when the test says so, in the order that Redis really gives them. */
function setup() {
  const prefix = `{${randomUUID()}}`;
  const store = createJobStore(redis, { prefix });
  const keys = keysOf(prefix);
  const queue: JobQueue = openJobQueue({ connection: redis, prefix }, () => {});
  const ask = async (userId: string, replId: string, more: Partial<JobRequest> = {}) => {
    const request = { kind: "start", replId, userId, jobId: randomUUID(), requestId: "r", ...more } as const;
    const { jobId, turn } = (await store.accept(request)) as { jobId: string; turn: number };
    await enqueue(queue, jobId, request.kind, { version: 1, replId, userId, requestId: "r" }, turn);
    return { jobId, turn };
  };
  /** Takes the first job of the queue, as a worker does. */
  const take = async (): Promise<Waiting> => {
    const [jobId = ""] = await redis.zpopmin(`${keys.queue}:prioritized`);
    const record = await store.find(jobId);
    await store.begin(jobId, "token");
    return { jobId, replId: record?.replId ?? "" };
  };
  const end = async ({ jobId, replId }: Waiting) =>
    void (await store.settle({ jobId, replId, token: "token" }, "completed", {}));
  const next = async (): Promise<string> => {
    const job = await take();
    await end(job);
    return job.replId;
  };
  return { keys, ask, take, end, next, close: () => queue.close() };
}

const order = async (count: number, next: () => Promise<string>) => {
  const begun: string[] = [];
  for (let index = 0; index < count; index += 1) begun.push(await next());
  return begun;
};

describe("turns", () => {
  test("a user's n-th open job comes behind everybody's n-th, the older one first", async () => {
    const { ask, next, close } = setup();
    for (const number of [1, 2, 3]) await ask("alice", `a${number}`);
    for (const number of [1, 2]) await ask("bob", `b${number}`);
    await ask("carol", "c1");
    expect(await order(6, next)).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
    await close();
  });

  test("under a load that never ends nobody is overtaken for ever: newcomers come behind the round under way", async () => {
    const { ask, next, close } = setup();
    const LATE = 12;
    for (let number = 1; number <= LATE; number += 1) await ask("alice", `a${number}`);
    const begun: string[] = [];
    // A new user's first start for each slot that becomes free: as many come as go, for as long as it takes.
    for (let newcomer = 0; !begun.includes(`a${LATE}`) && newcomer < 1_000; newcomer += 1) {
      await ask(`user-${newcomer}`, `n-${newcomer}`);
      begun.push(await next());
    }
    const places = Array.from({ length: LATE }, (_, index) => begun.indexOf(`a${index + 1}`));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    // In round r the user has one start among at most r newcomers, those who came during the round before.
    for (const [index, place] of places.entries()) expect(place).toBeLessThanOrEqual(((index + 1) * (index + 2)) / 2);
    await close();
  });

  test("a newcomer waits for one round at most, however long another user's queue is", async () => {
    const { ask, next, close } = setup();
    for (let number = 1; number <= 300; number += 1) await ask("alice", `a${number}`);
    await order(100, next);
    await ask("bob", "b1");
    expect((await order(2, next)).at(-1)).toBe("b1");
    await close();
  });

  test("joining and repeating give the job's own turn", async () => {
    const { ask, close } = setup();
    await ask("alice", "a1");
    const second = await ask("alice", "a2");
    await ask("alice", "a3");
    expect(await ask("alice", "a2")).toEqual(second);
    await close();
  });

  test("are counted anew when no job is open", async () => {
    const { ask, next, keys, close } = setup();
    for (const number of [1, 2, 3]) await ask("alice", `a${number}`);
    await order(3, next);
    expect(await redis.get(keys.round)).toBe("3");
    expect(await ask("bob", "b1")).toMatchObject({ turn: 1 });
    await close();
  });

  test("are counted anew in time while jobs are under way and none waits, and never go beyond what BullMQ takes", async () => {
    const { ask, take, end, next, keys, close } = setup();
    await ask("alice", "a1");
    const underWay = await take();
    await redis.set(keys.round, LAST_TURN);
    const fresh = await ask("bob", "b1");
    expect(fresh).toMatchObject({ turn: 1 }); // The job under way stays what it is, and nobody waits behind it.
    await redis.set(keys.round, LAST_TURN);
    expect(await ask("carol", "c1")).toMatchObject({ turn: LAST_TURN });
    expect(await ask("carol", "c2")).toMatchObject({ turn: LAST_TURN });
    expect(await order(3, next)).toEqual(["b1", "c1", "c2"]);
    await end(underWay);
    await close();
  });
});
