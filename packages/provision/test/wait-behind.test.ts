import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { KubeObject } from "@repl/kube";
import { describe, expect, test } from "vitest";
import { begin, checkListeners, crashing, deployment, failureOf, pod, starting } from "./support/waits.ts";

checkListeners();

describe("a view that is behind what the API server answered", () => {
  const at = (state: string, resourceVersion: string): KubeObject => {
    const known = deployment(state);
    return { ...known, metadata: { ...known.metadata, resourceVersion } };
  };

  test("is not believed: the workload is no longer as ready as it shows", async () => {
    const { view, done } = begin([at("available", "5")], { workload: at("rollout", "7") });
    view.putUnseen(at("rollout", "7"));
    await turn();
    const waited = Promise.race([done.then(() => "ready"), delay(50, "waits")]);
    expect(await waited).toBe("waits");
    view.put(at("available", "9"));
    await done;
  });

  test("is waited for until the deadline and no longer", async () => {
    const { view, done } = begin([at("available", "5")], { workload: at("rollout", "7"), deadlineMs: 60 });
    view.putUnseen(at("rollout", "7"));
    expect(await failureOf(done)).toMatchObject({ code: "deadline_exceeded" });
  });

  test("is not waited for where the cluster itself says ready", async () => {
    const { view, done } = begin([at("available", "5")], { workload: at("available", "7") });
    view.putUnseen(at("available", "8"));
    await done;
  });

  test("fails nothing by what it shows of pods: the cluster itself says ready", async () => {
    const { view, done } = begin([at("rollout", "5"), crashing()], { workload: at("available", "7") });
    view.putUnseen(at("available", "8"));
    await done;
  });

  test("fails nothing while the cluster itself says neither", async () => {
    const { view, done } = begin([at("rollout", "5"), crashing()], { workload: at("rollout", "7") });
    view.putUnseen(at("rollout", "8"));
    const waited = Promise.race([done.then(() => "ready"), delay(1_200, "waits")]);
    expect(await waited).toBe("waits");
    view.put(at("rollout", "8"));
    expect(await failureOf(done)).toMatchObject({ code: "container_crash_loop" });
  });
});

describe("a workload that is deleted while it is waited for", () => {
  const deleted = { code: "workload_deleted", retriedByWorker: true };

  test("fails the attempt, so that the next one makes it again", async () => {
    const { view, done, reported } = begin([deployment("rollout")]);
    await reported(1);
    view.drop(deployment("rollout"));
    expect(await failureOf(done)).toMatchObject(deleted);
  });

  test("does so as well where no watch has ever shown it", async () => {
    expect(await failureOf(begin([]).done)).toMatchObject(deleted);
  });

  test("is told apart from one that the watch alone has lost", async () => {
    const { view, done, reported } = begin([deployment("rollout")]);
    view.putUnseen(deployment("rollout"));
    await reported(1);
    view.drop(deployment("rollout"));
    const waited = Promise.race([done.then(() => "ready"), delay(1_200, "waits")]);
    expect(await waited).toBe("waits");
    view.putUnseen(deployment("available"));
    await done;
  });
});

describe("pods that were refused", () => {
  const evicted = (name: string) => pod({ name, phase: "Failed", reason: "Evicted", message: "low on memory" });

  test("before this attempt say nothing of it", async () => {
    const { view, done, reported } = begin([
      deployment("rollout"),
      ...["a", "b", "c"].map(evicted),
      starting({ name: "d" }),
    ]);
    expect(await reported(1)).toMatchObject([{ phase: "starting" }]);
    view.put(deployment("available"));
    await done;
  });

  test("during it fail it once there are three", async () => {
    const { view, done, reported } = begin([deployment("rollout"), evicted("a")]);
    await reported(1);
    for (const name of ["b", "c", "d"]) view.put(evicted(name));
    expect(await failureOf(done)).toMatchObject({ code: "evicted", details: { pods: 3 } });
  });
});
