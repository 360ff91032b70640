import type { KubeObject } from "@repl/kube";
import { describe, expect, test } from "vitest";
import { readPod } from "../src/wait/pod.ts";
import { progressOf } from "../src/wait/progress.ts";
import { states } from "./support/fixtures.ts";
import { containers, type PodOptions, pod, podObject } from "./support/pods.ts";

describe("a pod as a cluster reports it", () => {
  test("running", () => {
    expect(readPod(states("pod").running as KubeObject)).toMatchObject({
      name: expect.stringMatching(/^repl123-/),
      namespace: "repls",
      manifestHash: expect.stringMatching(/^[0-9a-f]{16}$/),
      createdAtMs: Date.parse("2026-11-22T03:40:35Z"),
      terminating: false,
      phase: "Running",
      reason: "",
      node: "node-a",
      ready: true,
      initialized: true,
      unscheduled: undefined,
      containers: [
        {
          name: "copy",
          image: "copier:1",
          init: true,
          running: false,
          ended: { now: true, exitCode: 0, reason: "Completed" },
        },
        { name: "runner", image: "runner:1", init: false, ready: true, running: true, restarts: 0, ended: undefined },
      ],
    });
  });

  test("with claims, an ephemeral volume's own among them", () => {
    const volumes = [
      { name: "files", persistentVolumeClaim: { claimName: "data" } },
      { name: "scratch", ephemeral: { volumeClaimTemplate: {} } },
      { name: "tmp", emptyDir: {} },
    ];
    const claiming = { ...podObject({ name: "p1" }), spec: { volumes } };
    expect(readPod(claiming).claims).toEqual(["data", "p1-scratch"]);
  });

  test("unschedulable", () => {
    expect(readPod(states("pod").unschedulable as KubeObject)).toMatchObject({
      node: "",
      ready: false,
      unscheduled: { reason: "Unschedulable", message: expect.stringMatching(/^0\/1 nodes are available/) },
      containers: [],
    });
  });

  test("failed, its last words without the end of the line", () => {
    expect(readPod(states("pod")["job-failed"] as KubeObject).containers[0]?.ended).toEqual({
      now: true,
      exitCode: 2,
      reason: "Error",
      message: "no such file",
    });
  });

  test("just made, without any status", () => {
    const { status: _status, ...bare } = states("pod").running as KubeObject;
    expect(readPod(bare as KubeObject)).toMatchObject({
      phase: "",
      ready: false,
      unscheduled: undefined,
      containers: [],
    });
  });
});

describe("a container", () => {
  test("that waits tells why, and how its last run ended", () => {
    const [state] = pod({ main: [containers.crashLoop("runner", 137, "OOMKilled")] }).containers;
    expect(state).toMatchObject({
      waiting: { reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container=runner" },
      ended: { now: false, exitCode: 137, reason: "OOMKilled", message: "" },
      restarts: 1,
    });
  });

  test("that ended now is judged by this run, not by the one before", () => {
    const status = {
      ...containers.ended("runner", 1, "Error"),
      lastState: { terminated: { exitCode: 9, reason: "Older" } },
    };
    expect(pod({ main: [status] }).containers[0]?.ended).toMatchObject({ now: true, exitCode: 1, reason: "Error" });
  });

  test("that is a sidecar is none of those that run first and end", () => {
    const { containers: states } = pod({
      sidecars: ["proxy"],
      init: [containers.running("proxy", true), containers.running("copy")],
    });
    expect(states.map(({ name, init }) => [name, init])).toEqual([
      ["proxy", false],
      ["copy", true],
    ]);
  });
});

describe("the progress of a start", () => {
  const { waiting, running, ended, crashLoop } = containers;
  const notInitialized = { PodScheduled: "True", Initialized: "False" };
  const initializing = waiting("runner", "PodInitializing");
  type Step = readonly [what: string, pods: readonly PodOptions[], phase: string, message: string];

  test.each<Step>([
    ["no pod yet", [], "scheduling", "Waiting for a pod."],
    ["not seen by the scheduler", [{ node: "", conditions: {} }], "scheduling", "Waiting for a node."],
    [
      "no room",
      [{ node: "", conditions: { PodScheduled: ["False", "Unschedulable", "0/1 nodes are available."] } }],
      "scheduling",
      "Waiting for a node: 0/1 nodes are available.",
    ],
    [
      "held by a scheduling gate",
      [{ node: "", conditions: { PodScheduled: ["False", "SchedulingGated", ""] } }],
      "scheduling",
      "Waiting for a node: SchedulingGated",
    ],
    ["on a node, nothing begun", [{ conditions: notInitialized }], "pulling", "Preparing the containers."],
    [
      "pulling the copy step's image",
      [{ conditions: notInitialized, init: [waiting("copy", "PodInitializing")], main: [initializing] }],
      "pulling",
      "Preparing the containers.",
    ],
    [
      "that pull failed once",
      [{ conditions: notInitialized, init: [waiting("copy", "ErrImagePull", "not found")], main: [initializing] }],
      "pulling",
      "copy: ErrImagePull: not found",
    ],
    [
      "copying",
      [{ conditions: notInitialized, init: [running("copy")], main: [initializing] }],
      "copying",
      "Copying the repl's files.",
    ],
    [
      "copying beside a sidecar",
      [
        {
          conditions: notInitialized,
          sidecars: ["proxy"],
          init: [running("proxy", true), waiting("copy", "PodInitializing")],
        },
      ],
      "pulling",
      "Preparing the containers.",
    ],
    [
      "the second of two steps",
      [{ conditions: notInitialized, init: [ended("copy", 0, "Completed"), running("install")] }],
      "copying",
      "Copying the repl's files.",
    ],
    [
      "a copy step held back",
      [{ conditions: notInitialized, init: [crashLoop("copy", 1, "Error")] }],
      "pulling",
      "copy: CrashLoopBackOff: back-off 10s restarting failed container=copy",
    ],
    [
      "pulling the image of the workspace",
      [{ init: [ended("copy", 0, "Completed")], main: [initializing] }],
      "starting",
      "Starting the workspace.",
    ],
    [
      "creating its container",
      [{ main: [waiting("runner", "ContainerCreating")] }],
      "starting",
      "Starting the workspace.",
    ],
    [
      "running, not ready",
      [{ phase: "Running", main: [running("runner")] }],
      "starting",
      "Waiting for runner to be ready.",
    ],
    [
      "ready, the Deployment not yet",
      [{ phase: "Running", main: [running("runner", true)] }],
      "starting",
      "Starting the workspace.",
    ],
    [
      "one of two containers ready",
      [{ phase: "Running", main: [running("runner", true), running("web")] }],
      "starting",
      "Waiting for web to be ready.",
    ],
    [
      "the newest of several pods counts",
      [
        { name: "new", createdAt: "2026-11-22T03:41:00Z", conditions: notInitialized, init: [running("copy")] },
        { name: "old", createdAt: "2026-11-22T03:40:00Z", phase: "Running", main: [running("runner")] },
      ],
      "copying",
      "Copying the repl's files.",
    ],
    [
      "a pod on its way out does not count",
      [{ terminating: true, main: [running("runner")] }],
      "scheduling",
      "Waiting for a pod.",
    ],
    ["nor does one that was evicted", [{ phase: "Failed", reason: "Evicted" }], "scheduling", "Waiting for a pod."],
  ])("%s", (_, pods, phase, message) => {
    expect(progressOf(pods.map(pod))).toEqual({ phase, message });
  });
});
