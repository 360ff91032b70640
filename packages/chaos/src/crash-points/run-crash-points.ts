import { keysOf } from "@repl/contract";
import { type HttpCall, type HttpFault, waitFor } from "@repl/testkit";
import { Redis } from "ioredis";
import { insist } from "../clients/client.ts";
import { readEndState } from "../record/end-state.ts";
import { judge, setupOf } from "../record/judge.ts";
import { replOf, subjectOf } from "../record/kinds.ts";
import { Recorder } from "../record/recorder.ts";
import { type Installation, startInstallation, type WorkerPlace } from "../service/installation.ts";
import type { Target } from "../target/target.ts";
import { type CrashPlan, type CrashPoint, type CrashResult, extended, nameOfPlan, singles } from "./crash-plan.ts";

/** How the crash points are run. */
export interface CrashPointsOptions {
  readonly target: Target;
  /** Each runs one job at a time, so that a death meets no other plan. */
  readonly workers: number;
  readonly pairs: boolean;
  readonly log: (line: string) => void;
}

/** What was seen. */
export interface CrashPointsReport {
  readonly singles: number;
  readonly pairs: number;
  /** Plans whose last point was not met in {@link TRIES}: the job made fewer writes than the run before had promised. */
  readonly unmet: readonly string[];
  /** Processes that were killed. */
  readonly kills: number;
  /** What went wrong, a sentence each. */
  readonly failures: readonly string[];
}

/** Attempts that are lost with their process wait for the queue's lock, one after the other. */
const END_TIMEOUT_MS = 180_000;
/**
 * How often a plan is tried until its last point is met. A job that goes on after a fault makes one write more or less as it happens, and a
 * point that is its last may be met in one try of several.
 */
export const TRIES = 10;
const CALM_SWEEPS = { SWEEP_INTERVAL_SECONDS: "2", LEASE_SECONDS: "2", WORKER_CONCURRENCY: "1" };

/** Runs every plan for a start and for a stop, and judges the whole history. */
export async function runCrashPoints(options: CrashPointsOptions): Promise<CrashPointsReport> {
  const run = new CrashRun(options);
  await using _installation = await run.begin();
  const undisturbed = await run.all([
    { kind: "start", points: [] },
    { kind: "stop", points: [] },
  ]);
  const first = undisturbed.flatMap(({ plan, writes }) => singles(plan.kind, writes));
  const seen = await run.all(first);
  const second = options.pairs ? seen.flatMap(extended) : [];
  await run.all(second);
  const failures = await run.verdict();
  return { singles: first.length, pairs: second.length, kills: run.kills, unmet: run.unmet, failures };
}

/** One plan under way. */
interface Running {
  readonly plan: CrashPlan;
  writes: number;
  met: number;
}

class CrashRun {
  readonly #options: CrashPointsOptions;
  readonly #recorder = new Recorder();
  readonly #running = new Map<string, Running>();
  readonly #failures: string[] = [];
  #installation: Installation | undefined;
  #serial = 0;
  kills = 0;
  readonly unmet: string[] = [];

  constructor(options: CrashPointsOptions) {
    this.#options = options;
  }

  async begin(): Promise<AsyncDisposable> {
    const { target, workers } = this.#options;
    const recorder = this.#recorder;
    const { onCall, onProcess } = recorder;
    const installation = await startInstallation({
      ...{ target, workers, apis: 1, onCall, onProcess },
      workerEnv: CALM_SWEEPS,
    });
    this.#installation = installation;
    await recorder.follow(installation);
    for (const worker of installation.workers) this.#stand(worker);
    return {
      async [Symbol.asyncDispose]() {
        recorder.close();
        await installation[Symbol.asyncDispose]();
      },
    };
  }

  /** Runs plans side by side, no more than there are workers and some that wait for a lock to run out. */
  async all(plans: readonly CrashPlan[]): Promise<CrashResult[]> {
    const results: CrashResult[] = [];
    const waiting = [...plans];
    const lane = async (): Promise<void> => {
      for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift())
        results.push(await this.#untilMet(plan));
    };
    await Promise.all(Array.from({ length: this.#options.workers * 3 }, lane));
    return results;
  }

  async verdict(): Promise<string[]> {
    const installation = this.#installed;
    await this.#recorder.settled();
    const at = Date.now();
    this.#recorder.add({ type: "healed" }, at);
    const recorder = this.#recorder;
    recorder.add({ type: "rest" }, at);
    const end = await readEndState(installation, true, () => true);
    const found = judge(setupOf(installation.namespace), recorder.events, end);
    return [...this.#failures, ...found.map(({ invariant, what }) => `${invariant}: ${what}`)];
  }

  get #installed(): Installation {
    return this.#installation as Installation;
  }

  /** How many writes a job makes after a fault varies a little: a plan that its job did not reach is tried again. */
  async #untilMet(plan: CrashPlan): Promise<CrashResult> {
    for (let tries = 1; ; tries += 1) {
      const result = await this.#one(plan);
      if (result.met === plan.points.length) return result;
      if (tries < TRIES) continue;
      this.unmet.push(nameOfPlan(plan));
      return result;
    }
  }

  async #one(plan: CrashPlan): Promise<CrashResult> {
    this.#serial += 1;
    const replId = `point-${this.#serial}`;
    const name = nameOfPlan(plan);
    const running: Running = { plan, writes: 0, met: 0 };
    if (plan.kind === "stop") await this.#order("start", replId);
    this.#running.set(replId, running);
    try {
      const outcome = await this.#order(plan.kind, replId);
      if (outcome !== "completed") this.#failures.push(`${name}: the job is ${outcome}`);
    } catch (error) {
      this.#failures.push(`${name}: ${(error as Error).message}`);
    }
    this.#running.delete(replId);
    this.#options.log(`${name}: ${running.writes} writes`);
    return { plan, writes: running.writes, met: running.met };
  }

  /** Orders it and waits until its job has ended; gives the job's state. */
  async #order(kind: "start" | "stop", replId: string): Promise<string> {
    const { apis, redis, prefix } = this.#installed;
    const order = { op: `${kind}-${replId}`, kind, replId, userId: `owner-of-${replId}` };
    const jobId = await insist(apis, order, this.#recorder);
    const client = new Redis(redis.url);
    try {
      const stateOf = () => client.hget(keysOf(prefix).job(jobId), "finishedAt");
      await waitFor(stateOf, { what: `the ${kind} of ${replId} to end`, timeoutMs: END_TIMEOUT_MS, intervalMs: 50 });
      return (await client.hget(keysOf(prefix).job(jobId), "state")) ?? "";
    } finally {
      client.disconnect();
    }
  }

  /** Stands between a worker and the API server and looks at each write. */
  #stand(worker: WorkerPlace): void {
    worker.cluster.judge(async (call) => {
      const point = this.#pointAt(call);
      return point === undefined ? undefined : this.#strike(point, worker);
    });
  }

  #pointAt({ method, path, body }: HttpCall): CrashPoint | undefined {
    const subject = method === "GET" ? undefined : subjectOf(path, body);
    const running = subject === undefined ? undefined : this.#running.get(replOf(subject));
    if (running === undefined) return undefined;
    running.writes += 1;
    const point = running.plan.points.find(({ write }) => write === running.writes);
    if (point !== undefined) running.met += 1;
    return point;
  }

  async #strike({ fault }: CrashPoint, { place }: WorkerPlace): Promise<HttpFault> {
    if (fault === "lost") return { kind: "lose-reply" };
    const kill = async (): Promise<void> => {
      await place.kill();
      this.kills += 1;
      place.fill().catch((error: unknown) => this.#failures.push(`${place.name} does not start again: ${error}`));
    };
    if (fault === "after") return { kind: "lose-reply", executed: kill };
    await kill();
    return { kind: "cut" };
  }
}
