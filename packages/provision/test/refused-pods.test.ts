import { waitFor } from "@repl/testkit";
import { describe, expect, test } from "vitest";
import { begin, checkListeners, deployment, failureOf, GRACES, LONG_MS, silent, starting } from "./support/waits.ts";

checkListeners();

const QUOTA = 'pods "repl123-0" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1';
const SECURITY = 'pods "repl123-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true';
const NO_ACCOUNT = 'pods "repl123-0" is forbidden: error looking up service account repls/default: not found';
const SOON = { ...GRACES, configMs: 30 };
const SET = silent("statefulset");

const refusal = (message: string, atMs = Date.now()) => ({ reason: "FailedCreate", message, atMs });

/** A wait for a workload without a pod, of which an event says that its pod was refused. */
function refused(message: string, { workload = SET, graces = SOON, atMs = Date.now() } = {}) {
  const setup = begin([workload], { workload, graces });
  setup.view.refuse(workload, refusal(message, atMs));
  return setup;
}

describe("a workload whose controller says in an event alone that its pod is refused", () => {
  test.each([
    ["StatefulSet", SET, QUOTA, "quota_exceeded"],
    ["StatefulSet", SET, SECURITY, "pod_refused"],
    ["Job", silent("job"), QUOTA, "quota_exceeded"],
    ["Job", silent("job"), SECURITY, "pod_refused"],
  ])("a %s fails with what the API server said", async (_, workload, message, code) => {
    const { done, reports } = refused(message, { workload });
    expect(await failureOf(done)).toMatchObject({
      code,
      message: expect.stringContaining(`The pod was refused: ${message}`),
      details: { reason: "FailedCreate", message },
    });
    expect(reports.at(-1)?.message).toContain("Waiting up to 1 s for this to change.");
  });

  test("a namespace without a ServiceAccount yet is given its longer grace", async () => {
    const { done, reports, view } = refused(NO_ACCOUNT, { graces: { ...SOON, serviceAccountMs: LONG_MS } });
    await waitFor(() => reports.at(-1)?.message?.includes("ServiceAccount") === true, { what: "the reason" });
    expect(reports.at(-1)?.message).toContain("Waiting up to 120 s");
    view.put(silent("statefulset", "ready"));
    await done;
  });

  test("a pod that came after all fails nothing, nor is anything asked while it is there", async () => {
    const { done, view, reports } = refused(QUOTA, { graces: { ...SOON, configMs: 200 } });
    await waitFor(() => reports.at(-1)?.message?.includes("exceeded quota") === true, { what: "the reason" });
    view.put({ ...starting(), metadata: { ...starting().metadata, namespace: SET.metadata.namespace as string } });
    await waitFor(() => reports.at(-1)?.phase === "starting", { what: "the pod" });
    const asked = view.asked();
    const seenAt = performance.now();
    await waitFor(() => performance.now() - seenAt > 450, { what: "both graces to pass", intervalMs: 5 });
    expect(view.asked()).toBe(asked);
    view.put(silent("statefulset", "ready"));
    await done;
  });

  test("a refusal from before this start says nothing of it, the next one does", async () => {
    const { done, view } = refused(QUOTA, { atMs: Date.now() - 5_000 });
    await waitFor(() => view.asked() > 3, { what: "some looks", intervalMs: 5 });
    view.refuse(SET, refusal(SECURITY));
    expect(await failureOf(done)).toMatchObject({ code: "pod_refused" });
  });

  test("a workload that its controller has not acted on is not asked about, nor is a Deployment", async () => {
    const unseen = { ...SET, status: {} };
    for (const workload of [unseen, deployment("rollout")]) {
      const { done, view, reported } = refused(QUOTA, { workload });
      await reported(1);
      const seenAt = performance.now();
      await waitFor(() => performance.now() - seenAt > 100, { what: "both graces to pass", intervalMs: 5 });
      expect(view.asked()).toBe(0);
      view.put(workload.kind === "Deployment" ? deployment("available") : silent("statefulset", "ready"));
      await done;
    }
  });
});
