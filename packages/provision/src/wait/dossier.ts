import { KINDS, type KubeClient, resourcePath, shortened } from "@repl/kube";
import { at } from "../json.ts";
import { seenAt } from "./event.ts";
import type { ContainerState, PodState } from "./pod.ts";

/** What is kept of a failed start once its pods are gone. JSON values only. */
export interface Dossier {
  readonly pods: readonly PodDossier[];
  /** The newest last. */
  readonly events: readonly EventLine[];
}

interface PodDossier {
  readonly name: string;
  readonly node: string;
  readonly phase: string;
  readonly reason: string;
  readonly containers: readonly ContainerDossier[];
}

interface ContainerDossier extends Omit<ContainerState, "ended"> {
  readonly ended: ContainerState["ended"] | null;
  /** The last lines it wrote before it ended; empty where it still runs or never ran. */
  readonly log: string;
}

interface EventLine {
  readonly at: string;
  readonly subject: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

/** Bounds what one job's record can grow to: about 20 KiB. */
const MOST_PODS = 2;
const MOST_EVENTS = 15;
const LOG_LINES = 20;
const LOG_BYTES = 2_048;

/**
 * Gathers the evidence of a failed start from the cluster, before it is cleaned up. Reads events and logs; what cannot be
 * read is left out, since the failure itself is known.
 */
export async function gatherDossier(
  client: KubeClient,
  pods: readonly PodState[],
  signal: AbortSignal,
): Promise<Dossier> {
  const newest = pods.toSorted((left, right) => right.createdAtMs - left.createdAtMs).slice(0, MOST_PODS);
  const [described, events] = await Promise.all([
    Promise.all(newest.map((pod) => describePod(client, pod, signal))),
    Promise.all(newest.map((pod) => eventsOf(client, pod, signal))),
  ]);
  return {
    pods: described,
    events: events
      .flat()
      .toSorted((left, right) => left.at.localeCompare(right.at))
      .slice(-MOST_EVENTS),
  };
}

async function describePod(client: KubeClient, pod: PodState, signal: AbortSignal): Promise<PodDossier> {
  const { name, node, phase, reason } = pod;
  const containers = await Promise.all(
    pod.containers.map(async (container) => ({
      ...container,
      ended: container.ended ?? null,
      log: await logOf(client, pod, container, signal),
    })),
  );
  return { name, node, phase, reason, containers };
}

async function logOf(
  client: KubeClient,
  { name, namespace }: PodState,
  { name: container, ended }: ContainerState,
  signal: AbortSignal,
) {
  if (ended === undefined || ended.exitCode === 0) return "";
  const query = { container, tailLines: LOG_LINES, limitBytes: LOG_BYTES, previous: String(!ended.now) };
  const path = resourcePath({ ...KINDS.Pod, namespace, name }, "log");
  return client.readText(path, { query, signal }).then(
    (log) => shortened(log, LOG_BYTES),
    () => "",
  );
}

async function eventsOf(client: KubeClient, { name, namespace }: PodState, signal: AbortSignal): Promise<EventLine[]> {
  const selection = { namespace, fieldSelector: `involvedObject.kind=Pod,involvedObject.name=${name}` };
  const list = await client.list(KINDS.Event, { ...selection, signal }).catch(() => ({ items: [] }));
  return list.items.map((event) => ({
    at: seenAt(event),
    subject: `Pod/${namespace}/${name}`,
    reason: shortened(String(at(event, "reason") ?? "")),
    message: shortened(String(at(event, "message") ?? "")),
    count: Number(at(event, "series", "count") ?? at(event, "count") ?? 1),
  }));
}
