import type { EventOf, History, JobSeen } from "../history/history.ts";
import { eventsOf, jobTimelines, nameOf, type Operation, operationsOf, TERMINAL } from "../history/views.ts";
import type { Check } from "../invariant.ts";

/** I3: every job that was accepted has ended. */
export const noLostAccept: Check = (history) => {
  if (history.setup.lossy) return [];
  const jobs = new Map(history.end.jobs.map((job) => [job.jobId, job]));
  const accepted = new Set(eventsOf(history, "ok").flatMap(({ jobId }) => jobId ?? []));
  return [...accepted].flatMap((jobId) => {
    const job = jobs.get(jobId);
    if (job === undefined) return [`the accepted job ${jobId} is unknown`];
    return TERMINAL.has(job.state) ? [] : [`the ${nameOf(job)} is still ${job.state}`];
  });
};

/** I4: every job was asked for, once; what was refused made none; and every resource belongs to a job. */
export const noPhantom: Check = (history) => {
  const operations = new Map(operationsOf(history).map((operation) => [operation.invoke.op, operation]));
  const jobs = everyJob(history);
  const unasked = jobs.flatMap((job) => unaskedFor(job, operations.get(job.requestId)));
  if (history.setup.lossy) return unasked;
  const orderOf = ({ requestId, replId, userId }: JobSeen) => {
    const key = operations.get(requestId)?.invoke.key;
    return key === undefined ? requestId : `${userId} ${replId} key ${key}`;
  };
  const asked = jobs.filter(({ requestId }) => requestId !== "sweep");
  const doubled = [...Map.groupBy(asked, orderOf)].filter(([, made]) => made.length > 1);
  return [
    ...unasked,
    ...doubled.map(([order, made]) => `${made.length} jobs were made for one order (${order})`),
    ...strayResources(history),
  ];
};

/** As it was first seen; a job of which nobody heard while Redis was away, as it was at the end. */
function everyJob(history: History): JobSeen[] {
  const jobs = new Map(history.end.jobs.map((job) => [job.jobId, job]));
  for (const [jobId, seen] of jobTimelines(history)) if (seen[0]) jobs.set(jobId, seen[0].job);
  return [...jobs.values()];
}

function unaskedFor(job: JobSeen, operation: Operation | undefined): string[] {
  if (job.requestId === "sweep" && job.reason !== "requested") return [];
  const { invoke, answer } = operation ?? {};
  if (invoke?.replId !== job.replId || invoke.kind !== job.kind) return [`nobody asked for the ${nameOf(job)}`];
  return answer?.type === "fail" ? [`the ${nameOf(job)} was made by a request that was refused`] : [];
}

function strayResources(history: History): string[] {
  const known = new Set(everyJob(history).map(({ replId, generation }) => `${replId} ${generation}`));
  const stray = eventsOf(history, "object").filter(
    ({ object, by, change }) =>
      change === "added" && by !== "kubectl" && !known.has(`${object.replId} ${object.generation}`),
  );
  return stray.map(({ object }) => `no job made ${object.kind} ${object.name} of generation ${object.generation}`);
}

const NEXT: Readonly<Record<string, readonly string[]>> = {
  queued: ["queued", "active", "cancelled"],
  active: ["active", "queued", "retrying", "completed", "failed", "cancelled"],
  retrying: ["active", "cancelled"],
};

/**
 * I9: a job's state and its progress within an attempt only go forward, and an ended one never changes. Between two
 * changes a third may have been missed while Redis was away: the version tells, and then what it did is not known.
 */
export const monotoneState: Check = (history) => {
  if (history.setup.lossy) return [];
  return [...jobTimelines(history).values()].flatMap((seen) =>
    seen.flatMap(({ job }, at) => {
      const before = seen[at - 1]?.job;
      const step = before && backwardStep(before, job);
      return step === undefined ? [] : [`the ${nameOf(job)} went from ${step}`];
    }),
  );
};

function backwardStep(before: JobSeen, job: JobSeen): string | undefined {
  const isSeamless = job.version === before.version + 1;
  const isPossible = isSeamless ? NEXT[before.state]?.includes(job.state) : !TERMINAL.has(before.state);
  if (!isPossible) return `${before.state} to ${job.state}`;
  if (job.version <= before.version) return `version ${before.version} to ${job.version}`;
  if (job.made < before.made) return `attempt ${before.made} to ${job.made}`;
  const isSameAttempt = job.begunAt === before.begunAt && job.state === "active" && before.state === "active";
  return isSameAttempt && job.progress < before.progress ? `${before.progress} to ${job.progress} percent` : undefined;
}

const SLACK_MS = 5;
/** Tries until the pause between two of them is a second at least. */
const UNPACED = 6;

/** I14: no more attempts than allowed, pauses between them, Retry-After honoured, and few writes. */
export const boundedRetries: Check = (history) => {
  const { setup, end } = history;
  const tooMany = end.jobs.filter(({ made }) => made > setup.maxAttempts);
  return [
    ...tooMany.map((job) => `the ${nameOf(job)} had ${job.made} attempts`),
    ...(setup.lossy ? [] : hurriedAttempts(history)),
    ...hurriedWrites(history),
    ...manyWrites(history),
  ];
};

function hurriedAttempts(history: History): string[] {
  return [...jobTimelines(history).values()].flatMap((seen) =>
    seen.flatMap((event, at) => {
      const before = seen[at - 1];
      if (before?.job.state !== "retrying" || event.job.state !== "active") return [];
      const leastMs = (history.setup.firstBackoffMs * 2 ** (before.job.made - 1)) / 2;
      const pauseMs = event.at - before.at;
      return pauseMs + SLACK_MS < leastMs
        ? [`the ${nameOf(event.job)} was tried again after ${Math.round(pauseMs)} of ${leastMs} ms`]
        : [];
    }),
  );
}

function hurriedWrites(history: History): string[] {
  const sentAway = new Map<string, EventOf<"call">>();
  return eventsOf(history, "call").flatMap((call) => {
    if (call.run === undefined) return [];
    const key = `${call.by} ${call.run} ${call.verb} ${call.subject}`;
    const before = sentAway.get(key);
    sentAway.delete(key);
    if (call.retryAfterMs !== undefined) sentAway.set(key, call);
    // One that was on its way by then had not heard of it.
    if (before === undefined || (call.sentAt ?? call.at) < before.at) return [];
    if (call.at - before.at + SLACK_MS >= (before.retryAfterMs ?? 0)) return [];
    return [`${key} came ${Math.round(call.at - before.at)} ms after a Retry-After of ${before.retryAfterMs} ms`];
  });
}

/**
 * Writes that were answered are few, however long a run lasts. One that gets no answer is sent again for as long as the run
 * has patience, but ever more slowly: after the first ones not more than once a second.
 */
function manyWrites(history: History): string[] {
  const calls = eventsOf(history, "call").filter(({ run, status }) => run !== undefined && status < 300);
  const answered = calls.filter(({ status }) => status !== 0);
  const unanswered = calls.filter(({ status }) => status === 0);
  const most = 3 * history.setup.kinds.length;
  return [
    ...[...Map.groupBy(answered, ({ by, run }) => `${by} ${run}`)].flatMap(([run, made]) =>
      made.length > most ? [`the run ${run} made ${made.length} writes`] : [],
    ),
    ...[...Map.groupBy(unanswered, ({ by, run, verb, subject }) => `${by} ${run} ${verb} ${subject}`)].flatMap(
      ([write, sent]) => {
        const seconds = ((sent.at(-1)?.at ?? 0) - (sent[0]?.at ?? 0)) / 1_000;
        return sent.length > UNPACED + seconds ? [`${write} was sent ${sent.length} times in ${seconds} s`] : [];
      },
    ),
  ];
}

/** I20: every accepted job is counted once: open or ended. */
export const countersConserve: Check = (history) => {
  const { setup, end } = history;
  if (setup.lossy) return [];
  const known = new Set(end.jobs.map(({ jobId }) => jobId));
  const vanished = [...jobTimelines(history).keys()].filter((jobId) => !known.has(jobId));
  const unended = end.jobs.filter(({ state }) => !TERMINAL.has(state));
  const open = new Set(end.open);
  const wrong = [
    ...unended.filter(({ jobId }) => !open.has(jobId)).map((job) => `the ${nameOf(job)} is ${job.state} and not open`),
    ...end.jobs
      .filter(({ jobId, state }) => TERMINAL.has(state) && open.has(jobId))
      .map((job) => `the ${nameOf(job)} is ${job.state} and still open`),
  ];
  const miscounted = end.counted.flatMap(({ userId, running, open: openCount }) => {
    const runs = end.intents.filter((intent) => intent.userId === userId && intent.desired === "running").length;
    const opens = unended.filter((job) => job.userId === userId).length;
    return [
      ...(runs === running ? [] : [`${userId} has ${runs} running repls and ${running} are counted`]),
      ...(opens === openCount ? [] : [`${userId} has ${opens} open jobs and ${openCount} are counted`]),
    ];
  });
  return [...vanished.map((jobId) => `the job ${jobId} is gone`), ...wrong, ...miscounted];
};
