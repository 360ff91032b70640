import type { SimulatorCore } from "@repl/simulator";
import { ClusterServer } from "../cluster/cluster-server.ts";
import { RedisServer } from "../redis/redis-server.ts";
import type { Fault, Plan, Slot } from "../schedule/plan.ts";
import { createRandom } from "../time/random.ts";
import { type Context, inContext, type SimProcess, VirtualTime } from "../time/virtual-time.ts";
import { type ApiProcess, runApiProcess } from "./api-process.ts";
import { type CallFault, createNetwork, type Network } from "./network.ts";
import { Recorder } from "./recorder.ts";
import { recordingLog } from "./recording-log.ts";
import type { Shared } from "./shared.ts";
import { type RunningProcess, runWorkerProcess } from "./worker-process.ts";

export const NAMESPACE = "default";
export const PREFIX = "{repl-orchestrator}";

/** One life of a process in its place. */
interface Life {
  readonly process: SimProcess;
  worker?: RunningProcess;
  api?: ApiProcess;
}

interface Place {
  readonly slot: Slot;
  lives: number;
  /** Calls of all its lives. */
  calls: number;
  offsetMs: number;
  /** What calls meet, by their number. */
  readonly faults: ReadonlyMap<number, Extract<Fault, { kind: "call" }>>;
  life: Life | undefined;
}

/** The resources that the history follows, as the simulator names them. */
const WATCHED = ["deployments.apps", "services", "ingresses.networking.k8s.io"];

/** Everything there is in one schedule: servers, processes, and what happens to them. */
export class World {
  readonly plan: Plan;
  readonly time: VirtualTime;
  readonly network: Network;
  readonly recorder: Recorder;
  readonly redis: RedisServer;
  readonly cluster: ClusterServer;
  /** Sweeps in a row that found nothing to do. */
  cleanSweeps = 0;
  healed = false;
  readonly #shared: Shared;
  readonly #places = new Map<Slot, Place>();
  readonly #onDeath = new Map<SimProcess, Set<() => void>>();
  readonly #operator: Context;

  constructor(plan: Plan, shared: Shared) {
    this.plan = plan;
    this.#shared = shared;
    this.time = new VirtualTime(createRandom(plan.seed));
    this.recorder = new Recorder(this.time);
    this.#operator = { process: this.time.process("operator") };
    this.network = createNetwork(
      this.time,
      (process) => this.#planCall(process),
      (process, fault) => this.#strike(process, fault),
    );
    const onPublish = (channel: string, message: string) => {
      if (channel.endsWith(":changes")) this.recorder.published(message);
    };
    this.redis = new RedisServer(this.network, shared.scripts, onPublish, (by, jobId, askedAt) =>
      this.recorder.add({ type: "taken", jobId, by, askedAt }),
    );
    this.redis.data.keepsUndo = plan.faults.some((fault) => fault.kind === "redis-down" && fault.loseMs > 0);
    this.cluster = new ClusterServer(this.network, shared.schema, (call) => this.recorder.served(call));
    for (const resource of WATCHED) this.core.store.subscribe(resource, (change) => this.recorder.changed(change));
  }

  get core(): SimulatorCore {
    return this.cluster.core;
  }

  /** Does something at that moment, in nobody's name. */
  at(ms: number, work: () => void): void {
    this.time.after(ms - this.time.nowMs, this.#operator, work);
  }

  /** Starts every process of the plan. */
  start(): void {
    const { workers, apis, faults } = this.plan;
    const slots: Slot[] = [];
    for (let index = 1; index <= workers; index += 1) slots.push(`worker-${index}`);
    for (let index = 1; index <= apis; index += 1) slots.push(`api-${index}`);
    for (const slot of slots) {
      const clock = faults.find((fault) => fault.kind === "clock" && fault.slot === slot) as
        | Extract<Fault, { kind: "clock" }>
        | undefined;
      this.#places.set(slot, {
        slot,
        lives: 0,
        calls: 0,
        offsetMs: clock?.offsetMs ?? 0,
        faults: callFaults(faults, slot),
        life: undefined,
      });
      this.revive(slot);
    }
  }

  /** The present process in a place, if there is one that lives. */
  lifeOf(slot: Slot): Life | undefined {
    const life = this.#places.get(slot)?.life;
    return life?.process.state === "dead" ? undefined : life;
  }

  slots(): Slot[] {
    return [...this.#places.keys()];
  }

  /** Starts a process in a place that is empty. */
  revive(slot: Slot): void {
    const place = this.#places.get(slot);
    if (place === undefined || this.lifeOf(slot) !== undefined) return;
    place.lives += 1;
    const process = this.time.process(`${slot}/${place.lives}`);
    process.clockOffsetMs = place.offsetMs;
    const life: Life = { process };
    place.life = life;
    this.recorder.add({ type: "process", process: process.name, change: "started" });
    inContext({ process }, () => this.#boot(slot, life));
  }

  kill(process: SimProcess): void {
    if (process.state === "dead") return;
    this.time.kill(process);
    this.recorder.add({ type: "process", process: process.name, change: "crashed" });
    this.#bury(process);
  }

  freeze(process: SimProcess, forMs: number): void {
    if (process.state !== "running") return;
    this.time.freeze(process);
    this.recorder.add({ type: "process", process: process.name, change: "frozen" });
    this.at(this.time.nowMs + forMs, () => this.thaw(process));
  }

  thaw(process: SimProcess): void {
    if (process.state !== "frozen") return;
    this.time.thaw(process);
    this.recorder.add({ type: "process", process: process.name, change: "thawed" });
  }

  /** SIGTERM: the process ends by itself; a worker closes what it has, an api has nothing to close here. */
  end(slot: Slot): Promise<void> {
    const life = this.lifeOf(slot);
    if (life === undefined) return Promise.resolve();
    const { process } = life;
    // Before a worker is up, nothing listens for SIGTERM yet.
    if (slot.startsWith("worker") && life.worker === undefined) {
      this.kill(process);
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.whenDead(process, resolve);
    this.time.after(0, { process }, () => {
      this.recorder.add({ type: "process", process: process.name, change: "ending" });
      (life.worker?.close() ?? Promise.resolve(true)).then(
        (isOver) => this.#ended(process, isOver),
        (error: unknown) => {
          throw error;
        },
      );
    });
    return promise;
  }

  /** Calls back when a process has ended in whatever way. */
  whenDead(process: SimProcess, listener: () => void): () => void {
    const own = this.#onDeath.get(process) ?? new Set();
    this.#onDeath.set(process, own.add(listener));
    return () => own.delete(listener);
  }

  /** What each process that ended in order still waited for when it had. */
  readonly leftovers: { process: string; count: number }[] = [];

  /** @param inOrder false: it gave up what it still waited for */
  #ended(process: SimProcess, inOrder: boolean): void {
    this.recorder.add({ type: "process", process: process.name, change: "ended" });
    // Answers to what was given up on its last day are still on their way for a moment.
    this.at(this.time.nowMs + LINGER_MS, () => {
      if (inOrder) this.leftovers.push({ process: process.name, count: this.time.pendingOf(process) });
      this.time.kill(process);
      this.#bury(process);
    });
  }

  #bury(process: SimProcess): void {
    this.redis.disconnect(process);
    this.cluster.disconnect(process);
    for (const listener of this.#onDeath.get(process) ?? []) listener();
    this.#onDeath.delete(process);
  }

  #boot(slot: Slot, life: Life): void {
    const { redis, cluster, plan } = this;
    const log = recordingLog(this.recorder, life.process.name);
    if (slot.startsWith("api")) {
      life.api = runApiProcess({ redis, prefix: PREFIX, maxRunningPerUser: plan.maxRunningPerUser, log });
      return;
    }
    runWorkerProcess({
      name: life.process.name,
      redis,
      cluster,
      template: this.#shared.template,
      namespace: NAMESPACE,
      prefix: PREFIX,
      concurrency: plan.concurrency,
      idleTimeoutSeconds: plan.idleTimeoutMs / 1_000,
      patienceMs: plan.patienceMs,
      log,
      onSwept: (findings) => {
        this.cleanSweeps = findings === 0 ? this.cleanSweeps + 1 : 0;
      },
    }).then(
      (worker) => {
        life.worker = worker;
      },
      (error: unknown) => {
        throw error;
      },
    );
  }

  #planCall({ name }: SimProcess): CallFault | undefined {
    const place = this.#places.get(name.split("/")[0] as Slot);
    if (place === undefined || this.healed) return undefined;
    place.calls += 1;
    const found = place.faults.get(place.calls);
    if (found === undefined) return undefined;
    this.recorder.add({ type: "fault", what: `${found.fault} at call ${found.call} of ${place.slot}` });
    return found.fault;
  }

  #strike(process: SimProcess, fault: "crash" | "freeze"): void {
    const slot = process.name.split("/")[0] as Slot;
    const place = this.#places.get(slot);
    const planned = this.plan.faults.find(
      (given) => given.kind === "call" && given.slot === slot && given.call <= (place?.calls ?? 0),
    );
    const forMs = planned?.kind === "call" ? planned.forMs : 1_000;
    if (fault === "freeze") this.freeze(process, forMs);
    else {
      this.kill(process);
      this.at(this.time.nowMs + forMs, () => this.revive(slot));
    }
  }
}

const LINGER_MS = 17_000;

function callFaults(faults: readonly Fault[], slot: Slot): Place["faults"] {
  const found = faults.flatMap((fault) => (fault.kind === "call" && fault.slot === slot ? [fault] : []));
  return new Map(found.reverse().map((fault) => [fault.call, fault]));
}
