import { ApiError, hasEnded, type JobAccepted, type ReplClient } from "repl-orchestrator-client";
import type { Memory } from "./memory.ts";
import type { Store } from "./store.ts";

/** How often the list is read again while the page can be seen. */
const REFRESH_MS = 5_000;

/** What can be done on the page. Nothing here rejects, but for a start whose name is not valid. */
export interface Session {
  /** @throws ApiError where a field of the request is to blame */
  start(replId: string): Promise<void>;
  stop(replId: string): Promise<void>;
  /** Puts a job on the screen and follows it; the one before goes on unseen. */
  show(jobId: string): Promise<void>;
  refresh(): Promise<void>;
  /** Picks up the job from before a reload, and keeps the list fresh from now on. */
  open(): Promise<void>;
}

/** Follows one job at a time: browsers open only six connections to a host, and each follower holds one. */
export function createSession(client: ReplClient, store: Store, memory: Memory): Session {
  let following = new AbortController();
  let newest = 0;

  const owner = () => (memory.token ? {} : { userId: memory.userId || undefined });

  const forget = (jobId: string) => {
    if (memory.job?.jobId === jobId) memory.job = undefined;
    if (store.state.job?.status.jobId === jobId) store.update({ job: undefined });
  };

  const draw = async (jobId: string, startedAtMs: number | undefined, signal: AbortSignal) => {
    for await (const status of client.follow(jobId, { signal })) {
      const began = startedAtMs ?? Math.min(Date.now(), Date.parse(status.createdAt));
      store.update({ job: { status, startedAtMs: began } });
      if (hasEnded(status)) await session.refresh();
    }
  };

  const follow = async (jobId: string, startedAtMs?: number) => {
    following.abort();
    following = new AbortController();
    const { signal } = following;
    try {
      await draw(jobId, startedAtMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.code === "job_not_found") forget(jobId);
      else store.update({ refusal: textOf(error) });
    }
  };

  const order = async (send: () => Promise<JobAccepted>) => {
    const startedAtMs = Date.now();
    try {
      const { jobId, joined } = await send();
      memory.job = { jobId, startedAtMs };
      store.update({ refusal: undefined });
      void follow(jobId, joined ? undefined : startedAtMs);
      await session.refresh();
    } catch (error) {
      if (error instanceof ApiError && error.errors.length > 0) throw error;
      store.update({ refusal: textOf(error) });
    }
  };

  const session: Session = {
    start: (replId) => order(() => client.start(replId, owner())),
    stop: (replId) => order(() => client.stop(replId, owner())),
    show: (jobId) => follow(jobId),
    async refresh() {
      newest += 1;
      const turn = newest;
      const answer = await client.repls(owner()).then(
        (repls) => ({ repls, trouble: undefined }),
        (error: unknown) => ({ trouble: textOf(error) }),
      );
      // Answers may overtake each other.
      if (turn === newest) store.update(answer);
    },
    async open() {
      const { job } = memory;
      if (job) void follow(job.jobId, job.startedAtMs);
      await session.refresh();
      const underWay = store.state.repls.find(({ state }) => state === "starting" || state === "stopping");
      if (!job && underWay) void follow(underWay.job.jobId);
      setInterval(() => !document.hidden && void session.refresh(), REFRESH_MS);
      document.addEventListener("visibilitychange", () => !document.hidden && void session.refresh());
    },
  };
  return session;
}

function textOf(error: unknown): string {
  if (error instanceof ApiError && error.status === 401)
    return "This service asks for an access token: see “Who you are”.";
  return error instanceof Error ? error.message : String(error);
}
