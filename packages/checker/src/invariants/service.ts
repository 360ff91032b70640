import { eventsOf, healedAt, operationsOf } from "../history/views.ts";
import type { Check } from "../invariant.ts";

/** I15: nothing is held once there is nothing to do. */
export const boundedResources: Check = ({ setup, end }) => [
  ...(end.rested && !setup.lossy ? end.leases.map((replId) => `the lease of ${replId} is still held`) : []),
  ...end.leftovers
    .filter(({ count }) => count > 0)
    .map(({ process, count }) => `${process} has ended and still waits for ${count} things`),
];

/** I16: every request is answered in time. */
export const answerBound: Check = (history) =>
  operationsOf(history).flatMap(({ invoke, answer }) => {
    if (answer === undefined) return [`the ${invoke.kind} ${invoke.op} was never answered`];
    const tookMs = answer.at - invoke.at;
    return tookMs > history.setup.answerMs ? [`the ${invoke.kind} ${invoke.op} took ${Math.round(tookMs)} ms`] : [];
  });

/** What a right request may be refused with. */
const REFUSALS: Readonly<Record<number, readonly string[]>> = {
  403: ["forbidden_user"],
  404: ["not_found"],
  409: ["repl_taken", "idempotency_in_flight", "user_limit"],
  422: ["idempotency_mismatch"],
  429: ["rate_limited", "user_limit"],
  503: ["queue_full", "dependency_unavailable"],
};

/** Answers that were on their way when the last fault ended. */
const SETTLE_MS = 2_000;

/** I17: a dependency's fault is a 503, and only while it lasts; nothing is a 500. */
export const errorClasses: Check = (history) => {
  const healed = healedAt(history);
  return operationsOf(history).flatMap(({ invoke, answer }) => {
    if (answer === undefined || answer.type === "ok") return [];
    const what = `the ${invoke.kind} ${invoke.op} was answered ${answer.status}`;
    if (answer.type === "info")
      return answer.status === 503 && invoke.at > healed + SETTLE_MS
        ? [`${what} after healing`]
        : serverError(what, answer.status);
    return REFUSALS[answer.status]?.includes(answer.code) ? [] : [`${what} ${answer.code}`];
  });
};

const serverError = (what: string, status: number) => (status >= 500 && status !== 503 ? [what] : []);

const MOST_PER_SECOND = 10;

const isError = (level: string) => level === "warn" || level === "error" || level === "fatal";

/** I19: every line can be read, and one error does not fill the log. */
export const logIntegrity: Check = (history) => {
  const lines = eventsOf(history, "log");
  const unreadable = lines.filter(({ level }) => level === "unreadable");
  const errors = lines.filter(({ level }) => isError(level));
  const counted = Map.groupBy(
    errors,
    ({ process, message, at }) => `${process} "${message}" ${Math.floor(at / 1_000)}`,
  );
  return [
    ...unreadable.map(({ process, message }) => `${process} wrote what is no JSON object: ${message}`),
    ...[...counted].flatMap(([what, same]) =>
      same.length > MOST_PER_SECOND ? [`${what}: ${same.length} lines within a second`] : [],
    ),
  ];
};

/** Longest that a process which is told to end may take. */
const GRACE_MS = 35_000;

/**
 * I21: a process ends only when it is told to; then it asks for nothing new and ends in order and in time. What it asked for
 * while Redis was away it may still be given afterwards.
 */
export const graceful: Check = (history) => {
  const changes = eventsOf(history, "process");
  const taken = eventsOf(history, "taken");
  const died = changes.flatMap(({ process, change, how }) => (change === "died" ? [`${process} died: ${how}`] : []));
  const told = changes.filter(({ change }) => change === "ending");
  return [
    ...died,
    ...told.flatMap(({ process, at }) => {
      const over = changes.find((other) => other.process === process && other.at >= at && other.change !== "ending");
      const late = taken.filter((event) => event.by === process && (event.askedAt ?? event.at) > at + SLACK_MS);
      return [
        ...late.map(({ jobId }) => `${process} took the job ${jobId} after it was told to end`),
        ...(over === undefined ? [`${process} was told to end and did not`] : []),
        ...(over?.change === "ended" && over.at - at > GRACE_MS ? [`${process} took ${over.at - at} ms to end`] : []),
      ];
    }),
  ];
};

/** A command that was on its way when the process was told. */
const SLACK_MS = 500;
