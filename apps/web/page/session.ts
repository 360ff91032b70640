import { ApiError, hasEnded, type JobKind, mayPass, type ReplClient } from "repl-orchestrator-client";
import { complaintOf, type Field } from "./complaint.ts";
import type { Memory } from "./memory.ts";
import { NOTHING, type Store } from "./store.ts";

/** Whose a job is that nobody has put a name to, where the service runs without authentication. */
const ANONYMOUS = "anonymous";

/** What can be done on the page. Nothing here rejects. */
export interface Session {
  /** @param typed whether the name stands in its field, which is then to blame for what is wrong with it */
  start(replId: string, typed?: boolean): Promise<void>;
  stop(replId: string): Promise<void>;
  /** Puts a job on the screen and follows it; the one before goes on unseen. */
  show(jobId: string): Promise<void>;
  /** Reads the list again; an answer that is still to come may be of before, and is not waited for. */
  refresh(): Promise<void>;
  /** Another user is here: nothing of the last one's stays, unless the job is this user's as well. */
  changeUser(): Promise<void>;
  /** Reads the list, and picks up the job from before a reload. */
  open(): Promise<void>;
  /** Time has passed: reads the list and a place in the queue again. */
  tick(): void;
}

/** Follows one job at a time: browsers open only six connections to a host, and each follower holds one. */
export function createSession(client: ReplClient, store: Store, memory: Memory): Session {
  /** Ends with the user whose orders are under way. */
  let present = new AbortController();
  let following = new AbortController();
  /** Undefined while no list is being read. */
  let reading: AbortController | undefined;
  /** Where the job on the screen was lost. */
  let followAgain: (() => void) | undefined;

  const owner = () => (memory.token ? {} : { userId: memory.userId || undefined });
  /** Without authentication the service shows everybody's jobs to anybody; a token's user only the service knows. */
  const isAnothers = (userId: string) => !memory.token && userId !== (memory.userId || ANONYMOUS);

  /** Of a job that may not be shown. Another one that is still on the screen is followed no more. */
  const forget = (jobId: string) => {
    if (memory.job?.jobId === jobId) memory.job = undefined;
    store.update({ job: undefined });
  };

  const draw = async (jobId: string, startedAtMs: number | undefined, signal: AbortSignal) => {
    for await (const status of client.follow(jobId, { signal })) {
      store.update({ lost: undefined });
      if (isAnothers(status.userId)) return forget(jobId);
      const began = startedAtMs ?? Math.min(Date.now(), Date.parse(status.createdAt));
      store.update({ job: { status, startedAtMs: began } });
      if (hasEnded(status)) await session.refresh();
    }
  };

  const unfollow = () => {
    following.abort();
    following = new AbortController();
    followAgain = undefined;
    return following.signal;
  };

  const follow = async (jobId: string, startedAtMs?: number) => {
    const signal = unfollow();
    const failed = (error: unknown) => {
      const passes = mayPass(error);
      const complaint = complaintOf(error, []);
      store.update({ lost: passes ? complaint.text : undefined });
      if (passes) followAgain = () => void follow(jobId, startedAtMs);
      else if (error instanceof ApiError && error.code === "job_not_found") forget(jobId);
      else store.update({ refusal: complaint });
    };
    await draw(jobId, startedAtMs, signal).catch((error: unknown) => signal.aborted || failed(error));
  };

  const send = async (kind: JobKind, replId: string, signal: AbortSignal) => {
    const startedAtMs = Date.now();
    const { jobId, joined } = await client[kind](replId, { ...owner(), signal });
    if (signal.aborted) return;
    memory.job = { jobId, startedAtMs };
    void follow(jobId, joined ? undefined : startedAtMs);
    await session.refresh();
  };

  const order = async (kind: JobKind, replId: string, fields: readonly Field[] = ["userId"]) => {
    const { signal } = present;
    const asked = `Asking for the ${kind} of ${replId}…`;
    store.update({ asked, refusal: undefined });
    try {
      await send(kind, replId, signal);
    } catch (error) {
      if (!signal.aborted) store.update({ refusal: complaintOf(error, fields) });
    } finally {
      if (!signal.aborted && store.state.asked === asked) store.update({ asked: undefined });
    }
  };

  /** The job that is remembered, else one that is under way, unless another comes first. */
  const pickUp = async () => {
    const { job } = memory;
    if (job) void follow(job.jobId, job.startedAtMs);
    const { signal } = following;
    await session.refresh();
    const underWay = store.state.repls?.find(({ state }) => state === "starting" || state === "stopping");
    if (!job && underWay && !signal.aborted) void follow(underWay.job.jobId);
  };

  /** A place in the queue moves without an event. What happened to the job meanwhile is the events' to tell. */
  const readPlace = async () => {
    const asked = store.state.job;
    if (!asked?.status.queue) return;
    const now = await client.job(asked.status.jobId).catch(() => undefined);
    if (now?.queue && store.state.job === asked)
      store.update({ job: { ...asked, status: { ...asked.status, queue: now.queue } } });
  };

  const session: Session = {
    start: (replId, typed = false) => order("start", replId, typed ? ["replId", "userId"] : undefined),
    stop: (replId) => order("stop", replId),
    show: (jobId) => follow(jobId),
    async refresh() {
      reading?.abort();
      const mine = new AbortController();
      reading = mine;
      const answer = await client.repls({ ...owner(), signal: mine.signal }).then(
        (repls) => ({ repls, trouble: undefined }),
        (error: unknown) => ({ trouble: complaintOf(error, ["userId"]) }),
      );
      if (reading !== mine) return;
      reading = undefined;
      store.update(answer);
      if (answer.trouble === undefined) followAgain?.();
    },
    changeUser() {
      present.abort();
      present = new AbortController();
      unfollow();
      store.update(NOTHING);
      return pickUp();
    },
    open: pickUp,
    tick() {
      // A list that takes longer than the time between two ticks would never be there.
      if (reading) return;
      // What is wrong with the user stays so until it is changed.
      if (store.state.trouble?.field) return;
      void session.refresh();
      void readPlace();
    },
  };
  return session;
}
