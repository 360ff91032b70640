import { setTimeout as delay } from "node:timers/promises";
import type { HttpCall, HttpFault } from "@repl/testkit";
import { collectionOf, nameOf, replOf, subjectOf } from "../record/kinds.ts";
import type { Recorder } from "../record/recorder.ts";
import type { Installation, WorkerPlace } from "../service/installation.ts";
import { losePower } from "../service/lose-power.ts";
import type { OwnFault, SharedFault } from "./plan.ts";
import { createRandom } from "./random.ts";

type PlannedWrite = Extract<OwnFault, { kind: "write" }>;

/** Does what plans say to one installation, and puts it right again. */
export class FaultInjector {
  readonly #installation: Installation;
  readonly #recorder: Recorder;
  /** Writes that were seen, by repl. */
  readonly #writes = new Map<string, number>();
  readonly #planned: PlannedWrite[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #over = new AbortController();
  /** Calls of each worker before these plans: what they read is of repls that the history knows nothing of. */
  readonly #before: ReadonlyMap<WorkerPlace, number>;
  #redisIsDown = false;

  constructor(installation: Installation, recorder: Recorder) {
    this.#installation = installation;
    this.#recorder = recorder;
    this.#before = new Map(installation.workers.map((worker) => [worker, worker.cluster.calls]));
    for (const worker of installation.workers) worker.cluster.judge((call) => this.#judge(call, worker));
  }

  /** Does a seed's own fault now, or at the write that it is about. */
  own(fault: OwnFault): void {
    if (fault.kind === "write") return void this.#planned.push(fault);
    this.#recorder.add({ type: "fault", what: `${fault.kind} of ${fault.replId}` });
    this.#keep(this.#meddle(fault));
  }

  /** Begins a shared fault and ends it when its time is over, at the latest when all is healed. */
  shared(fault: SharedFault): void {
    this.#recorder.add({ type: "fault", what: `${fault.what} for ${fault.forMs} ms` });
    this.#keep(this.#carryOut(fault));
  }

  /** Ends every fault; resolves when all is whole again and every process is ready. */
  async heal(): Promise<void> {
    const { target, redisLink, workers, apis } = this.#installation;
    this.#over.abort();
    for (const { place } of [...workers, ...apis]) place.thaw();
    target.simulator?.failures.clear();
    // Each ends what it began, in its own order: a loss of power must not find its links sound before it is over.
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    await Promise.all([redisLink.heal(), ...workers.map(({ cluster }) => cluster.heal())]);
    await this.#installation.fillAll();
  }

  async #meddle(fault: Exclude<OwnFault, PlannedWrite>): Promise<void> {
    const { target, namespace } = this.#installation;
    const { kind, replId } = fault;
    if (kind === "pods") return void target.simulator?.failures.add({ repl: replId, failure: fault.failure });
    if (kind === "delete") {
      const { resource } = fault;
      await target.api.request("DELETE", `${collectionOf(resource, namespace)}/${nameOf(resource, replId)}`);
      return;
    }
    const body = { apiVersion: "v1", kind: "Service", metadata: { name: replId }, spec: { ports: [{ port: 80 }] } };
    await target.api.request("POST", collectionOf("Service", namespace), body);
  }

  async #carryOut({ what, forMs, which }: SharedFault): Promise<void> {
    const { workers, apis, redis, redisLink } = this.#installation;
    const worker = workers[which % workers.length] as WorkerPlace;
    const api = apis[which % apis.length]?.place ?? worker.place;
    const during = async (begin: () => unknown, end: () => unknown): Promise<void> => {
      await begin();
      await this.#pause(forMs);
      await end();
    };
    const { place, cluster } = worker;
    const linkIs = (fault: Parameters<typeof redisLink.set>[1]) =>
      this.#redisDown(() =>
        during(
          () => redisLink.set("both", fault),
          () => redisLink.set("both", {}),
        ),
      );
    const faults: Readonly<Record<SharedFault["what"], () => Promise<void>>> = {
      "kill-worker": () =>
        during(
          () => place.kill(),
          () => place.fill(),
        ),
      "kill-api": () =>
        during(
          () => api.kill(),
          () => api.fill(),
        ),
      "freeze-worker": () =>
        during(
          () => place.freeze(),
          () => place.thaw(),
        ),
      "block-worker": () =>
        during(
          () => place.block(),
          () => place.unblock(),
        ),
      "end-worker": () =>
        during(
          () => place.end(),
          () => place.fill(),
        ),
      "end-api": () =>
        during(
          () => api.end(),
          () => api.fill(),
        ),
      "redis-killed": () =>
        this.#redisDown(() =>
          during(
            () => redis.kill(),
            () => redis.restart(),
          ),
        ),
      "power-lost": () =>
        this.#redisDown(() =>
          during(
            () => losePower(this.#installation, "always", createRandom(forMs)),
            () => redis.restart(),
          ),
        ),
      "redis-frozen": () =>
        this.#redisDown(() =>
          during(
            () => redis.pause(),
            () => redis.resume(),
          ),
        ),
      "redis-half-open": () => linkIs({ hold: true }),
      "redis-reset": async () => redisLink.reset(),
      "redis-slow": () => linkIs({ delayMs: 150 }),
      "cluster-away": () =>
        during(
          () => cluster.refuse(),
          () => this.#sound(worker),
        ),
      "cluster-silent": () =>
        during(
          () => cluster.judge(() => ({ kind: "hold" })),
          () => this.#sound(worker),
        ),
      "old-lists": () =>
        during(
          () => cluster.judge((call) => (isList(call) ? this.#oldList(worker) : this.#judge(call, worker))),
          () => this.#sound(worker),
        ),
      "watches-cut": async () => cluster.cutWatches(),
      "watches-frozen": () =>
        during(
          () => cluster.freezeWatches(),
          () => this.#sound(worker),
        ),
    };
    await faults[what]();
  }

  /** Two such faults at once would be one whose end is the other's. */
  async #redisDown(fault: () => Promise<void>): Promise<void> {
    if (this.#redisIsDown) return;
    this.#redisIsDown = true;
    await fault();
    this.#redisIsDown = false;
  }

  #oldList(worker: WorkerPlace): HttpFault {
    return { kind: "replay", after: this.#before.get(worker) ?? 0 };
  }

  async #sound(worker: WorkerPlace): Promise<void> {
    await worker.cluster.heal();
    if (!this.#over.signal.aborted) worker.cluster.judge((call) => this.#judge(call, worker));
  }

  async #judge({ method, path, body }: HttpCall, worker: WorkerPlace): Promise<HttpFault | undefined> {
    const subject = method === "GET" ? undefined : subjectOf(path, body);
    if (subject === undefined) return undefined;
    const replId = replOf(subject);
    const write = (this.#writes.get(replId) ?? 0) + 1;
    this.#writes.set(replId, write);
    const found = this.#planned.find((fault) => fault.replId === replId && fault.write === write);
    if (found === undefined) return undefined;
    this.#recorder.add({ type: "fault", what: `${found.fault} at write ${write} of ${replId}` });
    return this.#strike(found, worker);
  }

  async #strike({ fault, forMs }: PlannedWrite, { place }: WorkerPlace): Promise<HttpFault | undefined> {
    const die = async (): Promise<void> => {
      await place.kill();
      this.#keep(this.#pause(Math.min(forMs, 3_000)).then(() => place.fill()));
    };
    switch (fault) {
      case "die-before":
        await die();
        return { kind: "cut" };
      case "die-after":
        return { kind: "lose-reply", executed: die };
      case "freeze":
        place.freeze();
        this.#keep(this.#pause(forMs).then(() => place.thaw()));
        return undefined;
      case "late":
        return { kind: "delay", delayMs: forMs };
      case "lose-reply":
      case "cut":
        return { kind: fault };
      default:
        return ANSWERS[fault];
    }
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#over.signal }).catch(() => {});
  }

  /** A process that does not start again shows in `heal()`, which starts every one that is missing. */
  #keep(work: Promise<unknown>): void {
    const failed = (error: unknown) =>
      this.#recorder.add({ type: "fault", what: `could not be carried out: ${error}` });
    const kept: Promise<unknown> = work.catch(failed).finally(() => this.#underWay.delete(kept));
    this.#underWay.add(kept);
  }
}

/** Of a whole kind: an old read of one resource completes a stop before the resource has gone, which I10 forbids. */
const isList = ({ method, path, isWatch }: HttpCall) => method === "GET" && !isWatch && path.includes("?");

const status = (code: number, reason: string, message: string) => ({
  ...{ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" },
  ...{ reason, message, code },
});

/** Answers of an API server in trouble (kubernetes/apiserver and what stands before it). */
const ANSWERS = {
  "too-many-requests": {
    ...{ kind: "answer", status: 429, headers: { "retry-after": "1" } },
    body: "Too many requests, please try again later.\n",
  },
  "server-error": { kind: "answer", status: 500, body: status(500, "InternalError", "etcdserver: request timed out") },
  unavailable: { kind: "answer", status: 503, body: "upstream connect error\n" },
  timeout: {
    kind: "answer",
    status: 504,
    body: status(504, "Timeout", "request did not complete within the allotted timeout"),
  },
} as const satisfies Record<string, HttpFault>;
