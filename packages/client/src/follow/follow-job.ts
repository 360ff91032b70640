import { ConnectionError } from "../errors.ts";
import type { Http } from "../http/http.ts";
import type { Timing } from "../http/timing.ts";
import { hasEnded } from "../job-words.ts";
import type { JobStatus } from "../wire.ts";
import { hasNoSeat } from "./no-seat.ts";
import { createPatience, type Patience } from "./patience.ts";
import { pollJob } from "./poll-job.ts";
import { type Position, StreamingImpossible, streamJob } from "./stream-job.ts";

/**
 * A job's status now and with every change, the last one being how it ended. Survives lost connections and restarts of
 * the service; where event streams do not get through, it polls.
 * @throws what requests throw; what may pass by itself, after too many failures in a row
 */
export async function* followJob(
  http: Http,
  jobId: string,
  timing: Timing,
  signal: AbortSignal,
): AsyncGenerator<JobStatus> {
  const patience = createPatience(timing, signal);
  let last = "";
  for await (const status of statusesOf(http, jobId, patience, timing, signal)) {
    // The first status of a further connection, or of a poll, may be the one known already.
    const text = JSON.stringify(status);
    if (text === last) continue;
    last = text;
    yield status;
    if (hasEnded(status)) return;
  }
}

async function* statusesOf(
  http: Http,
  jobId: string,
  patience: Patience,
  timing: Timing,
  signal: AbortSignal,
): AsyncGenerator<JobStatus> {
  try {
    yield* streamsOf(http, jobId, patience, timing, signal);
  } catch (error) {
    if (!(error instanceof StreamingImpossible || hasNoSeat(error))) throw error;
    yield* pollJob(http, jobId, patience, timing, signal);
  }
}

/** One connection after the other, until the consumer has what it wants. */
async function* streamsOf(
  http: Http,
  jobId: string,
  patience: Patience,
  timing: Timing,
  signal: AbortSignal,
): AsyncGenerator<JobStatus> {
  const position: Position = { jobId, lastEventId: undefined, retryMs: undefined };
  while (true) {
    const openedAt = performance.now();
    let failure: unknown = new ConnectionError("The event stream ended before the job did.");
    try {
      for await (const status of streamJob(http, position, timing, signal)) {
        patience.succeeded();
        yield status;
      }
    } catch (error) {
      if (error instanceof StreamingImpossible || hasNoSeat(error)) throw error;
      failure = error;
    }
    // Proxies end streams after a while, whether or not anything has happened in them.
    if (performance.now() - openedAt > timing.firstByteMs) patience.succeeded();
    if (position.retryMs !== undefined) patience.startFrom(position.retryMs);
    await patience.failed(failure);
  }
}
