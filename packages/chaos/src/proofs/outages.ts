import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "@repl/testkit";
import { insist } from "../clients/client.ts";
import { Recorder } from "../record/recorder.ts";
import { type Installation, startInstallation } from "../service/installation.ts";
import type { Target } from "../target/target.ts";

/** A dependency, and how it goes and comes back. */
interface Outage {
  readonly name: string;
  readonly begin: (installation: Installation) => unknown;
  readonly end: (installation: Installation) => unknown;
  /** Whose readiness depends on it. */
  readonly unready: readonly ("api" | "worker")[];
}

const OUTAGES: readonly Outage[] = [
  {
    name: "Redis dead",
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.restart(),
    unready: ["api", "worker"],
  },
  {
    name: "Redis frozen",
    begin: ({ redis }) => redis.pause(),
    end: ({ redis }) => redis.resume(),
    unready: ["api", "worker"],
  },
  {
    name: "Redis half-open",
    begin: ({ redisLink }) => redisLink.set("both", { hold: true }),
    end: ({ redisLink }) => redisLink.heal(),
    unready: ["api", "worker"],
  },
  {
    name: "API server dead",
    begin: ({ workers }) => {
      for (const { cluster } of workers) cluster.refuse();
    },
    end: ({ workers }) => Promise.all(workers.map(({ cluster }) => cluster.heal())),
    unready: ["worker"],
  },
  {
    name: "API server frozen",
    begin: ({ workers }) => {
      for (const { cluster } of workers) {
        cluster.freezeWatches();
        cluster.judge(() => ({ kind: "hold" }));
      }
    },
    end: ({ workers }) => Promise.all(workers.map(({ cluster }) => cluster.heal())),
    unready: ["worker"],
  },
];

/** What was seen of one outage. Times in ms; infinite where it never came. */
export interface OutageReport {
  readonly name: string;
  readonly requests: number;
  readonly slowestMs: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** From its beginning until every process that depends on it is unready, and from its end until all are ready. */
  readonly redMs: number;
  readonly greenMs: number;
  /** From its end until a start that was ordered then is completed. */
  readonly resumedMs: number;
}

/** Longest that an outage lasts: it has to be told before. */
const LONGEST_MS = 12_000;
const CLIENTS = 8;

/**
 * Takes each dependency away in turn, until every process that depends on it has said so and at least for `leastMs`, and
 * measures what clients and operators see.
 */
export async function runOutages(target: Target, leastMs: number): Promise<OutageReport[]> {
  await using installation = await startInstallation({
    ...{ target, apis: 1, workers: 2 },
    workerEnv: { LEASE_SECONDS: "2", SWEEP_INTERVAL_SECONDS: "5" },
  });
  const reports: OutageReport[] = [];
  for (const [index, outage] of OUTAGES.entries()) reports.push(await surviveOne(outage, index, leastMs, installation));
  return reports;
}

async function surviveOne(
  outage: Outage,
  index: number,
  leastMs: number,
  installation: Installation,
): Promise<OutageReport> {
  const { apis, workers } = installation;
  const recorder = new Recorder();
  const url = apis[0]?.url ?? "";
  const jobId = await insist(apis, orderOf(`before-${index}`), recorder);
  const clients = new Clients(url, jobId, `during-${index}`);
  const dependents = [...(outage.unready.includes("api") ? apis : []), ...workers].map(({ opsUrl }) => opsUrl);

  await outage.begin(installation);
  const begun = performance.now();
  const asking = clients.run();
  const redMs = await since(begun, () => all(dependents, isRed), LONGEST_MS);
  await delay(Math.max(0, begun + leastMs - performance.now()));
  await outage.end(installation);
  const ended = performance.now();
  const resumed = resume(installation, `after-${index}`, ended);
  const greenMs = await since(ended, () => all(dependents, isGreen), 60_000);
  clients.stop();
  await asking;
  const { requests, slowestMs, statuses } = clients;
  return { name: outage.name, requests, slowestMs, statuses, redMs, greenMs, resumedMs: await resumed };
}

const orderOf = (replId: string) => ({ op: `start-${replId}`, kind: "start", replId, userId: "owner" }) as const;

/** A start that is ordered as soon as it is accepted again; from the outage's end to its own, by Redis' clock. */
async function resume({ apis, redis, prefix }: Installation, replId: string, endedAt: number): Promise<number> {
  // Somebody else's: the clients' own orders of the whole outage come first among their own.
  const jobId = await insist(apis, { ...orderOf(replId), userId: "another" }, new Recorder());
  return since(
    endedAt,
    async () => (await redis.command("HGET", `${prefix}:job:${jobId}`, "state")) === "completed",
    60_000,
  );
}

/** From then until it is so. */
async function since(beganAt: number, isSo: () => Promise<boolean>, timeoutMs: number): Promise<number> {
  return waitFor(isSo, { what: "it to be so", timeoutMs, intervalMs: 50 }).then(
    () => performance.now() - beganAt,
    () => Number.POSITIVE_INFINITY,
  );
}

async function all(urls: readonly string[], holds: (status: number) => boolean): Promise<boolean> {
  const statuses = await Promise.all(urls.map(async (url) => (await fetch(`${url}/readyz`)).status));
  return statuses.every(holds);
}

const isRed = (status: number) => status === 503;
const isGreen = (status: number) => status === 200;

/** Clients that use every public route all the time, and note each answer. */
class Clients {
  readonly #url: string;
  readonly #jobId: string;
  readonly #name: string;
  readonly #over = new AbortController();
  readonly statuses: Record<number, number> = {};
  requests = 0;
  slowestMs = 0;

  constructor(url: string, jobId: string, name: string) {
    this.#url = url;
    this.#jobId = jobId;
    this.#name = name;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => this.#client(client)));
  }

  stop(): void {
    this.#over.abort();
  }

  async #client(client: number): Promise<void> {
    while (!this.#over.signal.aborted) {
      const replId = `${this.#name}-${client}`;
      const order = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ userId: "owner", replId }),
      };
      await this.#ask("/start", order);
      await this.#ask(`/jobs/${this.#jobId}`);
      await this.#ask(`/repls/${replId}`);
      await this.#ask("/repls?userId=owner");
      await this.#ask("/stop", order);
      await delay(50);
    }
  }

  async #ask(path: string, request: RequestInit = {}): Promise<void> {
    const began = performance.now();
    const { status } = await fetch(this.#url + path, request).catch(() => ({ status: 0 }));
    this.slowestMs = Math.max(this.slowestMs, performance.now() - began);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    this.requests += 1;
  }
}
