import process from "node:process";
import { startProcess } from "@repl/testkit";
import { expect, test } from "vitest";
import { judge, setupOf } from "../src/record/judge.ts";
import { Recorder } from "../src/record/recorder.ts";
import { Place } from "../src/service/place.ts";

const END = {
  at: 0,
  rested: true,
  objects: [],
  jobs: [],
  intents: [],
  open: [],
  leases: [],
  counted: [],
  leftovers: [],
};
const NEVER_BLOCKED = {
  nodeArgs: [],
  block: async () => {},
  release: async () => {},
  [Symbol.asyncDispose]: async () => {},
};
const ALIVE = "setInterval(() => {}, 1_000); console.log('ready');";

/** A place for a process that runs this script, and what I21 has against what happened in it. */
function placeFor(script: string) {
  const recorder = new Recorder();
  for (const type of ["healed", "rest"] as const) recorder.add({ type });
  const start = () =>
    startProcess({
      ...{ name: "worker", command: process.execPath, args: ["-e", script], stopTimeoutMs: 500 },
      ready: { line: /ready/ },
    });
  const place = new Place({ name: "worker-1", start, loop: NEVER_BLOCKED, onChange: recorder.onProcess });
  const found = () =>
    judge(setupOf("repls"), recorder.events, END).map(({ invariant, what }) => `${invariant}: ${what}`);
  return { place, found };
}

test("a process that is killed, or ends in order when it is told to, breaks nothing", async () => {
  const { place, found } = placeFor(`process.once("SIGTERM", () => process.exit(0)); ${ALIVE}`);
  await place.fill();
  await place.replace();
  await place.end();
  expect(place.process).toBeUndefined();
  expect(found()).toEqual([]);
});

test.each([
  ["ends with an error", `process.once("SIGTERM", () => process.exit(1));`, "code 1"],
  ["does not listen to it", "", "SIGTERM"],
  ["does not end", `process.on("SIGTERM", () => {});`, "SIGKILL"],
])("a process that is told to end and %s is found", async (_what, script, how) => {
  const { place, found } = placeFor(`${script} ${ALIVE}`);
  await place.fill();
  await place.end();
  expect(found()).toEqual([`I21: worker-1/1 died: ${how} after it was told to end`]);
});

test.each([
  ["an error", 1],
  ["none", 0],
])("a process that ends by itself, with %s, is found and leaves its place", async (_what, code) => {
  const { place, found } = placeFor(`process.once("SIGUSR2", () => process.exit(${code})); ${ALIVE}`);
  await place.fill();
  const { process: running } = place;
  running?.kill("SIGUSR2");
  await running?.exited;
  expect(place.process).toBeUndefined();
  expect(found()).toEqual([`I21: worker-1/1 died: code ${code} by itself`]);
});

test("a process that ends before it is ready is found", async () => {
  const { place, found } = placeFor("process.exit(1);");
  await expect(place.fill()).rejects.toThrow("ended early");
  expect(found()).toEqual(["I21: worker-1/1 died: worker ended early (code 1)"]);
});
