import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { JobStatus } from "@repl/contract";
import { FAILURE_PREFIXES } from "@repl/simulator";
import { listResources } from "@repl/testkit";
import { describe, expect, test } from "vitest";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

/** How a start ends whose pods fail as the prefix of its name says. */
const ENDS = [
  { replId: "fail-image-x", code: "image_pull_failed", retryable: false, says: /image .* cannot be pulled/ },
  { replId: "fail-crash-x", code: "container_crash_loop", retryable: false, says: /ended with exit code 1/ },
  { replId: "fail-memory-x", code: "out_of_memory", retryable: false, says: /killed for its use of memory/ },
  { replId: "fail-copy-x", code: "copy_failed", retryable: false, says: /copy-s3-resources ended with exit code/ },
  { replId: "fail-schedule-x", code: "unschedulable", retryable: true, says: /Insufficient cpu/ },
  { replId: "fail-quota-x", code: "quota_exceeded", retryable: true, says: /exceeded quota/ },
  { replId: "fail-config-x", code: "config_error", retryable: false, says: /not found/ },
  { replId: "fail-never-x", code: "deadline_exceeded", retryable: true, says: /was still starting/ },
];

function eventsOf(status: JobStatus | undefined): unknown[] {
  const { dossier } = (status?.error?.details ?? {}) as { dossier?: { events: unknown[] } };
  return dossier?.events ?? [];
}

test("a failing start of every kind ends with its code, its sentence and its evidence, and leaves nothing", async () => {
  await using target = await openSimulator();
  await using system = await startSystem(target, {
    env: { START_TIMEOUT_SECONDS: "12", UNSCHEDULABLE_GRACE_SECONDS: "3", SWEEP_INTERVAL_SECONDS: "3600" },
  });
  expect(ENDS.map(({ replId }) => replId.replace(/x$/, "")).sort()).toEqual(Object.keys(FAILURE_PREFIXES).sort());

  const ended = await Promise.all(ENDS.map(async ({ replId }) => system.ended(await system.submit("start", replId))));
  for (const [index, { code, retryable, says }] of ENDS.entries()) {
    const status = ended[index];
    expect(status).toMatchObject({ state: "failed", error: { code, retryable }, attempts: { made: 1 } });
    expect(status?.message).toMatch(/^Failed to create resources: /);
    expect(status?.error?.message).toMatch(says);
    expect(status?.attempts.history).toEqual([expect.objectContaining({ attempt: 1, outcome: "failed", code })]);
    expect(status?.resources.map(({ action }) => action)).toEqual(["deleted", "deleted", "deleted"]);
    // A refused pod leaves no evidence but the refusal itself.
    if (code === "quota_exceeded") continue;
    expect(status?.error?.details).toMatchObject({
      dossier: { pods: [expect.objectContaining({ phase: expect.any(String) })], events: expect.any(Array) },
    });
    expect(eventsOf(status), code).not.toHaveLength(0);
  }
  expect(await listResources(target.api, system.namespace)).toEqual([]);
});

describe("READY_CHECK=url", () => {
  /** An ingress controller that learns of a new backend a while after its pods are ready. */
  async function startIngress(answers: readonly number[]) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers.host ?? "");
      const status = answers[Math.min(asked.length - 1, answers.length - 1)] ?? 200;
      response.writeHead(status).end(status === 404 ? "404 page not found\n" : "");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { asked, address, [Symbol.asyncDispose]: async () => void server.close() };
  }

  test("a start is completed once the address answers, and says what it waits for", async () => {
    await using ingress = await startIngress([404, 503, 502, 503, 503, 200]);
    await using target = await openSimulator();
    await using system = await startSystem(target, { env: { READY_CHECK: "url", INGRESS_ADDRESS: ingress.address } });
    const jobId = await system.submit("start", "repl123");
    await expect
      .poll(async () => (await system.status(jobId)).message)
      .toMatch(/^Waiting for http:.*peetcode\.com to answer/);
    expect(await system.ended(jobId)).toMatchObject({ state: "completed" });
    expect(ingress.asked.slice(0, 6)).toEqual(Array(6).fill("repl123.peetcode.com"));
    expect(ingress.asked).toContain("repl123.autogpt-cloud.com");
  });

  test("an address that stays silent fails the start with what was seen", async () => {
    await using ingress = await startIngress([503]);
    await using target = await openSimulator();
    await using system = await startSystem(target, {
      env: { READY_CHECK: "url", INGRESS_ADDRESS: ingress.address, ADDRESS_TIMEOUT_SECONDS: "1" },
    });
    const status = await system.ended(await system.submit("start", "repl123"));
    expect(status).toMatchObject({ state: "failed", error: { code: "address_silent" } });
    expect(status.message).toContain("it answers 503");
  });
});
