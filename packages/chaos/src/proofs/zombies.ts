import type { ObjectSeen } from "@repl/checker";
import { type HttpCall, type HttpFault, waitFor } from "@repl/testkit";
import { Redis } from "ioredis";
import { insist } from "../clients/client.ts";
import { readObjects } from "../record/end-state.ts";
import { KINDS, replOf, subjectOf } from "../record/kinds.ts";
import { Recorder } from "../record/recorder.ts";
import { untilSwept } from "../record/rest.ts";
import { type Installation, startInstallation, type WorkerPlace } from "../service/installation.ts";
import type { Target } from "../target/target.ts";

/** How often, and how many at a time. */
export interface ZombiesOptions {
  readonly target: Target;
  /** Half of them with a stop while the zombie is frozen. */
  readonly rounds: number;
  /** `blocked`: the event loop alone, while sockets and other threads live on; `paused`: all of it (SIGSTOP). */
  readonly how: "paused" | "blocked";
  /** Workers that are frozen at the same time. */
  readonly atOnce: number;
  readonly log: (line: string) => void;
}

/** What was seen. */
export interface ZombiesReport {
  readonly rounds: number;
  readonly withStop: number;
  /** Writes that reached the API server from a zombie after it was woken, whatever the answer was. */
  readonly lateWrites: number;
  /** Those of them that changed something, for a moment. */
  readonly effects: number;
  readonly failures: readonly string[];
}

/** The rounds' workers take one job at a time; so many more do the work of the frozen ones. */
const RESCUERS = 3;
const TIMEOUT_MS = 120_000;
const ENV = { WORKER_CONCURRENCY: "1", LEASE_SECONDS: "2", SWEEP_INTERVAL_SECONDS: "1" };

/**
 * A worker is frozen at a write, or its event loop blocked, until another worker has completed its job, and then goes on. In every second pair of
 * rounds the write itself is on its way all the time and reaches the API server only then.
 */
export async function runZombies(options: ZombiesOptions): Promise<ZombiesReport> {
  const { target, rounds, how, atOnce, log } = options;
  const graveyard = new Graveyard(how);
  await using installation = await startInstallation({
    ...{ target, apis: 1, workers: atOnce + RESCUERS, workerEnv: ENV },
    onCall: (by, { method }, { status }) => {
      if (method !== "GET" && graveyard.awake.has(by)) graveyard.late(status);
    },
  });
  for (const worker of installation.workers) worker.cluster.judge((call) => graveyard.judge(call, worker));
  for (let first = 0; first < rounds; first += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, rounds - first) }, (_, index) => makeRound(first + index));
    await runBatch(batch, installation, graveyard);
    log(`${first + batch.length} rounds, ${graveyard.failures.length} failures`);
  }
  const { lateWrites, effects, failures } = graveyard;
  return { rounds, withStop: Math.floor(rounds / 2), lateWrites, effects, failures };
}

/** One round: at which write its worker is frozen, and what else happens. */
interface Round {
  readonly replId: string;
  readonly withStop: boolean;
  /** From 1. */
  readonly write: number;
  /** Whether that write is held back as well. */
  readonly heldBack: boolean;
}

function makeRound(index: number): Round {
  return {
    replId: `zombie-${index}`,
    withStop: index % 2 === 1,
    write: 1 + (Math.floor(index / 4) % KINDS.length),
    heldBack: Math.floor(index / 2) % 2 === 1,
  };
}

/** The frozen workers and what they still hold. */
class Graveyard {
  readonly awake = new Set<string>();
  readonly failures: string[] = [];
  lateWrites = 0;
  effects = 0;
  readonly #how: ZombiesOptions["how"];
  readonly #rounds = new Map<string, { readonly round: Round; writes: number; worker?: WorkerPlace }>();
  #released = Promise.withResolvers<void>();

  constructor(how: ZombiesOptions["how"]) {
    this.#how = how;
  }

  enter(rounds: readonly Round[]): void {
    this.#released = Promise.withResolvers();
    this.awake.clear();
    this.#rounds.clear();
    for (const round of rounds) this.#rounds.set(round.replId, { round, writes: 0 });
  }

  get frozen(): number {
    return [...this.#rounds.values()].filter(({ worker }) => worker !== undefined).length;
  }

  late(status: number): void {
    this.lateWrites += 1;
    if (status >= 200 && status < 300) this.effects += 1;
  }

  async judge({ method, path, body }: HttpCall, worker: WorkerPlace): Promise<HttpFault | undefined> {
    const subject = method === "GET" ? undefined : subjectOf(path, body);
    const entry = subject === undefined ? undefined : this.#rounds.get(replOf(subject));
    if (entry === undefined || entry.worker !== undefined) return undefined;
    entry.writes += 1;
    if (entry.writes < entry.round.write) return undefined;
    entry.worker = worker;
    if (this.#how === "blocked") await worker.place.block();
    else worker.place.freeze();
    if (entry.round.heldBack) await this.#released.promise;
    return undefined;
  }

  /** All go on, and what they had sent arrives. */
  async wake(): Promise<void> {
    for (const { worker } of this.#rounds.values()) {
      if (worker === undefined) continue;
      this.awake.add(worker.place.life);
      if (this.#how === "blocked") await worker.place.unblock();
      else worker.place.thaw();
    }
    this.#released.resolve();
  }
}

async function runBatch(rounds: readonly Round[], installation: Installation, graveyard: Graveyard): Promise<void> {
  const { redis, prefix } = installation;
  const client = new Redis(redis.url);
  const recorder = new Recorder();
  const order = (kind: "start" | "stop", { replId }: Round) =>
    insist(installation.apis, { op: `${kind}-${replId}`, kind, replId, userId: replId }, recorder);
  const untilEnded = async (jobId: string): Promise<void> => {
    const isOver = async () => (await client.hget(`${prefix}:job:${jobId}`, "finishedAt")) !== null;
    await waitFor(isOver, { what: `job ${jobId} to end`, timeoutMs: TIMEOUT_MS, intervalMs: 100 });
  };
  const end = async (kind: "start" | "stop", some: readonly Round[]): Promise<void> => {
    const jobIds = await Promise.all(some.map((round) => order(kind, round)));
    await Promise.all(jobIds.map(untilEnded));
    ended.push(...jobIds);
  };
  const ended: string[] = [];
  const standing = () =>
    Promise.all(ended.map(async (jobId) => JSON.stringify(await client.hgetall(`${prefix}:job:${jobId}`))));
  const ours = () => readObjects(installation, (replId) => rounds.some((round) => round.replId === replId));
  try {
    graveyard.enter(rounds);
    await end("start", rounds); // By others: whoever began is frozen.
    if (graveyard.frozen < rounds.length)
      graveyard.failures.push(`only ${graveyard.frozen} of ${rounds.length} were frozen`);
    await end(
      "stop",
      rounds.filter(({ withStop }) => withStop),
    );
    const before = identities(await ours());
    const jobs = await standing();
    await graveyard.wake();
    await untilSwept(installation);
    const after = identities(await ours());
    graveyard.failures.push(...differences(rounds, before, after));
    const now = await standing();
    graveyard.failures.push(
      ...now.filter((job) => !jobs.includes(job)).map((job) => `has changed after its end: ${job}`),
    );
    await end(
      "stop",
      rounds.filter(({ withStop }) => !withStop),
    );
  } finally {
    client.disconnect();
  }
}

/** What a resource is, whoever wrote it: kind, name, uid and generation of each. */
function identities(objects: readonly ObjectSeen[]): string[] {
  return objects.map(({ kind, name, uid, generation }) => `${kind} ${name} ${uid} ${generation}`).sort();
}

function differences(rounds: readonly Round[], before: readonly string[], after: readonly string[]): string[] {
  const survived = after.filter((resource) => !before.includes(resource)).map((resource) => `${resource} has survived`);
  const gone = before.filter((resource) => !after.includes(resource)).map((resource) => `${resource} is gone`);
  const expected = rounds.filter(({ withStop }) => !withStop).length * KINDS.length;
  const wrong =
    before.length === expected ? [] : [`${before.length} resources in place of ${expected} before the zombies woke`];
  return [...survived, ...gone, ...wrong];
}
