import { randomUUID } from "node:crypto";
import { enqueue, type Intent, type IntentStore, type JobQueue, type JobStore, QUEUE_NAME } from "@repl/contract";
import type { KubeClient } from "@repl/kube";
import { audit, jobSpan, type Log, type Span, type Tracer } from "@repl/ops";
import {
  compare,
  type Finding,
  type FoundResource,
  type Homes,
  listResources,
  type Reach,
  type Template,
  wantedResources,
} from "@repl/provision";
import { removeOrphan } from "./remove-orphan.ts";
import { report } from "./report.ts";
import { shareOf } from "./share-of-sweep.ts";
import { bringForward, requeueLostJobs } from "./sweep-queue.ts";
import { sweepUserNamespaces, type UserNamespacesDeps } from "./sweep-user-namespaces.ts";

/** What a sweep works with. */
export interface SweepDeps {
  readonly store: JobStore;
  readonly intents: IntentStore;
  readonly queue: JobQueue;
  readonly client: KubeClient;
  readonly template: Template;
  readonly homes: Homes;
  readonly reach: Reach;
  /** Where each user has a namespace: how they are kept. */
  readonly userNamespaces: UserNamespacesDeps | undefined;
  /** Running repls that nobody has used for longer are stopped; 0: never. */
  readonly idleTimeoutMs: number;
  /** Whether what a failed start has left stays for a look. */
  readonly keepFailed: boolean;
  readonly log: Log;
  readonly tracer: Tracer;
}

/** How many of each a sweep did. */
export type SweepResult = Record<"requeued" | "restore" | Finding["do"], number>;

/** Repls whose intents are read in one round trip. */
const BATCH = 500;

/** Makes the cluster agree with the intents: list → compare → act. Harmless to repeat and to interrupt. */
export async function sweep(deps: SweepDeps, signal: AbortSignal): Promise<SweepResult> {
  const { client, template, homes, reach, intents, idleTimeoutMs, keepFailed } = deps;

  const requeued = (await requeueLostJobs(deps, signal)) + (await bringForward(deps, signal));
  const knownSinceMs = await intents.knownSince();

  const listedSinceMs = await intents.nowMs();
  const resources = await listResources(client, template, reach, signal);
  const situation = {
    resources,
    listedSinceMs,
    intents: await readIntents(deps, resources),
    wantedOf: wantedResources(template),
    homeOf: homes.namespaceOf,
    nowMs: await intents.nowMs(),
    knownSinceMs,
    idleTimeoutMs,
    keepFailed,
  };

  const done = { requeued, start: 0, stop: 0, restore: 0, delete: 0, report: 0 };
  for (const finding of shareOf(compare(situation))) {
    signal.throwIfAborted();
    done[await act(finding, deps, signal)] += 1;
  }
  const kept = await sweepUserNamespaces(deps, resources, signal);
  return { ...done, restore: kept.restore, delete: done.delete + kept.delete, report: done.report + kept.report };
}

async function readIntents({ intents }: SweepDeps, resources: readonly FoundResource[]): Promise<Map<string, Intent>> {
  const replIds = [...new Set([...resources.map(({ replId }) => replId), ...(await intents.running())])];
  const found = new Map<string, Intent>();
  for (let from = 0; from < replIds.length; from += BATCH) {
    for (const [replId, intent] of await intents.find(replIds.slice(from, from + BATCH))) found.set(replId, intent);
  }
  return found;
}

/** What was done in the end. */
async function act(finding: Finding, deps: SweepDeps, signal: AbortSignal): Promise<Finding["do"]> {
  if (finding.do === "report") return report(finding.subject, finding.because, deps.log);
  if (finding.do === "delete") return removeOrphan(finding.resource, finding.because, deps, signal);
  const jobId = randomUUID();
  const job = { queue: QUEUE_NAME, jobId, kind: finding.do, replId: finding.intent.replId };
  const { name, options } = jobSpan("producer", job);
  await deps.tracer.run(name, (span) => askForJob(finding, jobId, deps, span), options);
  return finding.do;
}

/** A start or a stop like anybody's, unless the intent has changed since the sweep looked at it. */
async function askForJob(
  finding: Extract<Finding, { do: "start" | "stop" }>,
  jobId: string,
  { store, queue, log }: SweepDeps,
  { carrier, traceId }: Span,
): Promise<void> {
  const { intent, because, do: kind } = finding;
  const { replId, userId, generation } = intent;
  const isIdle = finding.do === "stop";
  const requestId = "sweep";
  const reason = isIdle ? "idle" : "repair";
  const onlyIf = { generation, ...(isIdle ? { unusedSinceMs: finding.unusedSinceMs } : {}) };
  const order = { kind, replId, userId, jobId, requestId, reason, onlyIf, trace: carrier } as const;
  const acceptance = await store.accept(order);
  log.info({ replId, kind, because, outcome: acceptance.outcome }, "the sweep asks for a job");
  if (acceptance.outcome !== "accepted") return;
  const { outcome, turn } = acceptance;
  audit(log, { action: kind, outcome, userId, caller: "sweep", replId, jobId, requestId, reason, traceId });
  await enqueue(queue, jobId, kind, { version: 1, replId, userId, requestId }, turn);
}
