import { expect, test } from "vitest";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

interface BoardQueue {
  readonly name: string;
  readonly isPaused: boolean;
}

test("the dashboard pauses the queue: starts are accepted and wait, whichever worker comes, until it is resumed", async () => {
  await using target = await openSimulator();
  await using system = await startSystem(target, { env: { BOARD_WRITE: "1", SWEEP_INTERVAL_SECONDS: "3600" } });
  const board = `${system.apis[0]?.opsUrl}/admin/queues/api/queues`;
  const queues = async () => ((await (await fetch(board)).json()) as { queues: BoardQueue[] }).queues;
  const jobs = (await queues()).find(({ name }) => !name.includes("sweep"));
  const put = async (verb: string) =>
    (await fetch(`${board}/${encodeURIComponent(jobs?.name ?? "")}/${verb}`, { method: "PUT" })).status;

  expect(await put("pause")).toBe(200);
  const jobId = await system.submit("start", "repl123");
  // It is ready within a second or more, in which either worker would have taken a job that it may take.
  await system.startWorker();
  expect((await queues()).find(({ name }) => name === jobs?.name)?.isPaused).toBe(true);
  expect(await system.status(jobId)).toMatchObject({ state: "queued", startedAt: null });

  expect(await put("resume")).toBe(200);
  expect((await system.ended(jobId)).state).toBe("completed");
});
