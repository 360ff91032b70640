import { readFile } from "node:fs/promises";
import { waitFor } from "@repl/testkit";
import { Redis } from "ioredis";
import { type ApiPlace, type Installation, startInstallation } from "../service/installation.ts";
import type { Target } from "../target/target.ts";

/** How much is ordered while nobody works. */
export interface BacklogOptions {
  readonly target: Target;
  /** Starts that are accepted; the service is told to take no more (`MAX_OPEN_JOBS`). */
  readonly jobs: number;
  /** Starts beyond that. */
  readonly more: number;
  /** Told how many jobs have not ended yet, every ten seconds. */
  readonly onProgress?: (open: number) => void;
}

const PROGRESS_MS = 10_000;

/** What was seen. */
export interface BacklogReport {
  /** Answers to the starts within the limit, and beyond it: status and problem code, and how many. */
  readonly within: Readonly<Record<string, number>>;
  readonly beyond: Readonly<Record<string, number>>;
  readonly postMs: number;
  readonly drainMs: number;
  /** Resident memory of the api and used memory of Redis, empty and full, in bytes. */
  readonly apiBytes: readonly [empty: number, full: number];
  readonly redisBytes: readonly [empty: number, full: number];
  /** Accepted jobs by how they ended. */
  readonly ended: Readonly<Record<string, number>>;
}

const CLIENTS = 32;
const USERS = 100;
/** Each has watches of its own, so that the cluster tells everything to each. */
const WORKERS = 2;
const DRAIN_TIMEOUT_MS = 1_200_000;

/** Posts starts while there is no worker, then lets workers come. */
export async function runBacklog({ target, jobs, more, onProgress }: BacklogOptions): Promise<BacklogReport> {
  await using installation = await startInstallation({
    ...{ target, apis: 1, workers: WORKERS },
    apiEnv: { MAX_OPEN_JOBS: String(jobs) },
    workerEnv: { WORKER_CONCURRENCY: "50", SWEEP_INTERVAL_SECONDS: "60" },
  });
  await Promise.all(installation.workers.map(({ place }) => place.end()));
  const empty = await memoryOf(installation);
  const began = performance.now();
  const accepted: string[] = [];
  const within = await post(installation, 0, jobs, accepted);
  const postMs = performance.now() - began;
  const beyond = await post(installation, jobs, more, accepted);
  const full = await memoryOf(installation);

  const drainBegan = performance.now();
  await installation.fillAll();
  let toldAt = drainBegan;
  const isDrained = async (): Promise<boolean> => {
    const open = Number(await installation.redis.command("ZCARD", `${installation.prefix}:open`));
    if (performance.now() - toldAt >= PROGRESS_MS) {
      toldAt = performance.now();
      onProgress?.(open);
    }
    return open === 0;
  };
  await waitFor(isDrained, { what: "the backlog to be worked off", timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: 500 });
  const drainMs = performance.now() - drainBegan;
  return {
    ...{ within, beyond, postMs, drainMs },
    apiBytes: [empty.api, full.api],
    redisBytes: [empty.redis, full.redis],
    ended: await endedAs(installation, accepted),
  };
}

async function post(
  { apis }: Installation,
  from: number,
  count: number,
  accepted: string[],
): Promise<Record<string, number>> {
  const { url } = apis[0] as ApiPlace;
  const answers: Record<string, number> = {};
  let next = from;
  const client = async (): Promise<void> => {
    while (next < from + count) {
      const number = next;
      next += 1;
      const answer = await fetch(`${url}/start`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ userId: `user-${number % USERS}`, replId: `waiting-${number}` }),
      });
      const { jobId, code } = (await answer.json()) as { jobId?: string; code?: string };
      if (jobId !== undefined) accepted.push(jobId);
      const what = code === undefined ? String(answer.status) : `${answer.status} ${code}`;
      answers[what] = (answers[what] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return answers;
}

async function memoryOf({ apis, redis }: Installation): Promise<{ api: number; redis: number }> {
  const status = await readFile(`/proc/${apis[0]?.place.process?.pid}/status`, "utf8");
  const info = String(await redis.command("INFO", "memory"));
  return {
    api: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024,
    redis: Number(/used_memory:(\d+)/.exec(info)?.[1]),
  };
}

async function endedAs({ redis, prefix }: Installation, accepted: readonly string[]): Promise<Record<string, number>> {
  const client = new Redis(redis.url);
  try {
    const states = await Promise.all(accepted.map((jobId) => client.hget(`${prefix}:job:${jobId}`, "state")));
    const counts: Record<string, number> = {};
    for (const state of states) counts[state ?? "unknown"] = (counts[state ?? "unknown"] ?? 0) + 1;
    return counts;
  } finally {
    client.disconnect();
  }
}
