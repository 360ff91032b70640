import { describe, expect, test } from "vitest";
import { FAILURE_PREFIXES, FAILURES, type FailureName } from "../src/index.ts";
import { ask, create, DEPLOYMENTS, first, type Json, json, PODS, replDeployment, simulatorFor } from "./api.ts";

const containers = (pod: Json): readonly Json[] => [
  ...(pod.status?.initContainerStatuses ?? []),
  ...(pod.status?.containerStatuses ?? []),
];

const waitsFor = (reason: string) => (pod: Json) =>
  containers(pod).some((each) => each.state.waiting?.reason === reason);

const hasCondition = (type: string, status: string, reason?: string) => (object: Json) =>
  (object.status?.conditions ?? []).some(
    (each: Json) => each.type === type && each.status === status && (reason === undefined || each.reason === reason),
  );

/** What each failure looks like from outside. */
const SIGNS: Partial<Record<FailureName, (pod: Json) => boolean>> = {
  image_pull: waitsFor("ImagePullBackOff"),
  image_never_pull: waitsFor("ErrImageNeverPull"),
  invalid_image_name: waitsFor("InvalidImageName"),
  create_container_config_error: waitsFor("CreateContainerConfigError"),
  create_container_error: waitsFor("CreateContainerError"),
  run_container_error: waitsFor("RunContainerError"),
  post_start_hook: waitsFor("PostStartHookError"),
  crash_loop: (pod) => waitsFor("CrashLoopBackOff")(pod) && containers(pod)[1]?.lastState.terminated?.exitCode === 1,
  oom: (pod) => waitsFor("CrashLoopBackOff")(pod) && containers(pod)[1]?.lastState.terminated?.reason === "OOMKilled",
  init_crash: (pod) => containers(pod)[0]?.state.waiting?.reason === "CrashLoopBackOff",
  unschedulable: hasCondition("PodScheduled", "False", "Unschedulable"),
  evicted: (pod) => pod.status?.phase === "Failed" && pod.status.reason === "Evicted",
  never_ready: (pod) => pod.status?.phase === "Running" && hasCondition("Ready", "False")(pod),
};

const ready = hasCondition("Ready", "True");

describe("pods told to fail", () => {
  test.each(Object.entries(SIGNS))("%s shows as it does in a real cluster", async (failure, shows) => {
    const simulator = await simulatorFor();
    simulator.failures.add({ repl: "demo", failure: failure as FailureName });
    await create(simulator, DEPLOYMENTS, replDeployment("demo"));
    const pod = await first(simulator, PODS, shows);
    expect(ready(pod)).toBe(false);
  });

  test("failed_mount shows in events that count up", async () => {
    const simulator = await simulatorFor({ failures: [{ repl: "demo", failure: "failed_mount" }] });
    await create(simulator, DEPLOYMENTS, replDeployment("demo"));
    const event = await first(
      simulator,
      "/api/v1/namespaces/default/events",
      (each) => each.reason === "FailedMount" && each.count >= 3,
    );
    expect(event).toMatchObject({ type: "Warning", involvedObject: { kind: "Pod" } });
  });

  test("quota lets the Deployment in and makes no pod", async () => {
    const simulator = await simulatorFor({ failures: [{ repl: "demo", failure: "quota" }] });
    await create(simulator, DEPLOYMENTS, replDeployment("demo"));
    const failed = await first(simulator, DEPLOYMENTS, hasCondition("ReplicaFailure", "True", "FailedCreate"));
    expect(JSON.stringify(failed.status)).toContain("exceeded quota: repl-quota");
    expect((await json(ask(simulator, "GET", PODS))).items).toEqual([]);
  });

  test.each(["image_pull", "init_crash", "unschedulable", "never_ready", "quota"] as const)(
    "a lifted %s heals",
    async (failure) => {
      const simulator = await simulatorFor();
      const rule = simulator.failures.add({ repl: "demo", failure });
      await create(simulator, DEPLOYMENTS, replDeployment("demo"));
      if (failure === "quota") await first(simulator, DEPLOYMENTS, hasCondition("ReplicaFailure", "True"));
      else await first(simulator, PODS, SIGNS[failure] ?? (() => false));
      expect(simulator.failures.remove(rule.id)).toBe(true);
      await first(simulator, DEPLOYMENTS, (each) => each.status?.availableReplicas === 1);
    },
  );

  test("a rule for one pod lets its replacement run", async () => {
    const simulator = await simulatorFor({ failures: [{ repl: "demo", failure: "evicted", times: 1 }] });
    await create(simulator, DEPLOYMENTS, replDeployment("demo"));
    await first(simulator, DEPLOYMENTS, (each) => each.status?.availableReplicas === 1);
    const phases = (await json(ask(simulator, "GET", PODS))).items.map((pod: Json) => pod.status.phase);
    expect(phases.toSorted()).toEqual(["Failed", "Running"]);
  });

  test("message and exit code are the rule's own", async () => {
    const simulator = await simulatorFor({
      failures: [{ repl: "de*", failure: "crash_loop", exitCode: 42, message: "no more" }],
    });
    await create(simulator, DEPLOYMENTS, replDeployment("demo"));
    const pod = await first(simulator, PODS, waitsFor("CrashLoopBackOff"));
    expect(pod.status.containerStatuses[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 42, message: "no more", reason: "Error" } },
    });
  });

  test("a repl's own name can ask for a failure", async () => {
    const simulator = await simulatorFor();
    await create(simulator, DEPLOYMENTS, replDeployment("fail-image-demo"));
    await first(simulator, PODS, waitsFor("ImagePullBackOff"));
    for (const [prefix, failure] of Object.entries(FAILURE_PREFIXES)) {
      expect(prefix).toMatch(/^fail-[a-z]+-$/);
      expect(FAILURES).toHaveProperty(failure);
    }
  });

  test("every failure has its sign in these tests", () => {
    const elsewhere = ["quota", "failed_mount"];
    expect([...Object.keys(SIGNS), ...elsewhere].toSorted()).toEqual(Object.keys(FAILURES).toSorted());
  });
});

describe("the control endpoint for failures", () => {
  test("adds, lists and removes, and names what is wrong", async () => {
    const simulator = await simulatorFor();
    const at = "/simulator/failures";
    const added = await json(ask(simulator, "POST", at, { repl: "demo", failure: "image_pull" }));
    expect(added).toEqual({ repl: "demo", failure: "image_pull", id: "1" });
    expect((await json(ask(simulator, "GET", at))).failures).toEqual([added]);
    const wrong = await ask(simulator, "POST", at, { repl: "demo", failure: "sulks" });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toEqual({ error: 'failure: unknown failure "sulks"' });
    expect((await ask(simulator, "DELETE", `${at}?repl=demo`)).status).toBe(200);
    expect(simulator.failures.list()).toEqual([]);
    expect((await ask(simulator, "GET", "/simulator/nothing")).status).toBe(404);
  });
});
