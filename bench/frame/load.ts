import { createHistogram, type Histogram, type RecordableHistogram } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { type Connection, type LoadRequest, openConnection } from "./connection.ts";

/** A load on one address. */
export interface Load {
  readonly url: string;
  readonly method: "GET" | "POST";
  /** Requests under way at the same time at the most, each on a connection of its own. */
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second, evenly spread; left out: the next one follows each answer. */
  readonly rate?: number;
  /** Path, headers and body of the next request. */
  readonly next: () => LoadRequest;
}

/** What became of a load. */
export interface LoadResult {
  /** Answered as hoped, a second. */
  readonly rate: number;
  /** Answered as hoped. */
  readonly count: number;
  /** With a `rate`, from the time at which the request was due, so that a stall counts for all that waited (us). */
  readonly latency: Histogram;
}

/** The latency, in ms, that so many percent of all requests of these loads did not exceed. */
export function latencyMs(loads: readonly LoadResult[], percent: number): number {
  const all = createHistogram();
  for (const { latency } of loads) all.add(latency as RecordableHistogram);
  return all.percentile(percent) / 1_000;
}

/**
 * Sends requests for a while and waits for the last answer.
 * @throws Error when any request was not answered with 2xx
 */
export async function load(options: Load): Promise<LoadResult> {
  const { url, method, connections, seconds, rate } = options;
  await using pool = await openPool(url, method, connections);
  const latency = createHistogram();
  const send = senderOf(pool, options, latency);
  const since = performance.now();
  if (rate === undefined) await repeat(send, connections, since + seconds * 1_000);
  else await spread(send, rate, since, seconds);
  const ms = performance.now() - since;
  return { rate: (latency.count / ms) * 1_000, count: latency.count, latency };
}

/** Sends the next request; its latency counts from `due` (`performance.now()`). */
type Send = (due: number) => Promise<void>;

function senderOf(pool: Pool, { url, next }: Load, latency: RecordableHistogram): Send {
  const exchange = (connection: Connection, due: number) =>
    new Promise<void>((resolve, reject) => {
      connection.send(next(), (status, answer) => {
        pool.give(connection);
        if (status instanceof Error) return reject(status);
        if (status < 200 || status > 299) return reject(new Error(`${url} answered ${answer}`));
        latency.record(Math.max(1, Math.round((performance.now() - due) * 1_000)));
        resolve();
      });
    });
  return async (due) => exchange(pool.take() ?? (await pool.freed()), due);
}

/** Connections that are used one request at a time. */
interface Pool extends AsyncDisposable {
  /** One that is free, if any. */
  take(): Connection | undefined;
  /** The next one that becomes free; who asked first is served first. */
  freed(): Promise<Connection>;
  give(connection: Connection): void;
}

async function openPool(url: string, method: string, connections: number): Promise<Pool> {
  const all = await Promise.all(Array.from({ length: connections }, () => openConnection(url, method)));
  const free = [...all];
  const waiting: ((connection: Connection) => void)[] = [];
  return {
    take: () => free.pop(),
    freed: () => new Promise((resolve) => waiting.push(resolve)),
    give(connection) {
      const first = waiting.shift();
      if (first === undefined) free.push(connection);
      else first(connection);
    },
    async [Symbol.asyncDispose]() {
      for (const connection of all) connection.close();
    },
  };
}

async function repeat(send: Send, connections: number, until: number): Promise<void> {
  const client = async () => {
    for (let now = performance.now(); now < until; now = performance.now()) await send(now);
  };
  await Promise.all(Array.from({ length: connections }, client));
}

/**
 * Timers have a millisecond; whatever became due within it is sent at once. No request is kept, since collecting them
 * would be a pause of this process, and so of those that share its processor.
 */
async function spread(send: Send, rate: number, since: number, seconds: number): Promise<void> {
  const count = Math.round(rate * seconds);
  const failures: unknown[] = [];
  let [sent, answered] = [0, 0];
  const answer = () => {
    answered += 1;
  };
  const fail = (error: unknown) => {
    answered += 1;
    failures.push(error);
  };
  while (answered < count) {
    const dueNow = Math.min(count, Math.floor(((performance.now() - since) / 1_000) * rate) + 1); // The first one at once.
    for (; sent < dueNow; sent += 1) send(since + (sent / rate) * 1_000).then(answer, fail);
    await delay(1);
  }
  if (failures.length > 0) throw failures[0];
}
