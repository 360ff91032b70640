import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ApiProcess, postStart, startApiProcess } from "./api-process.ts";

let redis: TestRedis;
let operator: Redis;
let api: ApiProcess;
beforeAll(async () => {
  redis = await startRedis();
  operator = new Redis(redis.url);
  api = await startApiProcess({ REDIS_URL: redis.url });
  await waitFor(async () => (await readiness()).status === 200, { what: "the api to be ready" });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  operator.disconnect();
  await redis.stop();
});

const readiness = async () => {
  const answer = await fetch(`${api.ops}/readyz`);
  return { status: answer.status, body: (await answer.json()) as { checks: Record<string, string> } };
};

/** Ends the queue's connection and lets the process make no other in its place. What it gives back lets it. */
async function keepQueueAway(): Promise<() => Promise<unknown>> {
  await postStart(api.base, "queued"); // The queue's last command is its own script from now on,
  await readiness(); // and the requests' is INFO.
  const clients = String(await operator.client("LIST"))
    .trim()
    .split("\n");
  const queue = clients.find((line) => / cmd=eval(sha)? /.test(line));
  await operator.config("SET", "maxclients", clients.length - 1);
  await operator.client("KILL", "ID", /^id=(\d+)/.exec(queue ?? "")?.[1] ?? "");
  return () => operator.config("SET", "maxclients", 1_000);
}

it("without the queue's connection it says so, answers all the same, and goes on with it", async () => {
  const letBack = await keepQueueAway();
  const red = await waitFor(
    async () => {
      const { status, body } = await readiness();
      return status === 503 && body;
    },
    { what: "the api to be unready" },
  );
  expect(red.checks).toMatchObject({ redis: "ok", queue: "the queue's connection to Redis is away" });

  const metrics = await fetch(`${api.ops}/metrics`, { signal: AbortSignal.timeout(2_000) });
  expect(await metrics.text()).toMatch(/^repl_redis_up 1$/m);
  const { jobId } = (await (await postStart(api.base, "waits")).json()) as { jobId: string };

  await letBack();
  await waitFor(async () => (await readiness()).status === 200, { what: "the api to be ready again" });
  expect(await (await postStart(api.base, "waits")).json()).toMatchObject({ jobId, joined: true });
  expect(await operator.zscore("{repl-orchestrator}:repls:prioritized", jobId)).not.toBeNull();
});
