import { listResources } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "../support/system.ts";
import { follow, untilStatus } from "./support/jobs.ts";
import { type ContainerReport, type Kubelet, playKubelet } from "./support/kubelet.ts";
import { openPrivateCluster, type PrivateCluster } from "./support/private-cluster.ts";
import { HUGE_POD } from "./support/templates.ts";

/** From the signal to the end of the job, clean-up included. */
const EARLY_MS = 10_000;

const waiting = (reason: string, message = ""): ContainerReport["state"] => ({ waiting: { reason, message } });
const ended = (exitCode: number, reason: string, message = ""): ContainerReport["state"] => ({
  terminated: { exitCode, reason, message },
});

const creating = { state: waiting("PodInitializing") };
const copied = { state: ended(0, "Completed") };

const NO_IMAGE = "failed to pull and unpack image: docker.io/amazon/aws-cli:latest: not found";
const NO_ANSWER = "failed to do request: dial tcp 10.0.0.1:443: i/o timeout";
const NO_FILES = "There are no files under s3://repl/code/copy/.";
const CRASH = "Error: Cannot find module '/workspace/index.js'";
const OUT_OF_MEMORY = "Killed";
const heldBack = waiting("CrashLoopBackOff", "back-off 10s restarting failed container");

/** What a kubelet reports, step by step; the last step is the one that no start survives. */
const CASES = [
  {
    name: "an image that cannot be pulled",
    replId: "image",
    steps: [{ copy: { state: waiting("ErrImagePull", NO_IMAGE) }, runner: creating }],
    code: "image_pull_failed",
    text: NO_IMAGE,
    details: { container: "copy-s3-resources", image: "amazon/aws-cli", waiting: { reason: "ErrImagePull" } },
  },
  {
    name: "a registry that does not answer",
    replId: "registry",
    steps: [
      { copy: { state: waiting("ErrImagePull", NO_ANSWER) }, runner: creating },
      { copy: { state: waiting("ImagePullBackOff", `Back-off pulling image: ${NO_ANSWER}`) }, runner: creating },
    ],
    code: "image_pull_failed",
    text: NO_ANSWER,
    details: { container: "copy-s3-resources", image: "amazon/aws-cli", waiting: { reason: "ImagePullBackOff" } },
  },
  {
    name: "a copy step that fails",
    replId: "copy",
    steps: [
      { copy: { state: ended(66, "Error", NO_FILES) }, runner: creating },
      { copy: { state: heldBack, lastState: ended(66, "Error", NO_FILES), restartCount: 1 }, runner: creating },
    ],
    code: "copy_failed",
    text: NO_FILES,
    details: { container: "copy-s3-resources", exitCode: 66, reason: "Error", lastMessage: NO_FILES, restarts: 1 },
  },
  {
    name: "a crash loop",
    replId: "crash",
    steps: [
      { copy: copied, runner: { state: ended(1, "Error", CRASH) } },
      { copy: copied, runner: { state: heldBack, lastState: ended(1, "Error", CRASH), restartCount: 1 } },
    ],
    code: "container_crash_loop",
    text: CRASH,
    details: { container: "runner", exitCode: 1, reason: "Error", lastMessage: CRASH, restarts: 1 },
  },
  {
    name: "too much memory",
    replId: "memory",
    steps: [
      { copy: copied, runner: { state: ended(137, "OOMKilled", OUT_OF_MEMORY) } },
      {
        copy: copied,
        runner: { state: heldBack, lastState: ended(137, "OOMKilled", OUT_OF_MEMORY), restartCount: 1 },
      },
    ],
    code: "out_of_memory",
    text: "was killed for its use of memory",
    details: { container: "runner", exitCode: 137, reason: "OOMKilled", restarts: 1 },
  },
] as const;

describe.skipIf(missingTestCluster())("a start that cannot succeed, on the real control plane", () => {
  let target: PrivateCluster;
  let system: System;
  let kubelet: Kubelet;

  beforeAll(async () => {
    target = await openPrivateCluster();
    target.cluster.signal("kwok", "SIGSTOP");
    system = await startSystem(target, { namespace: await target.namespace() });
    kubelet = playKubelet(target.api, system.namespace);
  });
  afterAll(async () => {
    await kubelet?.[Symbol.asyncDispose]();
    await system?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
  });

  test.each(CASES)("$name: $code within 10 s of the signal, with the evidence", async (example) => {
    const { replId, steps, code, text, details } = example;
    const jobId = await system.submit("start", replId);
    const last = steps.at(-1)!;
    for (const { copy, runner } of steps.slice(0, -1)) {
      await kubelet.report(replId, copy, runner);
      // What it tells may still heal.
      await untilStatus(system, jobId, ({ phase }) => phase !== "scheduling" && phase !== "applying");
      expect((await system.status(jobId)).state).toBe("active");
    }
    const signalledAt = await kubelet.report(replId, last.copy, last.runner);
    const status = await follow(system, jobId);
    expect(Date.parse(status.finishedAt ?? "") - signalledAt).toBeLessThan(EARLY_MS);
    expect(status).toMatchObject({
      state: "failed",
      attempts: { made: 1 },
      error: { code, retryable: false, details: { pod: expect.stringMatching(`^${replId}-`), ...details } },
    });
    expect(status.error?.details).toMatchObject({
      dossier: {
        pods: [
          { name: expect.stringMatching(`^${replId}-`), node: "node-a", containers: [{ init: true }, { init: false }] },
        ],
        events: expect.arrayContaining([expect.objectContaining({ reason: "Scheduled" })]),
      },
    });
    expect(status.message).toMatch(/^Failed to create resources: /);
    expect(status.message).toContain(text);
    expect(await listResources(target.api, system.namespace)).toEqual([]);
  });

  test("a request that no node can meet: unschedulable within 10 s of the signal, with what the scheduler says", async () => {
    const namespace = await target.namespace();
    await using huge = await startSystem(target, { namespace, env: { TEMPLATE_PATH: HUGE_POD } });
    const jobId = await huge.submit("start", "huge");
    const told = await untilStatus(huge, jobId, ({ message }) => message.includes("The scheduler says"));
    const signalledAt = Date.now();
    expect(told.message).toContain("Insufficient cpu");
    expect(told.message).toMatch(/Waiting up to \d+ s for this to change\.$/);
    const status = await follow(huge, jobId);
    expect(Date.parse(status.finishedAt ?? "") - signalledAt).toBeLessThan(EARLY_MS);
    expect(status).toMatchObject({
      state: "failed",
      attempts: { made: 1 },
      error: {
        code: "unschedulable",
        retryable: true,
        details: { pod: expect.stringMatching(/^huge-/), message: expect.stringContaining("Insufficient cpu") },
      },
    });
    expect(await listResources(target.api, namespace)).toEqual([]);
  });
});
