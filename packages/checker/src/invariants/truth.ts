import type { EventOf, History, JobSeen, ObjectSeen } from "../history/history.ts";
import { eventsOf, isAlive, jobTimelines, nameOf, OURS } from "../history/views.ts";
import type { Check } from "../invariant.ts";

/** When something last held. */
class LastTime {
  readonly #at = new Map<string, number>();

  note(key: string, at: number): void {
    this.#at.set(key, at);
  }

  of(key: string): number {
    return this.#at.get(key) ?? Number.NEGATIVE_INFINITY;
  }
}

/**
 * I10: since it was accepted, a start that is `completed` had each of its resources of its generation there at a
 * moment (somebody may delete one while the next is created) and its workload ready at one; a stop that is `completed` found or left nothing.
 */
export const truthful: Check = (history) => {
  const accepted = acceptances(history);
  const last = { there: new LastTime(), ready: new LastTime(), empty: new LastTime() };
  const world = new World(history);
  const found: string[] = [];
  for (const event of history.events) {
    if (event.type === "object") {
      const { replId } = event.object;
      // What held up to now held until this very moment.
      world.note(replId, event.at, last);
      world.change(event);
      world.note(replId, event.at, last);
    }
    if (event.type !== "job") continue;
    const { job } = event;
    if (job.state !== "completed") continue;
    world.note(job.replId, event.at, last);
    const running = `${job.replId} ${job.generation}`;
    const heldAt =
      job.kind === "start"
        ? Math.min(world.wholeSince(running, last), last.ready.of(running))
        : last.empty.of(job.replId);
    if (heldAt < (accepted.get(job.jobId) ?? 0)) found.push(lie(job));
  }
  return history.setup.lossy ? [] : [...found, ...falseFailures(history)];
};

/** When each job was accepted; where nobody heard of that, Redis having been away, when its client had asked for it. */
function acceptances(history: History): Map<string, number> {
  const invoked = new Map(eventsOf(history, "invoke").map(({ op, at }) => [op, at]));
  const accepted = new Map<string, number>();
  for (const [jobId, [first]] of jobTimelines(history)) {
    const askedAt = invoked.get(first?.job.requestId ?? "") ?? Number.NEGATIVE_INFINITY;
    accepted.set(jobId, first?.job.version === 1 ? first.at : askedAt);
  }
  return accepted;
}

const lie = (job: JobSeen) =>
  job.kind === "start"
    ? `the ${nameOf(job)} is completed, and its resources were never all there and ready`
    : `the ${nameOf(job)} is completed, and its resources were never all gone`;

/** A cause that the job does not tell is no truth either. */
function falseFailures(history: History): string[] {
  const failed = eventsOf(history, "job").filter(({ job }) => job.state === "failed" && job.errorCode === "");
  return failed.map(({ job }) => `the ${nameOf(job)} failed and says no reason`);
}

interface LastTimes {
  readonly there: LastTime;
  readonly ready: LastTime;
  readonly empty: LastTime;
}

class World {
  readonly #kinds: readonly string[];
  readonly #byRepl = new Map<string, Map<string, ObjectSeen>>();

  constructor({ setup }: History) {
    this.#kinds = setup.kinds;
  }

  change({ change, object }: EventOf<"object">): void {
    const own = this.#byRepl.get(object.replId) ?? new Map<string, ObjectSeen>();
    this.#byRepl.set(object.replId, own);
    if (change === "deleted" || object.managedBy !== OURS) own.delete(object.uid);
    else own.set(object.uid, object);
  }

  note(replId: string, at: number, last: LastTimes): void {
    const own = [...(this.#byRepl.get(replId)?.values() ?? [])];
    if (own.length === 0) last.empty.note(replId, at);
    const workload = own.find((object) => object.kind === this.#kinds[0] && isAlive(object));
    if (workload === undefined) return;
    const key = `${replId} ${workload.generation}`;
    if (workload.ready) last.ready.note(key, at);
    for (const object of own) if (isAlive(object)) last.there.note(`${replId} ${object.generation} ${object.kind}`, at);
  }

  /** Since when at the latest each kind was there. */
  wholeSince(running: string, { there }: LastTimes): number {
    return Math.min(...this.#kinds.map((kind) => there.of(`${running} ${kind}`)));
  }
}
