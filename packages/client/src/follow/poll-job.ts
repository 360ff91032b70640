import type { Answer, Http, Request } from "../http/http.ts";
import { pause } from "../http/pause.ts";
import type { Timing } from "../http/timing.ts";
import { jobPath } from "../ids.ts";
import { hasEnded } from "../job-words.ts";
import type { JobStatus } from "../wire.ts";
import { hasNoSeat } from "./no-seat.ts";
import type { Patience } from "./patience.ts";

/** Shortest time between two polls whose answers came at once; the service's own Retry-After of a status is 1 s. */
const PACE_MS = 1_000;

/**
 * A job's statuses, each change once, until it has ended. The first poll is answered at once; the others wait for a change,
 * unless too many clients do so already.
 * @throws what requests throw, once waiting does not help
 */
export async function* pollJob(
  http: Http,
  jobId: string,
  patience: Patience,
  timing: Timing,
  signal: AbortSignal,
): AsyncGenerator<JobStatus> {
  let etag: string | null = null;
  let longestMs = timing.pollMs;
  while (true) {
    const askedAt = performance.now();
    try {
      const { headers, body }: Answer<JobStatus> = await http.read(pollOf(jobId, etag, longestMs, timing, signal));
      patience.succeeded();
      etag = headers.get("etag") ?? etag;
      if (body !== undefined) yield body;
      if (body !== undefined && hasEnded(body)) return;
    } catch (error) {
      if (hasNoSeat(error) && longestMs > 0) longestMs = 0;
      else await patience.failed(error);
    }
    await pause(Math.max(0, askedAt + PACE_MS - performance.now()), signal);
  }
}

function pollOf(jobId: string, etag: string | null, longestMs: number, timing: Timing, signal: AbortSignal): Request {
  const waitMs = etag === null ? 0 : longestMs;
  const wait = waitMs > 0 ? `?wait=${Math.ceil(waitMs / 1_000)}` : "";
  return {
    path: `${jobPath(jobId)}${wait}`,
    headers: etag === null ? {} : { "if-none-match": etag },
    timeoutMs: waitMs + timing.requestTimeoutMs,
    signal,
  };
}
