import { ApiError, hasEnded, type JobKind, type ReplClient } from "repl-orchestrator-client";
import type { Memory } from "./memory.ts";
import type { Store } from "./store.ts";

/** How often the list and a place in the queue are read again while the page can be seen. */
const REFRESH_MS = 5_000;

/** What can be done on the page. Nothing here rejects, but for a start whose name is not valid. */
export interface Session {
  /** @throws ApiError where a field of the request is to blame */
  start(replId: string): Promise<void>;
  stop(replId: string): Promise<void>;
  /** Puts a job on the screen and follows it; the one before goes on unseen. */
  show(jobId: string): Promise<void>;
  /** Reads the list again. */
  refresh(): Promise<void>;
  /** Another user is here: nothing of the last one's list stays. */
  changeUser(): Promise<void>;
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

  const order = async (kind: JobKind, replId: string) => {
    const startedAtMs = Date.now();
    const asked = `Asking for the ${kind} of ${replId}…`;
    store.update({ asked, refusal: undefined });
    try {
      const { jobId, joined } = await client[kind](replId, owner());
      memory.job = { jobId, startedAtMs };
      void follow(jobId, joined ? undefined : startedAtMs);
      await session.refresh();
    } catch (error) {
      if (error instanceof ApiError && error.errors.length > 0) throw error;
      store.update({ refusal: textOf(error) });
    } finally {
      if (store.state.asked === asked) store.update({ asked: undefined });
    }
  };

  /** A place in the queue moves without an event. What happened to the job meanwhile is the events' to tell. */
  const readPlace = async () => {
    const asked = store.state.job;
    if (!asked?.status.queue) return;
    const now = await client.job(asked.status.jobId).catch(() => undefined);
    if (now?.queue && store.state.job === asked)
      store.update({ job: { ...asked, status: { ...asked.status, queue: now.queue } } });
  };
  const tick = () => {
    if (document.hidden) return;
    void session.refresh();
    void readPlace();
  };

  const session: Session = {
    start: (replId) => order("start", replId),
    stop: (replId) => order("stop", replId),
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
    changeUser() {
      store.update({ repls: undefined });
      return session.refresh();
    },
    async open() {
      const { job } = memory;
      if (job) void follow(job.jobId, job.startedAtMs);
      await session.refresh();
      const underWay = store.state.repls?.find(({ state }) => state === "starting" || state === "stopping");
      if (!job && underWay) void follow(underWay.job.jobId);
      setInterval(tick, REFRESH_MS);
      document.addEventListener("visibilitychange", tick);
    },
  };
  return session;
}

function textOf(error: unknown): string {
  if (error instanceof ApiError && error.status === 401)
    return "This service asks for an access token: see “Who you are”.";
  return error instanceof Error ? error.message : String(error);
}
