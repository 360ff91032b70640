import type { EventOf, History, HistoryEvent, JobSeen, ObjectSeen } from "./history.ts";

/** The events of one type, in order. */
export function eventsOf<Type extends HistoryEvent["type"]>({ events }: History, type: Type): EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type);
}

/** When faults ended; infinite where they never did. */
export function healedAt(history: History): number {
  return eventsOf(history, "healed")[0]?.at ?? Number.POSITIVE_INFINITY;
}

/** One client operation from its invocation to its answer. */
export interface Operation {
  readonly invoke: EventOf<"invoke">;
  readonly answer: EventOf<"ok"> | EventOf<"fail"> | EventOf<"info"> | undefined;
}

/** All operations, in the order in which they were invoked. */
export function operationsOf({ events }: History): Operation[] {
  const answers = new Map<string, Operation["answer"]>();
  for (const event of events)
    if (event.type === "ok" || event.type === "fail" || event.type === "info") answers.set(event.op, event);
  return events.flatMap((event) => (event.type === "invoke" ? [{ invoke: event, answer: answers.get(event.op) }] : []));
}

/** What was seen of each job, oldest first. */
export function jobTimelines(history: History): Map<string, EventOf<"job">[]> {
  return Map.groupBy(eventsOf(history, "job"), ({ job }) => job.jobId);
}

/** States that never change again. */
export const TERMINAL: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

export const subjectOf = ({ kind, namespace, name }: ObjectSeen): string => `${kind}/${namespace}/${name}`;

export const isAlive = ({ terminating }: ObjectSeen): boolean => !terminating;

/** Value of the label by which a resource says that it is the service's. */
export const OURS = "repl-orchestrator";

/** A short name of a job for a report. */
export const nameOf = ({ kind, replId, jobId, generation }: JobSeen): string =>
  `${kind} of ${replId} (job ${jobId.slice(0, 8)}, generation ${generation})`;
