import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "@repl/testkit";

// biome-ignore lint/suspicious/noExplicitAny: pods as the API server answers them.
type Pod = any;

/** When something was first to be seen at the API server. */
export interface Sight extends AsyncDisposable {
  /** Milliseconds since 1970; undefined while it was not seen. */
  readonly atMs: number | undefined;
}

const LOOK_EVERY_MS = 100;

/** Looks at a namespace's pods until one shows what is looked for. */
export function firstSight(api: ApiClient, namespace: string, shows: (pod: Pod) => boolean): Sight {
  const ending = new AbortController();
  let atMs: number | undefined;
  const look = async () => {
    while (!ending.signal.aborted && atMs === undefined) {
      // An API server that is too busy for one look is asked again.
      const { items } = await api.get(`/api/v1/namespaces/${namespace}/pods`).catch(() => ({ items: [] }));
      if (items.some(shows)) atMs = Date.now();
      await sleep(LOOK_EVERY_MS, undefined, { signal: ending.signal }).catch(() => {});
    }
  };
  const looking = look();
  return {
    get atMs() {
      return atMs;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await looking;
    },
  };
}

function statusesOf({ status }: Pod): Pod[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
}

/** A container waits for this reason. */
export function waitsFor(...reasons: readonly string[]): (pod: Pod) => boolean {
  return (pod) => statusesOf(pod).some(({ state }) => reasons.includes(state?.waiting?.reason));
}

/** A container ended with something else than 0, now or before. */
export function failedOnce(pod: Pod): boolean {
  return statusesOf(pod).some(({ state, lastState }) => (state?.terminated ?? lastState?.terminated)?.exitCode > 0);
}

/** The scheduler found no node. */
export function unschedulable({ status }: Pod): boolean {
  return (status.conditions ?? []).some(({ reason }: { reason?: string }) => reason === "Unschedulable");
}
