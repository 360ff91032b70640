import { type HistoryEvent, jobSeen, objectSeen, pairsOf } from "@repl/checker";
import type { StoreChange } from "@repl/simulator";
import type { ServedCall } from "../cluster/cluster-server.ts";
import { currentContext, type VirtualTime } from "../time/virtual-time.ts";

/** Writes the history of one schedule. */
export class Recorder {
  readonly events: HistoryEvent[] = [];
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  add(event: WithoutTime<HistoryEvent>): void {
    this.events.push({ ...event, at: this.#time.nowMs } as HistoryEvent);
  }

  /** A job's record, as Redis published it: fields and values in turn. */
  published(message: string): void {
    this.add({ type: "job", job: jobSeen(pairsOf(JSON.parse(message) as string[])) });
  }

  changed({ type, object }: StoreChange): void {
    const by = currentContext()?.request?.by ?? "cluster";
    this.add({ type: "object", change: CHANGES[type], object: objectSeen(object), by });
  }

  served({ method, path, body, answer, answerLost, by, run, sentAtMs }: ServedCall): void {
    const verb = VERBS[method];
    if (verb === undefined) return;
    const retryAfter = answerLost ? Number.NaN : Number(answer?.headers?.["retry-after"] ?? Number.NaN);
    this.add({
      type: "call",
      verb,
      subject: subjectOf(path, body),
      status: answer?.code ?? 0,
      by,
      sentAt: sentAtMs,
      ...(run === undefined ? {} : { run }),
      ...(Number.isNaN(retryAfter) ? {} : { retryAfterMs: retryAfter * 1_000 }),
    });
  }
}

type WithoutTime<Event> = Event extends unknown ? Omit<Event, "at"> : never;

const CHANGES = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;
const VERBS: Readonly<Record<string, "create" | "update" | "delete" | "patch">> = {
  POST: "create",
  PUT: "update",
  DELETE: "delete",
  PATCH: "patch",
};
const KINDS: Readonly<Record<string, string>> = {
  deployments: "Deployment",
  services: "Service",
  ingresses: "Ingress",
};

/** `Kind/namespace/name` of a request; the name of what is created stands in its body. */
function subjectOf(path: string, body: string): string {
  const [, namespace = "", plural = "", name] = /\/namespaces\/([^/]+)\/([^/?]+)(?:\/([^/?]+))?/.exec(path) ?? [];
  const created = name ?? (JSON.parse(body) as { metadata: { name: string } }).metadata.name;
  return `${KINDS[plural] ?? plural}/${namespace}/${created}`;
}
