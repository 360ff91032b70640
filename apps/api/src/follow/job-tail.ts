import type { JobRecord } from "@repl/contract";
import type { JobFeed } from "./job-feed.ts";
import { isNewer, type Revision } from "./revision.ts";

/**
 * One client's view of one job: the newest record it has not seen. A client that reads slowly skips what lies between,
 * so that it costs one record of memory at most.
 */
export interface JobTail {
  /** Leaves out records up to this one, which the client knows already. */
  skipTo(known: Revision): void;
  /** Offers a record that was read elsewhere; older ones than those seen are ignored. */
  offer(record: JobRecord): void;
  /** The next newer record, or why there is none: nothing came for so long, or nothing will come any more. */
  next(timeoutMs: number): Promise<JobRecord | "silent" | "ended">;
  /** Stops following; a pending `next` becomes "ended". */
  stop(): void;
}

/** Follows a job from now on. */
export function tailJob(feed: JobFeed, jobId: string): JobTail {
  let seen: Revision = { version: 0, changedAt: 0 };
  let newest: JobRecord | undefined;
  let ended = false;
  let wake = () => {};

  const take = (): JobRecord | "silent" | "ended" => {
    const record = newest;
    newest = undefined;
    return record ?? (ended ? "ended" : "silent");
  };
  const offer = (record: JobRecord) => {
    if (!isNewer(record, seen)) return;
    seen = record;
    newest = record;
    wake();
  };
  const end = () => {
    ended = true;
    wake();
  };
  const unfollow = feed.follow(jobId, { changed: offer, ended: end });

  return {
    skipTo(known) {
      if (isNewer(known, seen)) seen = known;
      if (newest !== undefined && !isNewer(newest, known)) newest = undefined;
    },
    offer,
    next(timeoutMs) {
      if (newest !== undefined || ended) return Promise.resolve(take());
      return new Promise((resolve) => {
        const timer = setTimeout(() => wake(), timeoutMs);
        wake = () => {
          clearTimeout(timer);
          wake = () => {};
          resolve(take());
        };
      });
    },
    stop() {
      unfollow();
      end();
    },
  };
}
