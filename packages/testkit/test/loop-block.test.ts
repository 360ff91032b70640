import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLoopBlock, startProcess, waitFor } from "../src/index.ts";

/** Beats on its event loop and in another thread. */
const PROGRAM = `
  const { writeSync } = require("node:fs");
  const { Worker, isMainThread } = require("node:worker_threads");
  setInterval(() => writeSync(1, isMainThread ? "loop\\n" : "thread\\n"), 5);
  if (isMainThread) {
    new Worker(__filename);
    require("node:http").createServer((request, response) => response.end("here")).listen(0, "127.0.0.1", function () {
      console.log("port " + this.address().port);
    });
  }`;

test("a blocked event loop stands still while threads and sockets live on, and goes on when released", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "loop-"));
  const loop = createLoopBlock(join(folder.path, "pipe"));
  const program = join(folder.path, "program.cjs");
  await writeFile(program, PROGRAM);
  const heard = { loop: 0, thread: 0 };
  await using child = await startProcess({
    name: "child",
    command: process.execPath,
    args: [...loop.nodeArgs, program],
    ready: { line: /port (\d+)/ },
    onLine: (line) => {
      if (line === "loop" || line === "thread") heard[line] += 1;
    },
  });
  const url = `http://127.0.0.1:${child.ready?.[1]}/`;
  const beats = (more: number) =>
    waitFor(() => heard.thread >= more, { what: "the thread to go on", timeoutMs: 10_000 });

  await loop.block(child);
  await beats(heard.thread + 10); // What the loop had written before has arrived by then.
  const { loop: before, thread } = heard;
  const asked = fetch(url);
  await beats(thread + 50);
  expect(heard.loop).toBe(before);

  await loop.release();
  expect(await (await asked).text()).toBe("here");
  await waitFor(() => heard.loop > before, { what: "the loop to go on" });

  await loop.block(child);
  await loop.release();
  expect(await child.stop()).toMatchObject({ signal: "SIGTERM" });
  await expect(loop.block(child)).rejects.toThrow("child has ended");
});
