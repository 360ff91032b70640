import type { EventOf, History, JobSeen, ObjectSeen } from "../history/history.ts";
import {
  eventsOf,
  healedAt,
  jobTimelines,
  nameOf,
  type Operation,
  OURS,
  operationsOf,
  subjectOf,
  TERMINAL,
} from "../history/views.ts";
import type { Check } from "../invariant.ts";

/** I5: after healing, everything comes to rest within its time. */
export const liveness: Check = (history) => {
  const { setup, end } = history;
  if (!end.rested) {
    const open = end.jobs.filter(({ state }) => !TERMINAL.has(state)).map(nameOf);
    return [`no rest within ${setup.convergeMs} ms after healing${open.length > 0 ? `: ${open.join("; ")}` : ""}`];
  }
  const rest = eventsOf(history, "rest")[0];
  if (rest === undefined) return ["no rest was seen"];
  const tookMs = rest.at - healedAt(history);
  return tookMs > setup.convergeMs ? [`rest came ${Math.round(tookMs)} ms after healing`] : [];
};

/**
 * I8: a repl is what was asked for last. An operation may be the last one if no other that was answered began after it
 * had been answered; one without an answer may have taken effect at any time, or never.
 */
export const intentOrder: Check = (history) => {
  if (history.setup.lossy) return [];
  // What is asked once more at rest follows from what the service believes, and says nothing about it.
  const endsAt = eventsOf(history, "again")[0]?.at ?? Number.POSITIVE_INFINITY;
  const orders = operationsOf(history).filter(
    ({ invoke, answer }) => invoke.kind !== "keepalive" && invoke.at < endsAt && hasEffect(answer),
  );
  const ordersOf = Map.groupBy(orders, ({ invoke }) => invoke.replId);
  const jobsOf = Map.groupBy(eventsOf(history, "job"), ({ job }) => job.replId);
  const objectsOf = Map.groupBy(history.end.objects, ({ replId }) => replId);
  return history.end.intents.flatMap((intent) => {
    const { replId } = intent;
    const own = ordersOf.get(replId) ?? [];
    const last = own.filter((order) => mayBeLast(order, own));
    const allowed = new Set(last.flatMap((order) => outcomesOf(order, jobsOf.get(replId) ?? [])));
    const found =
      last.length === 0 || allowed.has(intent.desired)
        ? []
        : [
            `${intent.replId} is ${intent.desired}, and was last asked to ${last.map(({ invoke }) => invoke.kind).join(" or ")}`,
          ];
    return [...found, ...absentThoughRunning(intent, objectsOf.get(replId) ?? [], history.setup.kinds[0])];
  });
};

type Intent = History["end"]["intents"][number];

function absentThoughRunning(
  { replId, desired, lastState }: Intent,
  own: readonly ObjectSeen[],
  workload: string | undefined,
): string[] {
  if (desired !== "running" || lastState === "failed") return [];
  const isThere = own.some(({ managedBy, kind, ready }) => managedBy === OURS && kind === workload && ready);
  return isThere ? [] : [`${replId} is meant to run and does not`];
}

function hasEffect(answer: Operation["answer"]): boolean {
  return answer?.type !== "fail" && !(answer?.type === "ok" && answer.replayed === true);
}

function mayBeLast({ answer }: Operation, own: readonly Operation[]): boolean {
  if (answer?.type !== "ok") return true;
  return !own.some((other) => other.answer?.type === "ok" && other.invoke.at > answer.at);
}

function outcomesOf({ invoke, answer }: Operation, jobs: readonly EventOf<"job">[]): string[] {
  if (invoke.kind === "stop") return ["stopped"];
  const since = invoke.at;
  const jobId = answer?.type === "ok" ? answer.jobId : undefined;
  const failed = jobs.some(
    ({ job }) => job.kind === "start" && job.state === "failed" && (jobId === undefined || job.jobId === jobId),
  );
  // A later repair may fail as well, and the service stops on its own what nobody uses.
  const service = jobs.some(({ at, job }) => at >= since && endedByService(job));
  return failed || service ? ["running", "stopped"] : ["running"];
}

function endedByService({ reason, state }: EventOf<"job">["job"]): boolean {
  return reason === "idle" || (reason === "repair" && state === "failed");
}

/** Failures that a repl's own pods or names cause. */
const OWN_FAILURES = new Set([
  ...["image_pull_failed", "container_crash_loop", "out_of_memory", "copy_failed", "config_error"],
  ...["unschedulable", "quota_exceeded", "pod_refused", "evicted", "resource_conflict"],
]);

/** Where Redis has lost whose a repl is, its name is free, and the cluster refuses the next user the first one's resources. */
function metForgotten({ errorCode, replId, userId }: JobSeen, { setup, events }: History): boolean {
  if (!setup.lossy || errorCode !== "resource_conflict") return false;
  return events.some((event) => event.type === "object" && isAnothers(event.object, replId, userId));
}

function isAnothers(object: ObjectSeen, replId: string, userId: string): boolean {
  return object.replId === replId && object.user !== userId;
}

/** I11: what befalls one repl does not befall another, and nobody reaches another user's. */
export const isolation: Check = (history) => {
  const troubled = new Set(history.setup.troubled);
  const jobs = [...jobTimelines(history).values()].flatMap((seen) => seen.at(-1)?.job ?? []);
  const infected = jobs.filter(
    (job) => !troubled.has(job.replId) && OWN_FAILURES.has(job.errorCode) && !metForgotten(job, history),
  );
  const byId = new Map(jobs.map((job) => [job.jobId, job]));
  const reached = operationsOf(history).filter(({ invoke, answer }) => {
    const owner = answer?.type === "ok" && answer.jobId !== undefined ? byId.get(answer.jobId)?.userId : undefined;
    return owner !== undefined && owner !== invoke.userId;
  });
  const shared = [...Map.groupBy(jobs, ({ replId }) => replId)].filter(
    ([, own]) => new Set(own.filter(({ kind }) => kind === "start").map(({ userId }) => userId)).size > 1,
  );
  const crossed = eventsOf(history, "call").filter(({ run, subject }) => {
    const replId = byId.get(run?.split("#")[0] ?? "")?.replId;
    const name = subject.split("/")[2] ?? "";
    return replId !== undefined && name !== replId && !name.startsWith(`${replId}-`);
  });
  return [
    ...infected.map((job) => `the ${nameOf(job)} failed with ${job.errorCode}, though nothing ailed it`),
    ...reached.map(({ invoke }) => `${invoke.userId} reached a job of another user for ${invoke.replId}`),
    ...(history.setup.lossy ? [] : shared.map(([replId]) => `${replId} was started for more than one user`)),
    ...crossed.map(({ run, subject }) => `the run ${run} wrote ${subject}`),
  ];
};

/** I13: to ask again for what is there writes nothing. What is of a generation that Redis has forgotten is put back. */
export const idempotence: Check = (history) => {
  const again = eventsOf(history, "again")[0];
  if (again === undefined) return [];
  const writes = eventsOf(history, "call").filter(
    ({ at, status, by }) => at >= again.at && status < 300 && by !== "kubectl",
  );
  const forgotten = history.setup.lossy ? setBackSince(history, again.at) : new Set<string>();
  const unasked = writes.filter(({ verb, subject }) => verb !== "update" || !forgotten.has(subject));
  return unasked.map(({ verb, subject }) => `asked once more, it made a ${verb} of ${subject}`);
};

/** Resources whose generation has gone back since then, as subjects of calls. */
function setBackSince(history: History, since: number): Set<string> {
  const generations = new Map<string, number>();
  const back = new Set<string>();
  for (const { at, object } of eventsOf(history, "object")) {
    const subject = subjectOf(object);
    if (at >= since && object.generation < (generations.get(subject) ?? 0)) back.add(subject);
    generations.set(subject, object.generation);
  }
  return back;
}
