import { randomUUID } from "node:crypto";
import { enqueue, type Intent, type IntentStore, type JobQueue, type JobStore } from "@repl/contract";
import { type KindRef, type KubeClient, KubeError } from "@repl/kube";
import { compare, type Finding, type FoundResource, KIND_RULES, listResources, type Template } from "@repl/provision";
import type { Logger } from "pino";

/** What a sweep works with. */
export interface SweepDeps {
  readonly store: JobStore;
  readonly intents: IntentStore;
  readonly queue: JobQueue;
  readonly client: KubeClient;
  readonly template: Template;
  readonly namespace: string;
  /** Running repls that nobody has used for longer are stopped; 0: never. */
  readonly idleTimeoutMs: number;
  readonly log: Logger;
}

/** How many of each a sweep did. */
export type SweepResult = Record<"requeued" | Finding["do"], number>;

/** An open job this old has either been queued long ago or its queueing was lost. */
const LOST_AFTER_MS = 10_000;
/** Repls whose intents are read in one round trip. */
const BATCH = 500;
/** Repairs of one sweep; when a whole namespace was lost, the rest follows with the next sweeps. */
const MOST_REPAIRS = 200;

/** Makes the cluster agree with the intents: list → compare → act. Harmless to repeat and to interrupt. */
export async function sweep(deps: SweepDeps, signal: AbortSignal): Promise<SweepResult> {
  const { client, template, namespace, intents, idleTimeoutMs } = deps;

  const requeued = await requeueLostJobs(deps);
  const knownSinceMs = await intents.knownSince();

  const kinds = template.manifests.filter(({ kind }) => KIND_RULES[kind]?.onDifference !== "keep");
  const resources = await listResources(client, kinds, namespace, signal);
  const situation = {
    resources,
    intents: await readIntents(deps, resources),
    kinds: kinds.map(({ kind }: KindRef) => kind),
    nowMs: await intents.nowMs(),
    knownSinceMs,
    idleTimeoutMs,
  };

  const findings = compare(situation).slice(0, MOST_REPAIRS);
  for (const finding of findings) await act(finding, deps, signal);
  const count = (what: Finding["do"]) => findings.filter((finding) => finding.do === what).length;
  return { requeued, start: count("start"), stop: count("stop"), delete: count("delete"), report: count("report") };
}

/**
 * Jobs that were accepted but are not in the queue, because the api ended between the two, or whose queue entry ended
 * without them, because Redis lost or BullMQ gave up an attempt.
 */
async function requeueLostJobs({ intents, store, queue, log }: SweepDeps): Promise<number> {
  let requeued = 0;
  for (const jobId of await intents.openJobs(LOST_AFTER_MS)) {
    const queued = await queue.getJob(jobId);
    if (queued !== undefined && queued.finishedOn === undefined) continue;
    const record = await store.find(jobId);
    if (record === null || record.finishedAt !== null) continue;
    await queued?.remove();
    const { kind, replId, userId, requestId } = record;
    await enqueue(queue, jobId, kind, { version: 1, replId, userId, requestId });
    log.warn({ jobId, kind, replId, userId }, "queued a job again whose place in the queue was lost");
    requeued += 1;
  }
  return requeued;
}

async function readIntents({ intents }: SweepDeps, resources: readonly FoundResource[]): Promise<Map<string, Intent>> {
  const replIds = [...new Set([...resources.map(({ replId }) => replId), ...(await intents.running())])];
  const found = new Map<string, Intent>();
  for (let from = 0; from < replIds.length; from += BATCH) {
    for (const [replId, intent] of await intents.find(replIds.slice(from, from + BATCH))) found.set(replId, intent);
  }
  return found;
}

async function act(finding: Finding, deps: SweepDeps, signal: AbortSignal): Promise<void> {
  const { log } = deps;
  if (finding.do === "report") {
    log.warn({ subject: finding.subject, because: finding.because }, "the cluster does not agree with the intents");
    return;
  }
  if (finding.do === "delete") return removeOrphan(finding, deps, signal);
  const { intent, because } = finding;
  const { replId, userId, generation } = intent;
  const isIdle = finding.do === "stop";
  const acceptance = await deps.store.accept({
    kind: finding.do,
    replId,
    userId,
    jobId: randomUUID(),
    requestId: "sweep",
    reason: isIdle ? "idle" : "repair",
    onlyIf: { generation, ...(isIdle ? { unusedSinceMs: finding.unusedSinceMs } : {}) },
  });
  log.info({ replId, kind: finding.do, because, outcome: acceptance.outcome }, "the sweep asks for a job");
  if (acceptance.outcome !== "accepted") return;
  await enqueue(deps.queue, acceptance.jobId, finding.do, { version: 1, replId, userId, requestId: "sweep" });
}

/**
 * Only the very resource that was listed, unchanged since: a start that has made it anew or its own meanwhile keeps it.
 * What it owns goes with it.
 */
async function removeOrphan(
  { resource, because }: Extract<Finding, { do: "delete" }>,
  deps: SweepDeps,
  signal: AbortSignal,
) {
  const { kind, namespace, name, uid, resourceVersion } = resource;
  deps.log.warn({ subject: `${kind}/${namespace}/${name}`, because }, "the sweep deletes an orphan");
  try {
    await deps.client.remove(resource, { uid, resourceVersion, propagation: "Background", signal });
  } catch (error) {
    if (!(error instanceof KubeError && (error.class === "gone" || error.class === "reread"))) throw error;
  }
}
