import { setTimeout as sleep } from "node:timers/promises";
import { Failure, type Repl } from "@repl/contract";
import type { Attempt } from "../attempt.ts";
import { userLabel } from "../labels.ts";
import { render } from "../render/render.ts";
import type { Manifest } from "../render/stamp.ts";
import type { Template } from "../template/parse.ts";
import type { ClusterView } from "../wait/cluster-view.ts";
import type { Reach } from "./reach.ts";

/** What tells where a repl is. */
export interface StrayOptions {
  readonly view: ClusterView;
  readonly reach: Reach;
  /** Longest wait for the view to know the cluster. */
  readonly unavailableMs: number;
}

/**
 * What there is of a repl outside of its home, as manifests to be stopped: it was started before the mode or the prefix
 * of the namespaces was changed. Asks the view alone; none where only one namespace is in reach.
 * @throws {Failure} `cluster_unavailable` when the view does not get to know the cluster
 */
export async function strayManifests(
  template: Template,
  repl: Repl,
  home: string,
  attempt: Attempt,
  { view, reach, unavailableMs }: StrayOptions,
): Promise<Manifest[]> {
  if (reach.scope !== undefined) return [];
  await untilSynced(view, attempt.signal, unavailableMs);
  const own = view.workloadsOf(repl.replId).filter(({ user }) => user === userLabel(repl.userId));
  const strays = new Set(own.map(({ namespace }) => namespace).filter((name) => name !== home && reach.includes(name)));
  return [...strays].flatMap((namespace) => render(template, repl, namespace));
}

async function untilSynced(view: ClusterView, signal: AbortSignal, withinMs: number): Promise<void> {
  const ending = new AbortController();
  const ended = AbortSignal.any([signal, ending.signal]);
  const late = sleep(withinMs, "late", { signal: ended }).catch(() => "ended");
  const first = await Promise.race([view.synced, late]);
  ending.abort();
  signal.throwIfAborted();
  if (first === "late") throw new Failure("cluster_unavailable", { detail: "The watches have shown nothing yet." });
}
