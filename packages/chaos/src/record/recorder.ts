import { type HistoryEvent, type JobSeen, jobSeen, type LineRead, lineSeen, objectSeen } from "@repl/checker";
import { keysOf } from "@repl/contract";
import { MANAGED_BY } from "@repl/provision";
import type { HttpCall, HttpOutcome } from "@repl/testkit";
import type { Installation } from "../service/installation.ts";
import type { Change } from "../service/place.ts";
import { followJobs, type JobChanges } from "./job-changes.ts";
import { subjectOf } from "./kinds.ts";
import { Leaks } from "./leaks.ts";
import { type ObjectWatch, type OnObject, watchObjects } from "./object-watch.ts";

type WithoutTime<Event> = Event extends unknown ? Omit<Event, "at"> : never;
type Verb = Extract<HistoryEvent, { type: "call" }>["verb"];

const VERBS: Readonly<Record<string, Verb>> = { POST: "create", PUT: "update", DELETE: "delete", PATCH: "patch" };
const ENDED = new Set(["completed", "failed", "cancelled"]);

/** Characters of a line that is no JSON. */
const LONGEST_SHOWN = 200;

type LogLine = LineRead & { readonly level: string };

/** Undefined where it is no JSON object. */
function readLine(line: string): LogLine | undefined {
  try {
    const read: unknown = JSON.parse(line);
    return typeof read === "object" && read !== null && !Array.isArray(read) ? (read as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes the history of real processes: calls as the fault layers pass them on, resources as a watch past them tells, jobs
 * as Redis publishes them, processes and clients as the runner knows them. Times are this machine's, in ms since 1970.
 */
export class Recorder {
  events: HistoryEvent[] = [];
  leaks = new Leaks([]);
  #watch: ObjectWatch | undefined;
  #jobs: JobChanges | undefined;
  /** Ended jobs that are held back until the resources are known as they were then. */
  #held: Promise<unknown> = Promise.resolve();
  readonly #begun = new Map<string, number>();
  /** Lines that begin as JSON and are none, by process: each its last one so far. */
  readonly #halves = new Map<string, string>();

  add(event: WithoutTime<HistoryEvent>, at = Date.now()): void {
    this.events.push({ ...event, at } as HistoryEvent);
  }

  /** Begins anew; what was open goes on. */
  clear(): void {
    this.events = [];
  }

  readonly onSecrets = (secrets: readonly string[]): void => {
    this.leaks = new Leaks(secrets);
  };

  readonly onProcess = (process: string, change: Change, how?: string): void =>
    this.add({ type: "process", process, change, how });

  readonly onCall = (by: string, { method, path, body }: HttpCall, { status, headers }: HttpOutcome): void => {
    const verb = VERBS[method];
    const subject = verb === undefined ? undefined : subjectOf(path, body);
    if (verb === undefined || subject === undefined) return;
    const retryAfter = Number(headers["retry-after"] ?? Number.NaN);
    const retry = Number.isNaN(retryAfter) ? {} : { retryAfterMs: retryAfter * 1_000 };
    this.add({ type: "call", verb, subject, status, by, ...retry });
  };

  readonly onLine = (process: string, line: string): void => {
    this.leaks.look(line, `the log of ${process}`);
    const half = this.#halves.get(process);
    this.#halves.delete(process);
    if (half !== undefined) this.#unreadable(process, half);
    const read = readLine(line);
    if (read !== undefined) this.#log(process, read);
    // The last line of a process that is killed may be half a one: only another line after it tells that it is not.
    else if (line.startsWith("{")) this.#halves.set(process, line);
    else this.#unreadable(process, line);
  };

  #log(process: string, { level, ...read }: LogLine): void {
    if (level === "warn" || level === "error" || level === "fatal")
      this.add({ type: "log", process, level, message: lineSeen(read) });
  }

  #unreadable(process: string, line: string): void {
    this.add({ type: "log", process, level: "unreadable", message: line.slice(0, LONGEST_SHOWN) });
  }

  readonly #onObject: OnObject = (change, object, before) => {
    const seen = objectSeen(object);
    const isWritten = before === undefined || objectSeen(before).manifest !== seen.manifest;
    const isOurs = object.metadata.managedFields?.some(({ manager }) => manager === MANAGED_BY) ?? false;
    const by = change === "deleted" || !isWritten ? "cluster" : isOurs ? "worker" : "kubectl";
    this.add({ type: "object", change, object: seen, by });
  };

  /** Follows the resources and the jobs of an installation from now on. */
  async follow({ target, namespace, historyLink, prefix }: Installation): Promise<void> {
    this.#watch = await watchObjects(target, namespace, this.#onObject);
    this.#jobs = await followJobs(historyLink.port, keysOf(prefix).changes, (fields) => this.#published(fields));
  }

  /** Resolves once everything is recorded that has happened up to now. */
  async settled(): Promise<void> {
    await this.#jobs?.caughtUp();
    await this.#held;
    await this.#watch?.caughtUp();
  }

  close(): void {
    this.#watch?.close();
    this.#jobs?.close();
  }

  /** An ended job says something about the resources, which come by another way and may be told later. */
  #published(fields: ReadonlyMap<string, string>): void {
    const job = jobSeen(fields);
    if (!ENDED.has(job.state)) {
      this.add({ type: "job", job }, this.#timeOf(job, fields));
      return;
    }
    const { events } = this;
    const told = this.#watch?.caughtUp(job.replId).catch(() => {}) ?? Promise.resolve();
    const add = (): void => {
      if (events === this.events) this.add({ type: "job", job });
    };
    this.#held = Promise.all([this.#held, told.then(add)]);
  }

  /** When an attempt began and ended, by Redis' clock: this process may hear of it late. */
  #timeOf({ jobId, state, begunAt }: JobSeen, fields: ReadonlyMap<string, string>): number {
    const isBeginning = state === "active" && this.#begun.get(jobId) !== begunAt;
    if (isBeginning) this.#begun.set(jobId, begunAt);
    if (isBeginning) return begunAt;
    const last = (JSON.parse(fields.get("history") ?? "[]") as { endedAt: number }[]).at(-1);
    return state === "retrying" && last !== undefined ? last.endedAt : Date.now();
  }
}
