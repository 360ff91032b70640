// What can be behind a route, alone: some callers, each with one call after the other as requests have them. Prints as
// JSON how many a second that were and what one took of the processor (us). Arguments: what (`queue`: additions to a bare
// BullMQ queue; else the key of a hash that is read), address of Redis, callers, seconds to warm up, seconds to count.
import { randomUUID } from "node:crypto";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { Queue } from "bullmq";
import { Redis } from "ioredis";

const [what = "", url = "", ...numbers] = process.argv.slice(2);
const [callers = 50, warmUpSeconds = 1, seconds = 3] = numbers.map(Number);
const redis = new Redis(url, { maxRetriesPerRequest: null });
const queue = new Queue("bare", { connection: redis, prefix: "{bare}" });
let done = 0;
let open = true;

async function add(): Promise<void> {
  const payload = { version: 1, replId: `r${done}`, userId: "alice", requestId: randomUUID() };
  await queue.add("start", payload, { jobId: randomUUID() });
}

async function read(): Promise<void> {
  if (Object.keys(await redis.hgetall(what)).length === 0) throw new Error(`there is no ${what}`);
}

async function callWhileOpen(): Promise<void> {
  const call = what === "queue" ? add : read;
  for (; open; done += 1) await call();
}

const cpuUs = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const calling = Array.from({ length: callers }, callWhileOpen);
await delay(warmUpSeconds * 1_000);
const [doneBefore, cpuBefore, since] = [done, cpuUs(), performance.now()];
await delay(seconds * 1_000);
const count = done - doneBefore;
const rate = (count / (performance.now() - since)) * 1_000;
process.stdout.write(`${JSON.stringify({ rate, cpuUs: (cpuUs() - cpuBefore) / count })}\n`);
open = false;
await Promise.all(calling);
await queue.close();
redis.disconnect();
