import { waitFor } from "@repl/testkit";
import { insist } from "../clients/client.ts";
import type { Recorder } from "../record/recorder.ts";
import type { Installation } from "../service/installation.ts";

/** An order that was accepted. */
export interface Accepted {
  /** "start of kill-7" */
  readonly what: string;
  /** When its client was told, in ms since 1970. */
  readonly atMs: number;
}

/** Clients that each order one repl after the other. */
const LANES = 120;
const PATIENCE_MS = 300_000;

/** Clients that start repls, wait until each start has ended, and stop every second one. */
export class OrderingClients {
  /** By the job's id. */
  readonly accepted = new Map<string, Accepted>();
  /** What was last asked for each repl. */
  readonly wanted = new Map<string, "start" | "stop">();
  readonly #installation: Installation;
  readonly #recorder: Recorder;
  readonly #repls: number;
  readonly #stops: number;
  #next = 0;

  /** @param jobs so many orders in all. */
  constructor(installation: Installation, jobs: number, recorder: Recorder) {
    this.#installation = installation;
    this.#recorder = recorder;
    this.#repls = Math.ceil((jobs * 2) / 3);
    this.#stops = jobs - this.#repls;
  }

  /** Resolves when that share of all repls has been begun. */
  async reached(share: number): Promise<void> {
    await waitFor(() => this.#next >= share * this.#repls, {
      what: "the clients to have come so far",
      timeoutMs: PATIENCE_MS,
      intervalMs: 5,
    });
  }

  async all(): Promise<void> {
    await Promise.all(Array.from({ length: LANES }, () => this.#lane()));
  }

  async #lane(): Promise<void> {
    while (this.#next < this.#repls) {
      const number = this.#next;
      this.#next += 1;
      const replId = `kill-${number}`;
      await this.#ended(await this.#order("start", replId));
      if (number % 2 === 0 && number / 2 < this.#stops) await this.#order("stop", replId);
    }
  }

  async #order(kind: "start" | "stop", replId: string): Promise<string> {
    const order = { op: `${kind}-${replId}`, kind, replId, userId: replId, key: kind };
    const jobId = await insist(this.#installation.apis, order, this.#recorder, PATIENCE_MS);
    this.accepted.set(jobId, { what: `${kind} of ${replId}`, atMs: Date.now() });
    this.wanted.set(replId, kind);
    return jobId;
  }

  /** As a front end does: it asks any api process until the job has ended, or is known no more. */
  async #ended(jobId: string): Promise<void> {
    const { apis } = this.#installation;
    let tries = 0;
    await waitFor(
      async () => {
        tries += 1;
        const answer = await fetch(`${apis[tries % apis.length]?.url}/jobs/${jobId}?wait=5`);
        if (answer.status === 404) return true;
        return answer.ok && ((await answer.json()) as { finishedAt: string | null }).finishedAt;
      },
      { what: `job ${jobId} to end`, timeoutMs: PATIENCE_MS, intervalMs: 100 },
    );
  }
}
