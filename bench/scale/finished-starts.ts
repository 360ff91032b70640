import { randomUUID } from "node:crypto";
import { connectForWork, createJobStore, redisPlace } from "@repl/contract";
import type { TestRedis } from "@repl/testkit";
import { PREFIX } from "../provisioning/measured-workers.ts";

/** Starts recorded at a time. */
const PARALLEL = 500;

/** Records starts that have completed, `full-<from>` and on, as workers would, without any having run. */
export async function recordFinishedStarts(redis: TestRedis, count: number, from = 0): Promise<void> {
  const connection = connectForWork(redisPlace({ redisUrl: redis.url, queuePrefix: PREFIX }));
  const store = createJobStore(connection, { prefix: PREFIX });
  const record = async (number: number): Promise<void> => {
    const [jobId, token, replId] = [randomUUID(), randomUUID(), `full-${number}`];
    await store.accept({ kind: "start", replId, userId: userOf(number), jobId, requestId: randomUUID() });
    await store.begin(jobId, token);
    const change = { phase: "done", progress: 100, message: "Resources created successfully.", urls: [] } as const;
    await store.settle({ jobId, replId, token }, "completed", change);
  };
  for (let number = from; number < from + count; number += PARALLEL) {
    const batch = Math.min(PARALLEL, from + count - number);
    await Promise.all(Array.from({ length: batch }, (_, index) => record(number + index)));
  }
  connection.disconnect();
}

/** Whose repl it is: a user has four of 20,000. */
export function userOf(number: number): string {
  return `user-${number % 5_000}`;
}
