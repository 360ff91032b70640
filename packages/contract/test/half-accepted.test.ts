import { randomUUID } from "node:crypto";
import { waitFor } from "@repl/testkit";
import { useRedis } from "@repl/testkit/vitest";
import { expect, test } from "vitest";
import { createJobStore, keysOf } from "../src/index.ts";

const { redis } = await useRedis();

type Kind = "start" | "stop";
const jobIdOf = (number: number) => `job-${number}`;

/** Accepts these orders of one repl, one after the other. */
async function accept(prefix: string, kinds: readonly Kind[], from = 0): Promise<void> {
  const store = createJobStore(redis, { prefix });
  for (const [index, kind] of kinds.entries()) {
    const order = { kind, replId: "demo", userId: "ada", jobId: jobIdOf(from + index), requestId: "request-1" };
    expect(await store.accept(order)).toMatchObject({ outcome: "accepted" });
  }
}

const WRITES = /^(HSET|HINCRBY|EXPIRE|PERSIST|ZADD|ZREM|SADD|SREM|SET|DEL)$/i;

/** The writes of the last order's script, in their order. */
async function writesOf(prefix: string, before: readonly Kind[], last: Kind): Promise<string[][]> {
  await accept(prefix, before);
  const connection = redis.duplicate();
  const monitor = await connection.monitor();
  const seen: string[][] = [];
  let isOver = false;
  monitor.on("monitor", (_time: string, args: string[]) => {
    if (WRITES.test(args[0] ?? "")) seen.push(args);
    isOver ||= args[0] === "echo" && args[1] === prefix;
  });
  await accept(prefix, [last], before.length);
  await redis.echo(prefix);
  await waitFor(() => isOver, { what: "all commands to be seen" });
  monitor.disconnect();
  connection.disconnect();
  return seen;
}

/**
 * Redis 7 leaves the beginning of a script's writes in the append-only file where a loss of power tore the rest off, and
 * applies it when it is started the time after the next (docs/operations.md). Nobody comes back to such a job: what
 * counts it as open must find its record, by which the sweep queues it again, or it would be open for ever.
 */
test.each<[string, Kind[], Kind]>([
  ["a first start", [], "start"],
  ["a stop that ends a start", ["start"], "stop"],
  ["a start that waits for a stop", ["start", "stop"], "start"],
])(
  "of %s any beginning may be all that is left: no job is open without a record that says so",
  async (_what, before, last) => {
    const prefix = `{${randomUUID()}}`;
    const writes = await writesOf(prefix, before, last);
    expect(writes.length).toBeGreaterThan(6);
    for (let count = 0; count <= writes.length; count += 1) {
      const half = `{${randomUUID()}}`;
      const { open, job } = keysOf(half);
      await accept(half, before);
      for (const [name = "", ...args] of writes.slice(0, count))
        await redis.call(name, ...args.map((argument) => argument.replace(prefix, half)));
      for (const jobId of await redis.zrange(open, "0", "-1"))
        expect(await redis.hmget(job(jobId), "jobId", "finishedAt"), `after ${count} writes`).toEqual([jobId, null]);
    }
  },
);
