import type { KubeObject } from "@repl/kube";
import { describe, expect, test } from "vitest";
import { DEFAULT_GRACES, type Graces, signalsBeforeObserved, signalsOf } from "../src/wait/signal.ts";
import { readWorkload, type WorkloadState } from "../src/wait/workload.ts";
import { states } from "./support/fixtures.ts";
import { containers, type PodOptions, pod } from "./support/pods.ts";

const { waiting, running, ended, crashLoop } = containers;
const GRACES: Graces = {
  unschedulableMs: 8_000,
  scaleUpMs: 300_000,
  claimMs: 120_000,
  configMs: 5_000,
  serviceAccountMs: 60_000,
  imagePullMs: 20_000,
  silenceMs: 10_000,
  nodeLostMs: 5_000,
};
const WELL: WorkloadState = {
  resourceVersion: "1",
  uid: "u1",
  namespace: "repls",
  user: "alice",
  replId: "repl123",
  observedGeneration: 1,
  terminating: false,
  ready: false,
  failing: [],
};
const recorded = (kind: "deployment" | "job", name: string) => readWorkload(states(kind)[name] as KubeObject);
const signals = (pods: readonly PodOptions[], workload = WELL) => signalsOf(workload, pods.map(pod), GRACES);
/** Code, grace and sentence of each. */
const told = (pods: readonly PodOptions[], workload = WELL) =>
  signals(pods, workload).map(({ code, graceMs, detail }) => [code, graceMs, detail]);

describe("a container that waits", () => {
  const image = "The image runner:1 of the container runner cannot be pulled";
  const start = "The container runner cannot be started";
  type Case = readonly [reason: string, message: string, code: string, graceMs: number, detail: string];
  test.each<Case>([
    [
      "ErrImagePull",
      "dial tcp 10.0.0.1:443: i/o timeout",
      "image_pull_failed",
      Number.POSITIVE_INFINITY,
      `${image}: dial tcp 10.0.0.1:443: i/o timeout`,
    ],
    [
      "ImagePullBackOff",
      'Back-off pulling image "runner:1"',
      "image_pull_failed",
      20_000,
      `${image}: Back-off pulling image "runner:1"`,
    ],
    ["ImagePullBackOff", "", "image_pull_failed", 20_000, `${image}.`],
    ["InvalidImageName", "invalid reference format", "image_pull_failed", 0, `${image}: invalid reference format`],
    ["ErrImageNeverPull", "not present", "image_pull_failed", 0, `${image}: not present`],
    ["CreateContainerConfigError", 'secret "x" not found', "config_error", 5_000, `${start}: secret "x" not found`],
    ["CreateContainerError", "name is reserved", "config_error", 5_000, `${start}: name is reserved`],
    ["RunContainerError", "exec: no such file", "config_error", 5_000, `${start}: exec: no such file`],
    ["PostStartHookError", "exited with 1", "config_error", 5_000, `${start}: exited with 1`],
    ["CreateContainerError", "", "config_error", 5_000, `${start}.`],
  ])("%s (%s)", (reason, message, code, graceMs, detail) => {
    expect(told([{ main: [waiting("runner", reason, message)] }])).toEqual([[code, graceMs, detail]]);
    expect(told([{ init: [waiting("runner", reason, message)] }])).toEqual([[code, graceMs, detail]]);
  });

  // As containerd 1.6, containerd 2 and CRI-O report what registries answer.
  test.each([
    'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/x/y:1": docker.io/x/y:1: not found',
    "failed to resolve reference: pull access denied, repository does not exist or may require authorization",
    "reading manifest 9 in docker.io/library/nginx: manifest unknown",
    "initializing source: unauthorized: authentication required",
    "no match for platform in manifest: not found",
  ])("a registry's final word is not waited for again: %s", (message) => {
    expect(told([{ main: [waiting("runner", "ErrImagePull", message)] }])).toEqual([
      ["image_pull_failed", 0, `${image}: ${message}`],
    ]);
  });

  test.each(["ContainerCreating", "PodInitializing", "SomethingNew", "constructor"])("%s is no signal", (reason) => {
    expect(signals([{ init: [waiting("copy", reason)], main: [waiting("runner", reason)] }])).toEqual([]);
  });
});

describe("a container that crashes", () => {
  type Case = readonly [what: string, options: PodOptions, code: string, detail: string];
  test.each<Case>([
    [
      "the copy step",
      { init: [crashLoop("copy", 66, "Error", "no files\n")] },
      "copy_failed",
      "The container copy ended with exit code 66: no files",
    ],
    [
      "the workspace",
      { main: [crashLoop("runner", 1, "Error")] },
      "container_crash_loop",
      "The container runner ended with exit code 1.",
    ],
    [
      "a workspace that just ends",
      { main: [crashLoop("runner", 0, "Completed")] },
      "container_crash_loop",
      "The container runner ended with exit code 0.",
    ],
    [
      "out of memory",
      { main: [crashLoop("runner", 137, "OOMKilled")] },
      "out_of_memory",
      "The container runner was killed for its use of memory.",
    ],
    [
      "out of memory while copying",
      { init: [crashLoop("copy", 137, "OOMKilled", "big")] },
      "out_of_memory",
      "The container copy was killed for its use of memory: big",
    ],
    [
      "killed for another reason",
      { main: [crashLoop("runner", 137, "Error")] },
      "container_crash_loop",
      "The container runner ended with exit code 137.",
    ],
    [
      "between two tries",
      { main: [ended("runner", 2, "Error", "again", 1)] },
      "container_crash_loop",
      "The container runner ended with exit code 2: again",
    ],
    [
      "a sidecar",
      { sidecars: ["proxy"], init: [crashLoop("proxy", 3, "Error")] },
      "container_crash_loop",
      "The container proxy ended with exit code 3.",
    ],
  ])("%s", (_, options, code, detail) => {
    expect(told([options])).toEqual([[code, 0, detail]]);
  });

  test.each<readonly [string, PodOptions]>([
    ["its first failure", { main: [ended("runner", 1, "Error")] }],
    ["a success after a failure", { init: [ended("copy", 0, "Completed", undefined, 1)] }],
    [
      "running again",
      { main: [{ ...running("runner"), restartCount: 3, lastState: { terminated: { exitCode: 1 } } }] },
    ],
  ])("%s is no signal", (_, options) => {
    expect(signals([options])).toEqual([]);
  });

  test("brings its evidence", () => {
    const [signal] = signals([{ name: "p1", init: [crashLoop("copy", 66, "Error", "no files\n")] }]);
    expect(signal?.details).toEqual({
      pod: "p1",
      container: "copy",
      image: "copy:1",
      restarts: 1,
      waiting: { reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container=copy" },
      exitCode: 66,
      reason: "Error",
      lastMessage: "no files",
    });
  });
});

describe("a pod that no node takes", () => {
  const unscheduled = (reason: string): PodOptions => ({
    node: "",
    conditions: { PodScheduled: ["False", reason, "0/1 nodes are available: 1 Insufficient cpu."] },
  });

  test("has its grace, and the scheduler's words", () => {
    expect(signals([{ name: "p1", ...unscheduled("Unschedulable") }])).toEqual([
      {
        code: "unschedulable",
        graceMs: 8_000,
        detail: "The scheduler says: 0/1 nodes are available: 1 Insufficient cpu.",
        details: { pod: "p1", message: "0/1 nodes are available: 1 Insufficient cpu." },
      },
    ]);
  });

  // The words of the scheduler's VolumeBinding (kubernetes 1.35).
  test.each([
    "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: not helpful",
    '0/1 nodes are available: persistentvolumeclaim "data" not found.',
  ])("has a longer grace where it waits for a claim, and the claim's name: %s", (message) => {
    const conditions = { PodScheduled: ["False", "Unschedulable", message] as const };
    expect(signals([{ name: "p1", node: "", conditions, claims: ["data", "cache"] }])).toEqual([
      {
        code: "config_error",
        graceMs: 120_000,
        detail: `The pod waits for its PersistentVolumeClaim data, cache. The scheduler says: ${message}`,
        details: { pod: "p1", claims: ["data", "cache"], message },
      },
    ]);
  });

  test("is no signal while a gate holds it", () => {
    expect(signals([unscheduled("SchedulingGated")])).toEqual([]);
  });
});

describe("pods that a node refused or evicted", () => {
  const refused = (count: number, rest: PodOptions = {}) =>
    Array.from(
      { length: count },
      (_, index): PodOptions => ({
        name: `p${index}`,
        phase: "Failed",
        reason: "OutOfcpu",
        message: "Pod was rejected: Node didn't have enough resource: cpu",
        ...rest,
      }),
    );

  test.each([1, 2])("%s of them are being replaced", (count) => {
    expect(signals(refused(count))).toEqual([]);
  });

  test("three are a failure, told by the last", () => {
    const last = { name: "last", phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." };
    expect(signals([...refused(2), last])).toEqual([
      {
        code: "evicted",
        graceMs: 0,
        detail: "3 pods were refused or evicted, the last one: Evicted The node was low on resource: memory.",
        details: { pods: 3, reason: "Evicted", message: "The node was low on resource: memory." },
      },
    ]);
  });

  test("that are on their way out do not count", () => {
    expect(signals(refused(3, { terminating: true }))).toEqual([]);
  });

  test("do not look like a crash, however often they had been restarted", () => {
    const evicted = { phase: "Failed", reason: "Evicted", main: [ended("runner", 137, "Error", undefined, 4)] };
    expect(signals([evicted, { phase: "Running", main: [running("runner")] }])).toEqual([]);
  });
});

describe("a Deployment that cannot go on", () => {
  test.each([
    ["quota-pods", "quota_exceeded", 5_000, /^The pod was refused: pods "repl123-\S+" is forbidden: exceeded quota/],
    ["quota-must", "pod_refused", 5_000, /^The pod was refused: .* must specify requests.cpu/],
    ["pod-security", "pod_refused", 5_000, /^The pod was refused: .* violates PodSecurity/],
    ["quota-replicasets", "quota_exceeded", 5_000, /^Failed to create new replica set .* exceeded quota/],
    ["deadline", "deadline_exceeded", 0, /^ReplicaSet "repl123-\S+" has timed out progressing/],
  ])("%s", (name, code, graceMs, detail) => {
    expect(told([], recorded("deployment", name))).toEqual([[code, graceMs, expect.stringMatching(detail)]]);
  });

  test("because its namespace has no ServiceAccount yet is given a minute, and is no refusal by a policy", () => {
    const message =
      'pods "repl123-7d4b9c-" is forbidden: error looking up service account repl-user-alice/default: serviceaccount "default" not found';
    const failing = [{ reason: "FailedCreate", message }];
    expect(signals([], { ...WELL, failing })).toEqual([
      {
        code: "deadline_exceeded",
        graceMs: 60_000,
        detail: `The namespace's ServiceAccount, without which no pod is made, is not there yet: ${message}`,
        details: { reason: "FailedCreate", message },
      },
    ]);
  });

  test("because a pod is refused is no failure while another pod lives", () => {
    const workload = recorded("deployment", "quota-pods");
    expect(told([{ main: [running("runner")] }], workload)).toEqual([]);
    expect(told([{ terminating: true }], workload)).toHaveLength(1);
  });

  test("is told both by its refused pod and by its deadline", () => {
    const failing = [
      { reason: "FailedCreate", message: "exceeded quota" },
      { reason: "ProgressDeadlineExceeded", message: "late" },
    ];
    const alive = [{ phase: "Running", main: [running("runner")] }];
    expect(signals([], { ...WELL, failing }).map(({ code }) => code)).toEqual(["quota_exceeded", "deadline_exceeded"]);
    expect(signals(alive, { ...WELL, failing }).map(({ code }) => code)).toEqual(["deadline_exceeded"]);
  });

  test.each(["available", "rollout", "paused", "created", "zero"])("%s is no such", (name) => {
    expect(told([], recorded("deployment", name))).toEqual([]);
  });

  test("before it observed the generation, only its refused ReplicaSet is up to date", () => {
    const before = (name: string) =>
      signalsBeforeObserved(recorded("deployment", name), GRACES).map(({ code }) => code);
    expect(before("quota-replicasets")).toEqual(["quota_exceeded"]);
    for (const name of ["deadline", "quota-pods", "pod-security", "created"]) expect(before(name)).toEqual([]);
  });
});

describe("a Job that gave up", () => {
  test("says how its last pod ended", () => {
    const failed = { ...recorded("job", "failed") };
    const pods = [{ name: "p1", phase: "Failed", main: [ended("runner", 2, "Error", "no such file\n")] }];
    expect(signals(pods, failed)).toEqual([
      {
        code: "container_crash_loop",
        graceMs: 0,
        detail: "The container runner ended with exit code 2: no such file",
        details: expect.objectContaining({ pod: "p1", exitCode: 2, reason: "Error", lastMessage: "no such file" }),
      },
    ]);
  });

  test("says what it knows when its pods are gone", () => {
    expect(told([], recorded("job", "failed"))).toEqual([
      ["container_crash_loop", 0, "Job has reached the specified backoff limit."],
    ]);
  });

  test("has not given up while it replaces pods that failed", () => {
    const failed = (name: string): PodOptions => ({ name, phase: "Failed", main: [ended("runner", 1, "Error")] });
    expect(signals(["a", "b", "c", "d"].map(failed), recorded("job", "running"))).toEqual([]);
  });
});

test("by default what only the registry's or the user's change can heal has no grace", () => {
  const graces = signalsOf(WELL, [pod({ main: [waiting("runner", "ImagePullBackOff")] })], DEFAULT_GRACES);
  expect(graces).toMatchObject([{ code: "image_pull_failed", graceMs: 0 }]);
});
