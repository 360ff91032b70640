import type { KubeObject } from "@repl/kube";
import { describe, expect, test } from "vitest";
import { readWorkload } from "../src/wait/workload.ts";
import { states } from "./support/fixtures.ts";

type Spec = Record<string, unknown>;

const workload = (kind: string, spec: Spec, status: Spec, metadata: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name: "repl123", uid: "u1", generation: 1, ...metadata },
  spec,
  status: { observedGeneration: 1, ...status },
});

const available = { type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "" };
const progressing = { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message: "" };
/** A Deployment's status with one pod that is all it shall be. */
const WELL = {
  replicas: 1,
  updatedReplicas: 1,
  readyReplicas: 1,
  availableReplicas: 1,
  conditions: [available, progressing],
};
const deployment = (status: Spec, spec: Spec = {}) => workload("Deployment", spec, { ...WELL, ...status });

describe("a Deployment as a control plane reports it", () => {
  test.each([
    ["created", { observedGeneration: 0, ready: false, terminating: false, failing: [] }],
    ["available", { observedGeneration: 1, ready: true, terminating: false, failing: [] }],
    ["rollout", { observedGeneration: 2, ready: false, terminating: false, failing: [] }],
    ["paused", { observedGeneration: 1, ready: false, terminating: false, failing: [] }],
    ["zero", { observedGeneration: 3, ready: true, terminating: false, failing: [] }],
    ["terminating", { ready: true, terminating: true }],
  ])("%s", (name, expected) => {
    expect(readWorkload(states("deployment")[name] as KubeObject)).toMatchObject(expected);
  });

  test("is known by uid and repl", () => {
    const object = states("deployment").available as KubeObject;
    expect(readWorkload(object)).toMatchObject({ uid: object.metadata.uid, replId: "repl123" });
  });

  test.each([
    ["deadline", 2, "ProgressDeadlineExceeded", /has timed out progressing/],
    ["quota-pods", 1, "FailedCreate", /exceeded quota: limit, requested: pods=1/],
    ["quota-must", 1, "FailedCreate", /must specify requests.cpu/],
    ["pod-security", 1, "FailedCreate", /violates PodSecurity "restricted:latest"/],
    ["quota-replicasets", 0, "ReplicaSetCreateError", /exceeded quota: limit, requested: count\/replicasets/],
  ])("%s says why it cannot go on", (name, observedGeneration, reason, message) => {
    const { failing, ...state } = readWorkload(states("deployment")[name] as KubeObject);
    expect(state).toMatchObject({ observedGeneration, ready: false });
    expect(failing).toEqual([{ reason, message: expect.stringMatching(message) }]);
  });
});

// sigs.k8s.io/cli-utils, pkg/kstatus/status/status_compute_test.go: the cases of Deployments, and the gaps it leaves.
describe("a Deployment's readiness", () => {
  test.each<readonly [string, KubeObject, boolean]>([
    ["depNoStatus", workload("Deployment", {}, {}), false],
    ["depOK", deployment({}), true],
    ["depNoProgressDeadlineSeconds", deployment({ conditions: [available] }), true],
    ["depNotAvailable", deployment({ conditions: [progressing, { ...available, status: "False" }] }), false],
    ["no condition yet", deployment({ conditions: [] }), false],
    ["LessReplicas", deployment({}, { replicas: 2 }), false],
    ["LessUpdated: only the old pod serves", deployment({ updatedReplicas: 0 }), false],
    ["ExtraPods: the old pod is not gone", deployment({ replicas: 2 }), false],
    [
      "ExtraPods: scaled down",
      deployment({ replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 }),
      false,
    ],
    ["LessAvailable", deployment({ availableReplicas: 0 }), false],
    ["rollout overlap: old available, new not", deployment({ replicas: 2, updatedReplicas: 1 }), false],
    ["scaled to zero", workload("Deployment", { replicas: 0 }, { conditions: [available] }), true],
    [
      "scaled to zero, pods not gone",
      workload("Deployment", { replicas: 0 }, { replicas: 1, conditions: [available] }),
      false,
    ],
    ["several replicas", deployment({ replicas: 3, updatedReplicas: 3, availableReplicas: 3 }, { replicas: 3 }), true],
  ])("%s", (_, object, ready) => {
    expect(readWorkload(object).ready).toBe(ready);
  });

  test("a failure of its pods comes before that of its progress, and hides it not", () => {
    const conditions = [
      { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "late" },
      { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "quota" },
    ];
    expect(readWorkload(deployment({ conditions })).failing).toEqual([
      { reason: "FailedCreate", message: "quota" },
      { reason: "ProgressDeadlineExceeded", message: "late" },
    ]);
  });

  test("conditions that are over are no failure", () => {
    const conditions = [progressing, available, { type: "ReplicaFailure", status: "False", reason: "FailedCreate" }];
    expect(readWorkload(deployment({ conditions })).failing).toEqual([]);
  });
});

describe("a StatefulSet", () => {
  const well = { replicas: 1, readyReplicas: 1, currentRevision: "a", updateRevision: "a" };
  test.each<readonly [string, KubeObject, boolean]>([
    ["created, as recorded", states("statefulset").created as KubeObject, false],
    ["ready, as recorded", states("statefulset").ready as KubeObject, true],
    ["in its rollout, as recorded", states("statefulset").rollout as KubeObject, false],
    ["stsNoStatus", workload("StatefulSet", {}, {}), false],
    ["stsOK", workload("StatefulSet", {}, well), true],
    ["stsLessReady", workload("StatefulSet", {}, { ...well, readyReplicas: 0 }), false],
    ["stsLessCurrent", workload("StatefulSet", {}, { ...well, updateRevision: "b" }), false],
    ["stsExtraPods", workload("StatefulSet", {}, { ...well, replicas: 2 }), false],
    ["scaled to zero", workload("StatefulSet", { replicas: 0 }, { replicas: 0 }), true],
  ])("%s", (_, object, ready) => {
    expect(readWorkload(object)).toMatchObject({ ready, failing: [] });
  });

  test("has not observed anything before its controller wrote", () => {
    expect(readWorkload(states("statefulset").created as KubeObject).observedGeneration).toBe(0);
  });
});

describe("a Job", () => {
  const complete = { type: "Complete", status: "True", reason: "CompletionsReached", message: "" };
  test.each<readonly [string, KubeObject, boolean]>([
    ["created, as recorded", states("job").created as KubeObject, false],
    ["running, as recorded", states("job").running as KubeObject, true],
    ["failed, as recorded", states("job").failed as KubeObject, false],
    ["active and not ready", workload("Job", {}, { active: 1, ready: 0 }), false],
    ["complete", workload("Job", {}, { succeeded: 1, conditions: [complete] }), true],
    ["suspended", workload("Job", { suspend: true }, { conditions: [{ type: "Suspended", status: "True" }] }), false],
  ])("%s", (_, object, ready) => {
    expect(readWorkload(object).ready).toBe(ready);
  });

  test("says why it failed, and observes each generation at once", () => {
    expect(readWorkload(states("job").failed as KubeObject)).toMatchObject({
      observedGeneration: 1,
      failing: [{ reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" }],
    });
  });
});

test("another kind is no workload", () => {
  expect(() => readWorkload(workload("Service", {}, {}))).toThrow(new TypeError("Service is no workload"));
});
