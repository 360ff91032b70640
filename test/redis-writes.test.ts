import { keysOf } from "@repl/contract";
import { listResources, waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { submitPatiently } from "./support/submit.ts";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator, type SimulatorTarget } from "./support/targets.ts";

const TIMEOUT = { timeout: 120_000 };
const ENV = { SWEEP_INTERVAL_SECONDS: "1" };
/** Longest that an answer takes, whatever is the matter (docs/reliability.md, I16), and the same line each second (I19). */
const ANSWER_MS = 2_000;
const LINES_PER_SECOND = 10;

const ACCEPTED = [202, undefined];
const REFUSED = [503, "dependency_unavailable"];

const orderOf = (replId: string) => ({ userId: replId, replId });

/** Orders a start and measures the answer, which takes no longer than it may. */
async function ask(system: System, replId: string): Promise<{ status: number; jobId?: string; code?: string }> {
  const began = performance.now();
  const answer = await system.post("/start", orderOf(replId));
  const body = (await answer.json()) as { jobId?: string; code?: string };
  expect(performance.now() - began).toBeLessThan(ANSWER_MS);
  return { status: answer.status, ...body };
}

async function stopAll(system: System, replIds: readonly string[]): Promise<void> {
  const stops = await Promise.all(replIds.map((replId) => submitPatiently(system, "stop", orderOf(replId))));
  await Promise.all(stops.map(({ jobId }) => system.ended(jobId)));
}

/** Neither a job is open nor one of the queue's. */
async function untilEmpty({ redis, prefix }: System): Promise<void> {
  const { open, queue } = keysOf(prefix);
  const counts = () =>
    Promise.all([
      redis.command("ZCARD", open),
      ...["prioritized", "delayed"].map((state) => redis.command("ZCARD", `${queue}:${state}`)),
      ...["wait", "active"].map((state) => redis.command("LLEN", `${queue}:${state}`)),
    ]);
  const isEmpty = async () => (await counts()).every((count) => count === 0);
  await waitFor(isEmpty, { what: "nothing to be queued", timeoutMs: 60_000 });
}

/** How many Deployments, Services and Ingresses were made. */
const created = ({ simulator }: SimulatorTarget) =>
  ["Deployment", "Service", "Ingress"].map(
    (kind) =>
      simulator.audit.entries({ verb: "create", subject: `${kind}/*` }).filter(({ status }) => status === 201).length,
  );

test(
  "while Redis holds back writes and answers reads, orders are answered in time and what is accepted is done",
  TIMEOUT,
  async () => {
    await using target = await openSimulator();
    await using system = await startSystem(target, { env: ENV });
    const repls = Array.from({ length: 12 }, (_, index) => `held-${index}`);
    const before = await ask(system, "held-before");
    await system.redis.command("CLIENT", "PAUSE", 60_000, "WRITE");
    const answers = await Promise.all(repls.map((replId) => ask(system, replId)));
    expect(await system.redis.command("GET", "nothing")).toBeNull();
    for (const { status, code } of answers) expect([status, code]).toEqual(REFUSED);
    await system.redis.command("CLIENT", "UNPAUSE");

    expect(await system.ended(before.jobId ?? "")).toMatchObject({ state: "completed" });
    const accepted = await Promise.all(repls.map((replId) => submitPatiently(system, "start", orderOf(replId))));
    const ended = await Promise.all(accepted.map(({ jobId }) => system.ended(jobId)));
    expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(["completed"]));
    const all = [...repls, "held-before"];
    expect(created(target)).toEqual([all.length, all.length, all.length]);

    await stopAll(system, all);
    await untilEmpty(system);
    expect(await listResources(target.api, system.namespace)).toEqual([]);
  },
);

/** The most lines of one text that were logged within one second, but for the one of each request that was asked. */
function busiestSecond(lines: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const { time, msg, err } = JSON.parse(line) as { time: string | number; msg: string; err?: { message?: string } };
    if (msg === "request") continue;
    const key = `${Math.floor(new Date(time).getTime() / 1_000)} ${msg} ${err?.message}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

/**
 * Of a script Redis 7 refuses the first write alone, and only one that may need memory (script.c, scriptVerifyOOM). So an
 * order may be accepted, and a job end in its record, while the queue's own writes are refused.
 */
test.each([
  ["goes on", "before"],
  ["is held up by the cluster", "after"],
] as const)(
  "a job that %s while Redis has no memory left has its effect once, few words are made, and it is completed",
  TIMEOUT,
  async (_what, release) => {
    await using target = await openSimulator();
    await using system = await startSystem(target, { env: ENV });
    const { redis } = system;
    const { faults } = target.simulator;
    const match = { verbs: ["create"], resources: ["services"] };
    const held = faults.add({ match, effect: { kind: "hold" } });
    const { jobId = "" } = await ask(system, "full");
    const isHeld = () => faults.list().some(({ id, hits }) => id === held.id && hits === 1);
    await waitFor(isHeld, { what: "the start to be under way" });

    await redis.command("CONFIG", "SET", "maxmemory", 1);
    const answers = [await ask(system, "other")];
    if (release === "before") faults.remove(held.id);
    const isLocked = () => redis.command("EXISTS", `${keysOf(system.prefix).queue}:${jobId}:lock`);
    await waitFor(async () => (await isLocked()) === 0, { what: "the lock to run out", timeoutMs: 30_000 });
    answers.push(await ask(system, "other"));
    if (release === "after") faults.remove(held.id);
    await redis.command("CONFIG", "SET", "maxmemory", 0);

    for (const { status, code } of answers) expect([status, code]).toBeOneOf([REFUSED, ACCEPTED]);
    answers.push(await submitPatiently(system, "start", orderOf("other")));
    const accepted = answers.flatMap((answer) => answer.jobId ?? []);
    for (const id of [jobId, ...accepted]) expect(await system.ended(id)).toMatchObject({ state: "completed" });
    await untilEmpty(system);
    expect(created(target)).toEqual([2, 2, 2]);
    for (const { output } of [...system.workers, ...system.apis.map(({ process }) => process)])
      expect(busiestSecond(output.lines())).toBeLessThanOrEqual(LINES_PER_SECOND);
    await stopAll(system, ["full", "other"]);
    expect(await listResources(target.api, system.namespace)).toEqual([]);
  },
);
