import { setImmediate as turn } from "node:timers/promises";
import { waitFor } from "@repl/testkit";
import { describe, expect, test } from "vitest";
import type { MemoryView } from "./support/memory-view.ts";
import { containers } from "./support/pods.ts";
import {
  begin,
  checkListeners,
  copying,
  crashing,
  deployment,
  failureOf,
  GRACES,
  LONG_MS,
  pod,
  starting,
  unschedulable,
} from "./support/waits.ts";

const { waiting } = containers;

checkListeners();

describe("generation comes first", () => {
  test("nothing is known of the workload yet", async () => {
    const { view, done, reported } = begin([]);
    expect(await reported(1)).toEqual([
      { phase: "scheduling", progress: 40, message: "Waiting for the cluster to act." },
    ]);
    view.put(deployment("available"));
    await done;
  });

  test("ready at an older generation is not ready", async () => {
    const old = deployment("available", { generation: 2, observedGeneration: 1 });
    const { view, done, reported } = begin([old], { workload: deployment("created", { generation: 2 }) });
    expect((await reported(1)).at(0)).toMatchObject({ message: "Waiting for the cluster to act." });
    view.put(deployment("available", { generation: 2 }));
    await done;
  });

  test("ProgressDeadlineExceeded of an older generation is no failure", async () => {
    const stale = deployment("deadline", { generation: 3, observedGeneration: 2 });
    const { view, done, reported } = begin([stale, crashing()], { workload: deployment("created", { generation: 3 }) });
    await reported(1);
    view.drop(crashing());
    view.put(deployment("available", { generation: 3 }));
    await done;
  });

  test("a progress deadline that had passed before this start is no failure, one that passes again is", async () => {
    const late = deployment("deadline");
    const { view, done, reported } = begin([late, starting()], { workload: late });
    expect(await reported(1)).toMatchObject([{ message: "Waiting for runner to be ready." }]);
    view.put(deployment("available"));
    await done;
    const again = begin([late, starting()], { workload: late });
    await again.reported(1);
    again.view.put(deployment("rollout"));
    await turn();
    again.view.put(late);
    expect(await failureOf(again.done)).toMatchObject({ code: "deadline_exceeded" });
  });

  test("a generation that somebody made since counts as well", async () => {
    const { done } = begin([deployment("available", { generation: 7 })]);
    await done;
  });

  test("a workload of the same name and another uid is not it", async () => {
    const other = deployment("available");
    const { view, done, reported } = begin([{ ...other, metadata: { ...other.metadata, uid: "d0" } }]);
    expect(await reported(1)).toHaveLength(1);
    view.put(other);
    await done;
  });

  test("a ReplicaSet that is refused is told though the generation is never observed", async () => {
    const refused = deployment("quota-replicasets", { observedGeneration: 0 });
    const { done } = begin([refused], { graces: { ...GRACES, configMs: 30 } });
    expect(await failureOf(done)).toMatchObject({ code: "quota_exceeded" });
  });
});

describe("failure comes next", () => {
  test("at once where nothing heals it, with the evidence", async () => {
    const { done, reports } = begin([deployment("rollout"), crashing()]);
    expect(await failureOf(done)).toMatchObject({
      code: "container_crash_loop",
      message: "The workspace's program keeps crashing. The container runner ended with exit code 1: boom",
      details: { container: "runner", exitCode: 1, lastMessage: "boom" },
    });
    expect(reports).toEqual([]);
  });

  test("not before its grace, which it tells once, and not sooner because it changes its words", async () => {
    const graceMs = 150;
    const startedAt = performance.now();
    const { view, done, reported } = begin([deployment("rollout"), unschedulable("no cpu")], {
      graces: { ...GRACES, unschedulableMs: graceMs },
    });
    await reported(1);
    view.put(unschedulable("no memory"));
    const reports = await reported(2);
    expect(await failureOf(done)).toMatchObject({
      code: "unschedulable",
      message: "No node of the cluster has room for the workspace. The scheduler says: no memory",
    });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(graceMs - 2);
    expect(reports.map(({ message }) => message)).toEqual([
      "The scheduler says: no cpu. Waiting up to 1 s for this to change.",
      "The scheduler says: no memory. Waiting up to 1 s for this to change.",
    ]);
  });

  test("a cause that healed starts a new grace when it comes back", async () => {
    const graceMs = 300;
    const seenAt = performance.now();
    const { view, done, reported } = begin([deployment("rollout"), unschedulable("full")], {
      graces: { ...GRACES, unschedulableMs: graceMs },
    });
    await waitFor(() => performance.now() - seenAt > graceMs / 2, { what: "half of the grace", intervalMs: 5 });
    view.put(copying());
    await reported(2);
    const backAt = performance.now();
    view.put(unschedulable("full again"));
    expect(await failureOf(done)).toMatchObject({ code: "unschedulable" });
    expect(performance.now() - backAt).toBeGreaterThanOrEqual(graceMs - 2);
  });

  test("an image's grace goes on while kubelet tries again", async () => {
    const pulling = (reason: string) => pod({ main: [waiting("runner", reason, "no such image")] });
    const { view, done, reported } = begin([deployment("rollout"), pulling("ErrImagePull")], {
      graces: { ...GRACES, imagePullMs: 40 },
    });
    const seenAt = performance.now();
    const [first] = await reported(1);
    const sentence = "The image runner:1 of the container runner cannot be pulled: no such image.";
    expect(first?.message).toBe(sentence);
    await waitFor(() => performance.now() - seenAt > 50, { what: "the grace to pass", intervalMs: 5 });
    view.put(pulling("ImagePullBackOff"));
    expect(await failureOf(done)).toMatchObject({ code: "image_pull_failed" });
  });

  test("a node that went away, once its pod has been silent for a while", async () => {
    const { view, done } = begin([deployment("rollout"), copying({ node: "node-a" })], {
      graces: { ...GRACES, silenceMs: 20, nodeLostMs: 30 },
    });
    view.putNode("node-a", "is not ready: Kubelet stopped posting node status.");
    expect(await failureOf(done)).toMatchObject({
      code: "node_lost",
      message: expect.stringMatching(
        /The node node-a of the pod .* is not ready: Kubelet stopped posting node status\.$/,
      ),
      details: { node: "node-a" },
    });
  });

  test("a node that comes back in time, or that may not be asked about, fails nothing", async () => {
    const { view, done, reported } = begin([deployment("rollout"), copying({ node: "node-a" })], {
      graces: { ...GRACES, silenceMs: 20, nodeLostMs: LONG_MS },
    });
    view.putNode("node-a", "is not ready.");
    expect(await reported(2)).toMatchObject([
      { phase: "copying" },
      { message: expect.stringMatching(/^The node node-a/) },
    ]);
    view.putNode("node-a", undefined);
    expect(await reported(3)).toMatchObject([{}, {}, { message: "Copying the repl's files." }]);
    view.put(deployment("available"));
    await done;
  });

  test("pods of an older manifest are not this start's, whatever their state", async () => {
    const hash = "0000000000000000";
    const { view, done, reported } = begin([
      deployment("rollout"),
      crashing({ name: "old", hash, createdAt: "2026-11-22T09:00:00Z" }),
      copying({ name: "new" }),
    ]);
    expect(await reported(1)).toMatchObject([{ phase: "copying" }]);
    view.put(deployment("available"));
    await done;
  });

  test("pods of another repl are not this start's", async () => {
    const foreign = crashing();
    foreign.metadata.labels = { "repl-orchestrator.dev/repl": "other" };
    const { view, done, reported } = begin([deployment("rollout"), foreign]);
    expect(await reported(1)).toMatchObject([{ message: "Waiting for a pod." }]);
    view.put(deployment("available"));
    await done;
  });

  test("an evicted pod that is replaced lets the start go on", async () => {
    const evicted = pod({ name: "first", phase: "Failed", reason: "Evicted", message: "low on memory" });
    const { view, done, reported } = begin([deployment("rollout"), starting({ name: "first" })]);
    await reported(1);
    view.put(evicted);
    await reported(2);
    view.put(starting({ name: "second", createdAt: "2026-11-22T03:41:35Z" }));
    await reported(3);
    view.put(deployment("available"));
    await done;
  });
});

describe("progress", () => {
  test("is told when it changes and only then, and never goes back", async () => {
    const { view, reports, done, reported } = begin([deployment("rollout")]);
    await reported(1);
    view.put(copying());
    await reported(2);
    view.put(deployment("rollout"));
    view.put(copying());
    await turn();
    view.put(starting());
    await reported(3);
    view.put(copying());
    await reported(4);
    view.put(deployment("available"));
    await done;
    expect(reports).toEqual([
      { phase: "scheduling", progress: 40, message: "Waiting for a pod." },
      { phase: "copying", progress: 65, message: "Copying the repl's files." },
      { phase: "starting", progress: 80, message: "Waiting for runner to be ready." },
      { phase: "copying", progress: 80, message: "Copying the repl's files." },
    ]);
  });

  test("needs no report where all is ready at once", async () => {
    const { reports, done } = begin([deployment("available")]);
    await done;
    expect(reports).toEqual([]);
  });

  test("a workload being deleted is not ready, however well it looks", async () => {
    const well = deployment("available");
    const doomed = { ...well, metadata: { ...well.metadata, deletionTimestamp: "2026-11-22T03:40:57Z" } };
    const { view, done, reported } = begin([doomed]);
    await reported(1);
    view.put(well);
    await done;
  });

  test("a change between the look and the wait is not missed", async () => {
    let view: MemoryView | undefined;
    // The report comes after the look and before the wait: what changes while it is under way is told to nobody again.
    const report = async () => {
      await turn();
      view?.put(deployment("available"));
      await turn();
    };
    const setup = begin([], { report });
    view = setup.view;
    await setup.done;
    expect(setup.reports).toHaveLength(1);
  });
});

describe("the end of a wait", () => {
  test("the deadline says what it still waited for", async () => {
    const { done } = begin([deployment("rollout"), copying()], { deadlineMs: 40 });
    expect(await failureOf(done)).toMatchObject({
      code: "deadline_exceeded",
      message: "The workspace was not ready in time. After 0 s it was still copying: Copying the repl's files.",
      details: { phase: "copying", deadlineSeconds: 0.04 },
    });
  });

  test("a failure is told rather than the deadline that passes with it", async () => {
    const { done } = begin([deployment("rollout"), crashing()], { deadlineMs: 0 });
    expect(await failureOf(done)).toMatchObject({ code: "container_crash_loop" });
  });

  test("ready at the deadline is ready", async () => {
    await begin([deployment("available")], { deadlineMs: 0 }).done;
  });

  test("a last look at the cluster itself finds what the watch has missed", async () => {
    const setup = begin([deployment("rollout")], { deadlineMs: 40 });
    setup.view.putUnseen(deployment("available"));
    await setup.done;
  });

  test("the last look does not take a namesake for the workload", async () => {
    const setup = begin([deployment("rollout")], { deadlineMs: 40 });
    const namesake = deployment("available");
    setup.view.putUnseen({
      ...namesake,
      metadata: { ...namesake.metadata, generation: 1 },
      status: { observedGeneration: 0 },
    });
    expect(await failureOf(setup.done)).toMatchObject({ code: "deadline_exceeded" });
  });

  test("an autoscaler that is adding a node gives a pod that fits nowhere more time, and the message says so", async () => {
    const graces = { ...GRACES, unschedulableMs: 0, scaleUpMs: 4_000 };
    const setup = begin([deployment("rollout"), unschedulable("0/1 nodes are available")], { graces });
    expect(await failureOf(setup.done)).toMatchObject({ code: "unschedulable" });
    const scaling = begin([], { graces });
    scaling.view.scaleUp();
    for (const object of [deployment("rollout"), unschedulable("0/1 nodes are available")]) scaling.view.put(object);
    await waitFor(() => scaling.reports.some(({ message }) => message?.includes("Waiting up to 4 s")), {
      what: "the longer grace",
    });
    scaling.view.put(deployment("available"));
    await scaling.done;
  });

  test("a claim without a volume is waited for longer than for a node, and is named as the cause", async () => {
    const unbound = pod({
      node: "",
      claims: ["data"],
      conditions: { PodScheduled: ["False", "Unschedulable", "pod has unbound immediate PersistentVolumeClaims"] },
    });
    const patient = begin([deployment("rollout"), unbound], { graces: { ...GRACES, unschedulableMs: 0 } });
    expect((await patient.reported(1))[0]?.message).toContain("Waiting up to 120 s for this to change.");
    patient.view.put(deployment("available"));
    await patient.done;
    const { done } = begin([deployment("rollout"), unbound], { graces: { ...GRACES, claimMs: 30 } });
    expect(await failureOf(done)).toMatchObject({
      code: "config_error",
      message: expect.stringContaining("The pod waits for its PersistentVolumeClaim data."),
    });
  });

  test("an abort while it waits ends it with the abort's reason", async () => {
    const { abort, done, reported } = begin([deployment("rollout")]);
    await reported(1);
    const reason = new Error("the repl was stopped");
    abort.abort(reason);
    expect(await failureOf(done)).toBe(reason);
  });

  test("an abort while it reports ends it too", async () => {
    const reason = new Error("the lease is lost");
    const gate = Promise.withResolvers<void>();
    const { abort, done, reports } = begin([], { report: () => gate.promise });
    await waitFor(() => reports.length === 1, { what: "the report", intervalMs: 1 });
    abort.abort(reason);
    gate.resolve();
    expect(await failureOf(done)).toBe(reason);
  });

  test("a report that fails ends it with that error", async () => {
    const lost = new Error("Redis is gone");
    const { done } = begin([], { report: () => Promise.reject(lost) });
    expect(await failureOf(done)).toBe(lost);
  });
});
