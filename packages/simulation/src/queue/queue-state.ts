import { QUEUE_NAME } from "@repl/contract";
import type { MemoryRedis } from "../redis/memory-redis.ts";
import type { Network } from "../run/network.ts";
import type { Context } from "../time/virtual-time.ts";

/** Options of a job that are used, as BullMQ names them. */
export interface QueuedOptions {
  readonly attempts?: number;
  readonly backoff?: { readonly delay: number; readonly jitter?: number };
  readonly priority?: number;
  readonly jobId?: string;
}

/** One job as Redis holds it for BullMQ. */
export interface StoredJob {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly opts: QueuedOptions;
  state: "waiting" | "active" | "delayed" | "completed" | "failed";
  /** Smaller is served first: stalled ones, then those without a priority, then by priority and age. */
  rank: number;
  order: number;
  dueAt: number;
  attemptsMade: number;
  stalls: number;
  lock: { readonly token: string; until: number } | undefined;
  finishedOn: number | undefined;
}

interface Waiter {
  readonly context: Context;
  readonly wake: () => void;
}

/** A schedule that puts a job into the queue at an interval. */
interface Scheduler {
  readonly id: string;
  readonly every: number;
  readonly name: string;
}

/** The Redis server that a queue lies in. */
export interface QueueHost {
  readonly data: MemoryRedis;
  readonly network: Network;
  readonly context: Context;
}

const STALLED_RANK = -1;

const isActive = ({ state }: StoredJob) => state === "active";
const rankOf = ({ priority = 0 }: QueuedOptions) => priority;
/** When a job of a scheduler was planned for; not a number for any other. */
const plannedAt = ({ id }: StoredJob) => Number(/^repeat:.*:(\d+)$/.exec(id)?.[1] ?? Number.NaN);
const isBefore = (left: StoredJob, right: StoredJob) =>
  left.rank < right.rank || (left.rank === right.rank && left.order < right.order);

/**
 * What BullMQ 6.7's scripts do, each of them in one step, by their names (dist/esm/commands of the package): a lock with a
 * token and an expiry, the list of what may have stalled, delays, priorities, a limit for the whole queue. Locks are by Redis'
 * clock; `clockMs` is the caller's own, by which BullMQ reckons delays and says which of them are over.
 */
export class QueueState {
  readonly name: string;
  readonly #host: QueueHost;
  readonly #jobs = new Map<string, StoredJob>();
  readonly #waiters = new Set<Waiter>();
  #stalled = new Set<string>();
  #nextStalledCheckAt = 0;
  #order = 0;
  #most = Number.POSITIVE_INFINITY;
  #scheduler: Scheduler | undefined;

  constructor(name: string, host: QueueHost) {
    this.name = name;
    this.#host = host;
  }

  get jobs(): ReadonlyMap<string, StoredJob> {
    return this.#jobs;
  }

  get #now(): number {
    return this.#host.data.nowMs;
  }

  add(id: string, name: string, data: unknown, opts: QueuedOptions): void {
    if (!this.#jobs.has(id)) this.#toWait(this.#make(id, name, data, opts), rankOf(opts));
  }

  setMost(count: number): void {
    this.#most = count;
  }

  /** The first comes at once. */
  upsertScheduler(id: string, every: number, name: string, clockMs: number): void {
    const before = this.#scheduler;
    this.#host.data.noteUndo(() => {
      this.#scheduler = before;
    });
    this.#scheduler = { id, every, name };
    const isPlanned = [...this.#jobs.values()].some((job) => plannedAt(job) > 0 && job.finishedOn === undefined);
    if (!isPlanned) this.#schedule(clockMs, clockMs);
  }

  hasScheduler(id: string): boolean {
    return this.#scheduler?.id === id;
  }

  moveToActive(token: string, lockMs: number, clockMs: number): StoredJob | undefined {
    this.#promote(clockMs);
    const job = this.#next();
    if (job === undefined) return undefined;
    this.#touch(job.id);
    Object.assign(job, { state: "active", lock: { token, until: this.#now + lockMs } });
    const planned = plannedAt(job);
    if (planned > 0 && this.#scheduler !== undefined)
      this.#schedule(Math.max(planned + this.#scheduler.every, clockMs), clockMs);
    return { ...job };
  }

  /** Whether {@link moveToActive} could find something. A worker that asks in vain changes nothing. */
  hasWork(clockMs: number): boolean {
    for (const { state, dueAt } of this.#jobs.values())
      if (state === "waiting" || (state === "delayed" && dueAt <= clockMs)) return true;
    return false;
  }

  /** Whether {@link moveStalledJobsToWait} could find something, now or the next time. */
  mayStall(): boolean {
    if (this.#stalled.size > 0) return true;
    for (const job of this.#jobs.values()) if (isActive(job)) return true;
    return false;
  }

  /** Ids of the jobs whose lock is not that token's any more. */
  extendLocks(held: readonly (readonly [id: string, token: string])[], lockMs: number): string[] {
    return held.flatMap(([id, token]) => {
      const job = this.#jobs.get(id);
      if (job === undefined || !this.#isLocked(job) || job.lock?.token !== token) return [id];
      this.#touch(id);
      job.lock = { token, until: this.#now + lockMs };
      this.#stalled.delete(id);
      return [];
    });
  }

  moveToFinished(id: string, token: string, state: "completed" | "failed"): void {
    const job = this.#mine(id, token, "moveToFinished");
    Object.assign(job, { state, lock: undefined, finishedOn: this.#now });
    job.attemptsMade += 1;
    // The sweeps' queue keeps some for the dashboard, which no one looks at here.
    if (this.name !== QUEUE_NAME) this.#jobs.delete(id);
    this.#wakeAll();
  }

  retryLater(id: string, token: string, delayMs: number, clockMs: number): void {
    const job = this.#mine(id, token, "moveToDelayed");
    job.attemptsMade += 1;
    this.#toDelayed(job, delayMs, clockMs);
  }

  moveToDelayed(id: string, token: string | undefined, timestamp: number, clockMs: number): void {
    this.#toDelayed(this.#mine(id, token, "moveToDelayed"), Math.max(0, timestamp - clockMs), clockMs);
  }

  moveToWait(id: string, token: string | undefined): void {
    const job = this.#mine(id, token, "moveJobFromActiveToWait");
    this.#toWait(job, rankOf(job.opts));
  }

  moveStalledJobsToWait(mostStalls: number, intervalMs: number): void {
    if (this.#nextStalledCheckAt > this.#now) return;
    this.#nextStalledCheckAt = this.#now + intervalMs;
    for (const id of this.#stalled) {
      const job = this.#jobs.get(id);
      if (job === undefined || this.#isLocked(job) || !isActive(job)) continue;
      this.#touch(id);
      job.stalls += 1;
      // BullMQ fails it at its next start; a scheduled job is let off.
      const isGivenUp = job.stalls > mostStalls && !(plannedAt(job) > 0);
      if (isGivenUp) Object.assign(job, { state: "failed", finishedOn: this.#now });
      else this.#toWait(job, STALLED_RANK);
    }
    this.#stalled = new Set([...this.#jobs.values()].filter(isActive).map(({ id }) => id));
  }

  remove(id: string): void {
    const job = this.#jobs.get(id);
    if (job !== undefined && this.#isLocked(job))
      throw new Error(`Job ${id} could not be removed because it is locked by another worker`);
    this.#touch(id);
    this.#jobs.delete(id);
  }

  /** Calls back when there may be work; returns the way to end it. */
  whenWork(context: Context, wake: () => void): () => void {
    const waiter = { context, wake };
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  /** A fault: the lock of an active job is gone, while its run goes on. `pick` says which of so many. */
  loseLock(pick: (count: number) => number): void {
    const active = [...this.#jobs.values()].filter(isActive);
    const job = active[pick(active.length)];
    if (job === undefined) return;
    this.#touch(job.id);
    job.lock = undefined;
  }

  /** A fault: the queue forgets its jobs, as where BullMQ's keys were deleted. */
  forgetAll(): void {
    for (const id of [...this.#jobs.keys()]) {
      this.#touch(id);
      this.#jobs.delete(id);
    }
  }

  /** To be called before each change of a job. */
  #touch(id: string): void {
    const { data } = this.#host;
    if (!data.keepsUndo) return;
    const job = this.#jobs.get(id);
    const before = job && { ...job, lock: job.lock && { ...job.lock } };
    data.noteUndo(() => {
      if (before === undefined) this.#jobs.delete(id);
      else this.#jobs.set(id, before);
    });
  }

  #wakeAll(): void {
    const { network } = this.#host;
    for (const { context, wake } of this.#waiters) network.time.after(network.latency(), context, wake);
    this.#waiters.clear();
  }

  #toWait(job: StoredJob, rank: number): void {
    Object.assign(job, { state: "waiting", rank, order: this.#order++, lock: undefined });
    this.#wakeAll();
  }

  #toDelayed(job: StoredJob, delayMs: number, clockMs: number): void {
    Object.assign(job, { state: "delayed", dueAt: clockMs + delayMs, lock: undefined });
    // The marker by which BullMQ's blocked workers hear of the next delayed job.
    this.#host.network.time.after(delayMs + 1, this.#host.context, () => this.#wakeAll());
  }

  #isLocked({ lock }: StoredJob): boolean {
    return lock !== undefined && lock.until > this.#now;
  }

  #make(id: string, name: string, data: unknown, opts: QueuedOptions): StoredJob {
    this.#touch(id);
    const job: StoredJob = {
      ...{ id, name, data, opts, state: "waiting", rank: 0, order: 0, dueAt: 0 },
      ...{ attemptsMade: 0, stalls: 0, lock: undefined, finishedOn: undefined },
    };
    this.#jobs.set(id, job);
    return job;
  }

  /** The job, if that token holds its lock. @throws as BullMQ's scripts.finishedErrors */
  #mine(id: string, token: string | undefined, command: string): StoredJob {
    const job = this.#jobs.get(id);
    if (job === undefined) throw new Error(`Missing key for job ${id}. ${command}`);
    if (!this.#isLocked(job)) throw new Error(`Missing lock for job ${id}. ${command}`);
    if (job.lock?.token !== token) throw new Error(`Lock mismatch for job ${id}. Cmd ${command}`);
    if (!isActive(job)) throw new Error(`Job ${id} is not in the active state. ${command}`);
    this.#touch(id);
    this.#stalled.delete(id);
    return job;
  }

  #schedule(atMs: number, clockMs: number): void {
    if (this.#scheduler === undefined) return;
    const id = `repeat:${this.#scheduler.id}:${atMs}`;
    if (this.#jobs.has(id)) return;
    this.#toDelayed(this.#make(id, this.#scheduler.name, undefined, {}), Math.max(0, atMs - clockMs), clockMs);
  }

  #promote(clockMs: number): void {
    for (const job of this.#jobs.values()) {
      if (job.state !== "delayed" || job.dueAt > clockMs) continue;
      this.#touch(job.id);
      Object.assign(job, { state: "waiting", rank: rankOf(job.opts), order: this.#order++ });
    }
  }

  #next(): StoredJob | undefined {
    let best: StoredJob | undefined;
    let active = 0;
    for (const job of this.#jobs.values()) {
      if (isActive(job)) active += 1;
      if (job.state === "waiting" && (best === undefined || isBefore(job, best))) best = job;
    }
    return active < this.#most ? best : undefined;
  }
}
