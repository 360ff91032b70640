import type { Redis } from "ioredis";
import { loadScripts } from "./scripts.ts";

/** How long an announcement holds; a worker that died without a word counts that long. */
export const ANNOUNCED_MS = 15_000;

/** Tells everybody how many jobs the workers take at a time; estimates are made from it. One Redis round trip a call. */
export interface WorkerRegister {
  /** Holds for {@link ANNOUNCED_MS}; a worker repeats it well within. */
  announce(workerId: string, slots: number): Promise<void>;
  /** The worker takes no more jobs. */
  withdraw(workerId: string): Promise<void>;
}

/** Builds a {@link WorkerRegister} on a connection, which stays the caller's to close. Ids have no colon in them. */
export function createWorkerRegister(redis: Redis, prefix: string): WorkerRegister {
  const run = loadScripts(redis);
  const say = async (workerId: string, slots: number) =>
    void (await run("announce", prefix, workerId, slots, ANNOUNCED_MS));
  return { announce: say, withdraw: (workerId) => say(workerId, 0) };
}
