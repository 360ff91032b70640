import { randomUUID } from "node:crypto";
import { createJobStore, type JobStore, type QueuedJob } from "@repl/contract";
import { type KubeClient, KubeError } from "@repl/kube";
import { createLog, NO_TRACER } from "@repl/ops";
import { type ClusterView, DEFAULT_GRACES, reachOf, sharedHome } from "@repl/provision";
import { waitFor } from "@repl/testkit";
import { useRedis } from "@repl/testkit/vitest";
import { DelayedError } from "bullmq";
import { expect, test } from "vitest";
import type { RunDeps } from "../src/deps.ts";
import { createRunner } from "../src/run-job.ts";

const { redis } = await useRedis();

const SERVICE = { apiVersion: "v1", kind: "Service", metadata: { name: "service_name" } };
const LEASE_MS = 300;

interface Setup {
  /** A call of the cluster; ends with its signal unless it says otherwise. */
  readonly get?: KubeClient["get"];
  readonly changed?: (store: JobStore) => Partial<JobStore>;
}

/** A worker's runner on a real store, with one accepted stop. */
async function setup({ get = untilAborted, changed = () => ({}) }: Setup = {}) {
  const prefix = `{${randomUUID()}}`;
  const plain = createJobStore(redis, { prefix, leaseMs: LEASE_MS });
  const store = { ...plain, ...changed(plain) };
  const deps: RunDeps = {
    store,
    log: createLog({ process: "worker", level: "silent" }),
    template: { manifests: [SERVICE] },
    homes: sharedHome("repls"),
    reach: reachOf("repls", []),
    client: { get } as KubeClient,
    view: {} as ClusterView,
    patience: { unavailableMs: 1_000, goneMs: 1_000 },
    graces: DEFAULT_GRACES,
    startTimeoutMs: 1_000,
    answering: { check: "deployment", ingressAddress: undefined, deadlineMs: 1_000 },
    tracer: NO_TRACER,
    cleanUpOnFailure: true,
  };
  const jobId = randomUUID();
  await store.accept({ kind: "stop", replId: "demo", userId: "alice", jobId, requestId: "r" });
  const moved: string[] = [];
  const job = {
    id: jobId,
    attemptsMade: 0,
    moveToWait: async () => void moved.push("wait"),
    moveToDelayed: async () => void moved.push("delayed"),
    updateProgress: async () => {},
  } as unknown as QueuedJob;
  const state = async () => (await store.find(jobId))?.state;
  return { ...createRunner(deps), prefix, jobId, job, moved, state };
}

const untilAborted: KubeClient["get"] = (_ref, { signal } = {}) =>
  new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

const NOTHING: KubeClient["get"] = () => {
  const facts = {
    verb: "get",
    sent: "yes",
    status: 404,
    reason: "NotFound",
    message: "not found",
    causes: [],
  } as const;
  return Promise.reject(new KubeError("Service/repls/demo", facts));
};

test("an attempt whose result is recorded is over, whatever ends attempts at that moment", async () => {
  let endAll = () => {};
  const { run, attempts, job, moved, state } = await setup({
    get: NOTHING,
    changed: ({ settle }) => ({
      settle(...settling) {
        const settled = settle(...settling);
        endAll();
        return settled;
      },
    }),
  });
  endAll = () => attempts.endAll("shutdown");
  await run(job, "lock");
  expect(moved).toEqual([]);
  expect(await state()).toBe("completed");
});

test("the end of an attempt that lost its repl leaves the next one of the same job within reach", async () => {
  const { run, attempts, prefix, jobId, job, moved, state } = await setup();
  const first = run(job, "lock 1");
  await waitFor(async () => (await state()) === "active", { what: "the first attempt" });
  await redis.del(`${prefix}:lease:demo`);
  const second = run(job, "lock 2");
  await expect(first).rejects.toBeInstanceOf(DelayedError);

  attempts.end(jobId, "shutdown");
  await expect(Promise.race([second, untilLate()])).rejects.toMatchObject({ message: expect.stringMatching(/wait/i) });
  expect(moved).toEqual(["delayed", "wait"]);
  expect(await state()).toBe("queued");
});

test("a failed attempt whose lease is lost costs no attempt of the queue's: the record counts none either", async () => {
  let lose = async () => {};
  const { run, prefix, job, moved, state } = await setup({
    get: () => Promise.reject(new Error("out of order")),
    changed: ({ settle }) => ({
      async settle(...settling) {
        await lose();
        return settle(...settling);
      },
    }),
  });
  lose = async () => void (await redis.del(`${prefix}:lease:demo`));
  await expect(run(job, "lock")).rejects.toBeInstanceOf(DelayedError);
  expect(moved).toEqual(["delayed"]);
  expect(await state()).toBe("active");
});

/** Bounds what may never end. */
const untilLate = () => waitFor(() => false, { what: "the second attempt to end", timeoutMs: 10 * LEASE_MS });
