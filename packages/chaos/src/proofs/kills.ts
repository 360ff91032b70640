import { setTimeout as delay } from "node:timers/promises";
import type { EndState, HistoryEvent, ObjectSeen, Violation } from "@repl/checker";
import { between, createRandom, pick, type Random } from "../random/random.ts";
import { readEndState } from "../record/end-state.ts";
import { judge, setupOf } from "../record/judge.ts";
import { KINDS } from "../record/kinds.ts";
import { lookEverywhere } from "../record/leaks.ts";
import { describeOpenJobs } from "../record/open-jobs.ts";
import { Recorder } from "../record/recorder.ts";
import { untilRest } from "../record/rest.ts";
import { type Fsync, type Installation, startInstallation } from "../service/installation.ts";
import { EVERYSEC_LOSS_MS, losePower } from "../service/lose-power.ts";
import type { Target } from "../target/target.ts";
import { type Accepted, OrderingClients } from "./ordering-clients.ts";

/** How much is ordered and killed. */
export interface KillsOptions {
  readonly target: Target;
  /** Two thirds of them starts of as many repls, one third stops of every second one. */
  readonly jobs: number;
  readonly kills: number;
  /** When Redis syncs its append-only file. */
  readonly fsync: Fsync;
  /** Whether Redis loses its machine's power, and with it what it had not synced, rather than being killed. */
  readonly power: boolean;
  readonly seed: number;
}

/** What was seen. */
export interface KillsReport {
  readonly accepted: number;
  readonly killed: Readonly<Record<Victim, number>>;
  /** Accepted jobs that nobody knows any more, or that have not ended, and why that must not be. */
  readonly lost: readonly string[];
  /** Accepted jobs that a loss of power has taken back and may, by what `appendfsync everysec` guarantees. */
  readonly takenBack: number;
  /** How long before the loss of power the oldest of them had been accepted, in ms; 0 where there is none. */
  readonly takenBackMs: number;
  /** Accepted jobs that ended otherwise than completed. */
  readonly notCompleted: readonly string[];
  /** Repls that have not exactly one set of resources where they were started, or any where they were stopped. */
  readonly wrongSets: readonly string[];
  /** What the checker finds in the whole history. */
  readonly violations: readonly Violation[];
  readonly events: readonly HistoryEvent[];
  readonly end: EndState;
}

type Victim = "worker" | "api" | "redis";

const VICTIMS: readonly Victim[] = [
  ...(["worker", "worker", "worker", "worker", "worker"] as const),
  ...(["api", "api", "api", "redis", "redis"] as const),
];
/** Until the last jobs have ended whose worker was killed, and two sweeps are over. */
const REST_TIMEOUT_MS = 300_000;
const WORKER_ENV = { WORKER_CONCURRENCY: "40", LEASE_SECONDS: "2", SWEEP_INTERVAL_SECONDS: "2" };

/** Orders thousands of jobs while processes are killed one after the other, and judges what became of each. */
export async function runKills(options: KillsOptions): Promise<KillsReport> {
  const recorder = new Recorder();
  const { onSecrets, onCall, onProcess, onLine } = recorder;
  await using installation = await startInstallation({
    ...{ target: options.target, fsync: options.fsync, apis: 2, workers: 3, workerEnv: WORKER_ENV },
    ...{ onSecrets, onCall, onProcess, onLine },
  });
  await recorder.follow(installation);
  try {
    const killer = new Killer(installation, options, recorder);
    const clients = new OrderingClients(installation, options.jobs, recorder);
    await Promise.all([clients.all(), killer.all(clients)]);
    await installation.fillAll();
    recorder.add({ type: "healed" });
    await untilRest(installation, REST_TIMEOUT_MS).catch(async (error: Error) => {
      throw new Error([error.message, ...(await describeOpenJobs(installation))].join("\n"));
    });
    await recorder.settled();
    recorder.add({ type: "rest" });
    const end = await readEndState(installation, true, () => true);
    const lossy = killer.losses.some(({ sinceMs }) => Number.isFinite(sinceMs));
    const setup = setupOf(installation.namespace, { lossy, convergeMs: REST_TIMEOUT_MS });
    const { events } = recorder;
    await lookEverywhere(installation, recorder.leaks);
    const violations = [...judge(setup, events, end), ...recorder.leaks.violations];
    return { ...countUp(clients, end, killer.losses), killed: killer.killed, violations, events, end };
  } finally {
    recorder.close();
  }
}

/** A loss of power, and from when on what was acknowledged may be gone; ms since 1970. */
interface Loss {
  readonly sinceMs: number;
  readonly atMs: number;
}

class Killer {
  readonly killed = { worker: 0, api: 0, redis: 0 };
  readonly losses: Loss[] = [];
  readonly #installation: Installation;
  readonly #options: KillsOptions;
  readonly #recorder: Recorder;
  readonly #random: Random;

  constructor(installation: Installation, options: KillsOptions, recorder: Recorder) {
    this.#installation = installation;
    this.#options = options;
    this.#recorder = recorder;
    this.#random = createRandom(options.seed);
  }

  /** Kills so that the last kill comes while there is still work. */
  async all(clients: OrderingClients): Promise<void> {
    const { kills } = this.#options;
    for (let count = 0; count < kills; count += 1) {
      await clients.reached(count / kills);
      const victim = pick(this.#random, VICTIMS);
      await (victim === "redis" ? this.#redis() : this.#process(victim));
      this.killed[victim] += 1;
    }
  }

  async #redis(): Promise<void> {
    const { redis } = this.#installation;
    const { power, fsync } = this.#options;
    if (power) {
      this.#recorder.add({ type: "fault", what: "power lost" });
      const sinceMs = await losePower(this.#installation, fsync, this.#random);
      this.losses.push({ sinceMs, atMs: Date.now() });
    } else await redis.kill();
    await delay(between(this.#random, 0, 300));
    await redis.restart();
  }

  async #process(victim: "worker" | "api"): Promise<void> {
    const { workers, apis } = this.#installation;
    const place = pick(
      this.#random,
      (victim === "worker" ? workers : apis).map(({ place }) => place),
    );
    await place.kill();
    // The others go on meanwhile.
    place.fill().catch((error: unknown) => console.error(`${place.name} does not start again: ${error}`));
  }
}

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

function countUp(clients: OrderingClients, { jobs, objects }: EndState, losses: readonly Loss[]) {
  const states = new Map(jobs.map(({ jobId, state }) => [jobId, state]));
  const lost: string[] = [];
  const takenBackMs: number[] = [];
  const notCompleted: string[] = [];
  for (const [jobId, accepted] of clients.accepted) {
    const state = states.get(jobId);
    const lossMs = state === undefined ? beforeLoss(accepted, losses) : undefined;
    if (lossMs !== undefined) takenBackMs.push(lossMs);
    else if (!ENDED.has(state ?? "")) lost.push(`${accepted.what}: ${state ?? "unknown"}`);
    else if (state !== "completed") notCompleted.push(`${accepted.what}: ${state}`);
  }
  return {
    ...{ accepted: clients.accepted.size, lost, notCompleted },
    ...{ takenBack: takenBackMs.length, takenBackMs: Math.max(0, ...takenBackMs) },
    wrongSets: takenBackMs.length > 0 ? [] : wrongSets(clients.wanted, objects),
  };
}

/** How long before a loss of power that may have taken it back it was accepted. A write may reach the file a second late (redis.conf). */
function beforeLoss({ atMs }: Accepted, losses: readonly Loss[]): number | undefined {
  const loss = losses.find(({ sinceMs, atMs: lostAt }) => atMs >= sinceMs - EVERYSEC_LOSS_MS && atMs <= lostAt);
  return loss === undefined ? undefined : loss.atMs - atMs;
}

/** By what the clients wanted last, and not by what the service believes. */
function wrongSets(wanted: ReadonlyMap<string, "start" | "stop">, objects: readonly ObjectSeen[]): string[] {
  const own = Map.groupBy(objects, ({ replId }) => replId);
  const strangers = [...own.keys()].filter((replId) => !wanted.has(replId)).map((replId) => `nobody wants ${replId}`);
  const wrong = [...wanted].flatMap(([replId, kind]) => {
    const there = (own.get(replId) ?? []).map((object) => object.kind).sort();
    const expected = kind === "start" ? [...KINDS].sort() : [];
    return there.join() === expected.join() ? [] : [`after its ${kind} ${replId} has ${there.join(", ") || "nothing"}`];
  });
  return [...strangers, ...wrong];
}
