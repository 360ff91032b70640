import { STATUS_CODES } from "node:http";
import type { JobChange } from "@repl/contract";
import { type KubeClient, KubeError, type KubeObject, withRetry } from "@repl/kube";
import { describe, expect, test } from "vitest";
import { retryOptions } from "../src/apply/retry-options.ts";
import { waitUntilGone } from "../src/apply/wait-until-gone.ts";
import { explain } from "../src/explain.ts";
import { gatherDossier } from "../src/wait/dossier.ts";
import { nodeTrouble } from "../src/wait/node-trouble.ts";
import { readPod } from "../src/wait/pod.ts";
import { DEFAULT_GRACES, signalsOf } from "../src/wait/signal.ts";
import { readWorkload } from "../src/wait/workload.ts";
import { states } from "./support/fixtures.ts";
import { podObject } from "./support/pods.ts";

const LONG = `begins ${"and goes on ".repeat(20_000)}and ends: not found`;
const CUT = /^begins and goes on .* … .* and ends: not found\W*$/;
/** As JSON, of one text of the cluster. */
const MOST = 1_200;

const sizeOf = (value: unknown) => JSON.stringify(value).length;

const facts = { verb: "create", sent: "yes", causes: [] } as const;

describe("what the API server answers", () => {
  const refused = new KubeError("Service/b/a", { ...facts, status: 503, reason: "Unavailable", message: LONG });
  const page = new KubeError("Service/b/a", { ...facts, status: 502, contentType: "text/html", message: LONG });

  async function told(error: KubeError): Promise<JobChange[]> {
    const reports: JobChange[] = [];
    const report = async (change: JobChange) => void reports.push(change);
    const attempt = { signal: new AbortController().signal, guard: async () => {}, report };
    const retry = { ...retryOptions(attempt, 10_000), policy: { baseMs: 1, capMs: 1 } };
    await withRetry(async (tries) => (tries < 4 ? Promise.reject(error) : "done"), retry);
    return reports;
  }

  test("is cut in a job's error and in its message", async () => {
    expect(explain(refused)).toMatchObject({ details: { message: expect.stringMatching(CUT) } });
    expect(sizeOf(explain(refused))).toBeLessThan(2 * MOST);
    const reports = await told(refused);
    expect(reports).toEqual([{ message: expect.stringContaining("begins and goes on") }]);
    expect(sizeOf(reports)).toBeLessThan(MOST);
  });

  test("is its status alone where a proxy answered with a page", async () => {
    const said = `HTTP 502 ${STATUS_CODES[502]}`;
    expect(explain(page)).toMatchObject({
      message: `The cluster did not answer. Service/b/a: ${said}`,
      details: { status: 502, reason: "bad_gateway", message: said },
    });
    expect(await told(page)).toEqual([
      { message: `Waiting for the cluster, which does not accept Service/b/a yet: ${said}` },
    ]);
  });
});

describe("what the cluster says of a repl's resources is cut", () => {
  const waiting = { name: "runner", image: "runner:1", state: { waiting: { reason: "ErrImagePull", message: LONG } } };
  const ended = (message: string) => ({
    name: "runner",
    image: "runner:1",
    restartCount: 2,
    state: { terminated: { exitCode: 1, reason: "Error", message } },
  });

  test("of a pod and of one that fits nowhere", () => {
    const conditions = { PodScheduled: ["False", "Unschedulable", LONG] as const };
    const pod = readPod(podObject({ reason: LONG, message: LONG, conditions }));
    expect(pod).toMatchObject({ reason: expect.stringMatching(CUT), message: expect.stringMatching(CUT) });
    expect(pod.unscheduled?.message).toMatch(CUT);
  });

  test("of a container that waits, whose cause stands at the end", () => {
    const pod = readPod(podObject({ main: [waiting] }));
    expect(pod.containers[0]?.waiting?.message).toMatch(CUT);
    const workload = readWorkload(states("deployment")["rollout"] as KubeObject);
    expect(signalsOf(workload, [pod], DEFAULT_GRACES)).toMatchObject([{ code: "image_pull_failed", graceMs: 0 }]);
  });

  test("of a container that ended, but no more than the kubelet does", () => {
    const whole = `${"line\n".repeat(800)}the cause`;
    const message = (text: string) => readPod(podObject({ main: [ended(text)] })).containers[0]?.ended?.message ?? "";
    expect(message(whole)).toBe(whole);
    expect(message(LONG)).toMatch(CUT);
    expect(message(LONG)).toHaveLength(4_096);
  });

  test("of a workload and of a node", () => {
    const conditions = [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: LONG }];
    const metadata = { name: "a" };
    const failing = { apiVersion: "apps/v1", kind: "Deployment", metadata, status: { conditions } };
    expect(readWorkload(failing).failing).toEqual([{ reason: "FailedCreate", message: expect.stringMatching(CUT) }]);
    const ready = [{ type: "Ready", status: "False", message: LONG }];
    const trouble = nodeTrouble({ apiVersion: "v1", kind: "Node", metadata, status: { conditions: ready } }) ?? "";
    expect(trouble.replace("is not ready: ", "")).toMatch(CUT);
    expect(trouble.length).toBeLessThan(MOST);
  });

  test("of events and logs", async () => {
    const event = { metadata: { name: "e" }, reason: LONG, message: LONG, lastTimestamp: "2026-11-22T03:40:35Z" };
    const client = { list: async () => ({ items: [event] }), readText: async () => LONG } as unknown as KubeClient;
    const pod = readPod(podObject({ main: [ended("boom")] }));
    const { pods, events } = await gatherDossier(client, [pod], new AbortController().signal);
    expect(events).toMatchObject([{ reason: expect.stringMatching(CUT), message: expect.stringMatching(CUT) }]);
    expect(pods[0]?.containers[0]?.log).toHaveLength(2_048);
  });

  test("of the finalizers that keep a resource", async () => {
    const finalizers = Array.from({ length: 5_000 }, (_, index) => `example.com/finalizer-${index}`);
    const live = { apiVersion: "v1", kind: "Service", metadata: { name: "a", namespace: "b", uid: "u", finalizers } };
    const client = { get: async () => live } as unknown as KubeClient;
    const ref = { apiVersion: "v1", kind: "Service", namespace: "b", name: "a" };
    const patience = { signal: new AbortController().signal, goneMs: 0, unavailableMs: 0 };
    const failure = await waitUntilGone(client, ref, "u", patience).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "delete_blocked", details: { finalizers: finalizers.slice(0, 10) } });
    expect(sizeOf({ failure, message: (failure as Error).message })).toBeLessThan(MOST);
  });
});
