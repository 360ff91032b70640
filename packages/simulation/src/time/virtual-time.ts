import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { EventHeap, type Happening } from "./event-heap.ts";
import type { Random } from "./random.ts";

/** The real ones, taken before anything is replaced. */
const realSetImmediate = globalThis.setImmediate;

/**
 * Runs all ticks and promises that are due, and those that follow from them: what Node itself does between two callbacks
 * of its event loop (lib/internal/process/task_queues.js, runNextTicks), without a turn of the loop.
 */
const comeToRest = (process as unknown as { _tickCallback(): void })._tickCallback;

/** 2027-01-15: any moment will do, as long as it is always the same. */
const EPOCH_MS = 1_800_000_000_000;

/** What runs in one simulated process: all its timers and answers come to it, or do not, by its state. */
export interface SimProcess {
  readonly name: string;
  readonly time: VirtualTime;
  /** `frozen`: what would happen to it happens when it is thawed (SIGSTOP). `dead`: never (SIGKILL). */
  state: "running" | "frozen" | "dead";
  /** How far its wall clock is off, milliseconds. Its monotonic clock never is. */
  clockOffsetMs: number;
  /** Calls that it made to other processes. */
  calls: number;
}

/** Where code runs: whose process, and for which run of a job. */
export interface Context {
  readonly process: SimProcess;
  /** `jobId#run` while a job's processor runs. */
  readonly run?: string;
  /** Within the API server: whose request is being worked on. What a controller does later is not that request's. */
  readonly request?: { readonly by: string; readonly run: string | undefined };
}

/** Where what is begun here goes on later. */
const laterContext = (context: Context): Context =>
  context.request === undefined ? context : { process: context.process };

interface Task extends Happening {
  at: number;
  order: number;
  readonly context: Context;
  readonly work: () => void;
}

/** A timer that can be cancelled. */
export interface VirtualTimer {
  cancel(): void;
}

/** More than any schedule needs: what goes on longer runs in circles. */
const MOST_TASKS = 300_000;

/** A schedule that does not come to its end. */
class Livelock extends Error {
  override readonly name = "Livelock";
}

const contexts = new AsyncLocalStorage<Context>();

/** Where the present code runs; undefined outside of every simulated process. */
export const currentContext = (): Context | undefined => contexts.getStore();

type Enter = <Result>(work: () => Result) => Result;

/** How each context is entered; one that was entered before costs no new frame of Node's. */
const entrances = new WeakMap<Context, Enter>();

/** Runs work in a context; what it begins belongs to that context, however much later it goes on. */
export function inContext<Result>(context: Context, work: () => Result): Result {
  const known = entrances.get(context);
  if (known !== undefined) return known(work);
  const enter = contexts.run(context, () => AsyncLocalStorage.snapshot()) as Enter;
  entrances.set(context, enter);
  return enter(work);
}

/**
 * A clock that moves from one task to the next, and nowhere else. After each task everything that follows from it
 * without waiting (promises, ticks) has come to an end before the next one begins, so that nothing but the order of
 * tasks decides what happens.
 */
export class VirtualTime {
  nowMs = 0;
  readonly random: Random;
  readonly #tasks = new EventHeap<Task>();
  readonly #held = new Map<SimProcess, Task[]>();
  #order = 0;
  /** Tasks that were run. */
  ran = 0;

  constructor(random: Random) {
    this.random = random;
  }

  get wallMs(): number {
    return EPOCH_MS + Math.floor(this.nowMs);
  }

  process(name: string): SimProcess {
    return { name, time: this, state: "running", clockOffsetMs: 0, calls: 0 };
  }

  /** Does the work in that context after a pause of that many milliseconds. */
  after(pauseMs: number, context: Context, work: () => void): VirtualTimer {
    const at = this.nowMs + Math.max(0, pauseMs);
    const task: Task = { at, order: this.#order++, cancelled: false, context: laterContext(context), work };
    this.#tasks.push(task);
    return {
      cancel: () => {
        task.cancelled = true;
      },
    };
  }

  /** A pause in the present context. */
  pause(ms: number, context: Context): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, context, resolve);
    });
  }

  freeze(process: SimProcess): void {
    if (process.state === "running") process.state = "frozen";
  }

  thaw(process: SimProcess): void {
    if (process.state !== "frozen") return;
    process.state = "running";
    const held = this.#held.get(process) ?? [];
    this.#held.delete(process);
    for (const task of held) {
      task.at = this.nowMs;
      task.order = this.#order++;
      this.#tasks.push(task);
    }
  }

  kill(process: SimProcess): void {
    process.state = "dead";
    this.#held.delete(process);
  }

  /** What a process still waits for: timers and answers that have not come. */
  pendingOf(process: SimProcess): number {
    let count = 0;
    for (const task of this.#tasks) if (task.context.process === process && !task.cancelled) count += 1;
    return count;
  }

  /** Runs tasks until the condition holds, `untilMs` is reached or nothing is left to do. */
  run(isDone: () => boolean, untilMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Within a promise's callback the queue of the others could not be worked off.
    realSetImmediate(() => {
      try {
        while (!isDone() && this.#runNext(untilMs)) comeToRest();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    return promise;
  }

  #runNext(untilMs: number): boolean {
    if (this.ran >= MOST_TASKS) throw new Livelock(`${this.ran} tasks, and still at ${this.nowMs} ms`);
    for (;;) {
      const task = this.#tasks.pop();
      if (task === undefined) return false;
      if (task.cancelled || task.context.process.state === "dead") continue;
      if (task.at > untilMs) {
        this.#tasks.push(task);
        this.nowMs = untilMs;
        return false;
      }
      if (task.context.process.state === "frozen") {
        this.#hold(task);
        continue;
      }
      this.nowMs = Math.max(this.nowMs, task.at);
      this.ran += 1;
      task.cancelled = true;
      inContext(task.context, task.work);
      return true;
    }
  }

  #hold(task: Task): void {
    const held = this.#held.get(task.context.process) ?? [];
    held.push(task);
    this.#held.set(task.context.process, held);
  }
}
