import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { freePort, type RunningProcess, startProcess } from "@repl/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator, type Target } from "./support/targets.ts";

const MAIN = fileURLToPath(new URL("../apps/cli/src/main.ts", import.meta.url));

let target: Target;
let system: System;
beforeAll(async () => {
  target = await openSimulator();
  system = await startSystem(target);
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await target?.[Symbol.asyncDispose]();
});

const urlOf = ({ apis }: System) => apis[0]?.url ?? "";

/** The command as a process of its own, as a shell starts it; both of its streams are one, in order. */
function open(args: readonly string[], env: Record<string, string> = {}): Promise<RunningProcess> {
  const defaults = { REPL_URL: urlOf(system) };
  return startProcess({ name: "repl", command: process.execPath, args: [MAIN, ...args], env: { ...defaults, ...env } });
}

async function run(args: readonly string[], env?: Record<string, string>) {
  await using command = await open(args, env);
  const { code } = await command.exited;
  return { code, text: command.output.text() };
}

test("start tells each step on a line of its own, then where the repl answers", async () => {
  const { code, text } = await run(["start", "plain"]);
  expect(code).toBe(0);
  expect(text).toMatch(/^ *\d+ % {2}\w+: /m);
  expect(text).toMatch(/^plain is ready after \d+ s\n {2}http:\/\/plain\.peetcode\.com$/m);
  expect(text).not.toContain("\u001b");
});

test("a failed start ends with 1, its sentence and its code", async () => {
  const { code, text } = await run(["start", "fail-image-cli"]);
  expect(code).toBe(1);
  expect(text).toMatch(/^fail-image-cli: the start failed after \d+ s\n {2}.*image .* cannot be pulled/m);
  expect(text).toContain("image_pull_failed: something has to be changed first");
  const status = await run(["status", "fail-image-cli"]);
  expect(status).toEqual({
    code: 0,
    text: expect.stringMatching(/^fail-image-cli {2}failed .*\n {2}.*cannot be pulled/),
  });
});

test("status of a repl whose job is no longer kept tells what it does, with --wait too", async () => {
  expect((await run(["start", "long-lived"])).code).toBe(0);
  const { job } = JSON.parse((await run(["status", "long-lived", "--json"])).text) as { job: { jobId: string } };
  await system.redis.command("DEL", `${system.prefix}:job:${job.jobId}`);
  for (const wait of [[], ["--wait"]]) {
    const { code, text } = await run(["status", "long-lived", ...wait]);
    expect(text).toMatch(/^long-lived {2}running .* http:\/\/long-lived\.\S+$/);
    expect(code).toBe(0);
  }
});

test("with --json the whole output is one document, of what happened and of errors", async () => {
  const started = await run(["start", "as-json", "--json", "--user", "alice"]);
  expect(started.code).toBe(0);
  expect(JSON.parse(started.text)).toMatchObject({ replId: "as-json", userId: "alice", state: "completed" });
  const status = await run(["status", "as-json", "--json"]);
  expect(JSON.parse(status.text)).toMatchObject({ state: "running", job: { kind: "start", phase: "done" } });
  const list = await run(["list", "--json", "--user", "alice"]);
  expect(JSON.parse(list.text)).toEqual([expect.objectContaining({ replId: "as-json", state: "running" })]);
  const taken = await run(["start", "as-json", "--json", "--user", "bob"]);
  expect(taken.code).toBe(1);
  expect(JSON.parse(taken.text)).toMatchObject({ code: "repl_taken", status: 409, requestId: expect.any(String) });
  const failed = await run(["start", "fail-crash-json", "--json"]);
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.text)).toMatchObject({ state: "failed", error: { code: "container_crash_loop" } });
});

test("stop takes the repl away; list tells all of a user's repls", async () => {
  await run(["start", "one", "--user", "carol"]);
  await run(["start", "two-two", "--user", "carol"]);
  expect(await run(["stop", "one", "--user", "carol"])).toMatchObject({
    code: 0,
    text: expect.stringMatching(/one is stopped after \d+ s$/),
  });
  const { text } = await run(["list", "--user", "carol"]);
  expect(text.split("\n")).toEqual([
    expect.stringMatching(/^one {6}stopped +\d+ s$/),
    expect.stringMatching(/^two-two {2}running +\d+ s {2}http:\/\/two-two\./),
  ]);
  expect(await run(["list", "--user", "nobody"])).toEqual({ code: 0, text: "no repls yet" });
});

test("a command line that cannot be followed ends with 2 and says what is wrong", async () => {
  const wrong: [string[], string][] = [
    [[], "a command is missing"],
    [["restart", "x"], 'there is no command "restart"'],
    [["start"], "start: the repl's name is missing"],
    [["list", "x"], 'list: "x" is too much'],
    [["start", "x", "--nope"], "--nope"],
    [["start", "x", "--url", "nope"], '--url: expected an address such as http://127.0.0.1:3002, got "nope"'],
    [["start", "x", "--url", "http://user:secret@host"], "--url: expected an address without user and password"],
    [["start", "x", "--url", "ftp://user:secret@host"], "--url: expected an address without user and password"],
    [["start", "x", "--token", "secret\nsecret"], "--token has a character that no HTTP header can hold"],
    [["start", "Not-A-Name"], "replId"],
  ];
  const results = await Promise.all(wrong.map(([args]) => run(args)));
  for (const [index, [, says]] of wrong.entries()) {
    expect(results[index]).toMatchObject({ code: 2, text: expect.stringContaining(says) });
    expect(results[index]?.text).not.toMatch(/^ {4}at |secret/m);
  }
  expect(await run(["--help"])).toMatchObject({ code: 0, text: expect.stringMatching(/^usage: /) });
});

test("a variable that cannot be used ends with 2 and is named, without its secret", async () => {
  const wrong: [Record<string, string>, string][] = [
    [{ REPL_URL: "http://:secret@host" }, "REPL_URL: expected an address without user and password"],
    [{ REPL_TOKEN: "secret\r\nsecret" }, "REPL_TOKEN has a character that no HTTP header can hold"],
  ];
  for (const [env, says] of wrong) {
    const { code, text } = await run(["list", "--json"], env);
    expect(code).toBe(2);
    expect(JSON.parse(text)).toEqual({ code: "usage", message: expect.stringContaining(says) });
    expect(text).not.toContain("secret");
  }
});

test("an api that cannot be reached ends with 3, within the time of one request", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  expect(await run(["start", "x"], { REPL_URL: url })).toEqual({
    code: 3,
    text: `repl: ${url} cannot be reached.\nscript/start runs the service on this machine; --url names another one.`,
  });
  const asJson = await run(["list", "--json", "--url", url]);
  expect(asJson.code).toBe(3);
  expect(JSON.parse(asJson.text)).toMatchObject({ code: "unreachable" });
});

test("something else under the address ends with 3 as well, and says so", async () => {
  const page = createServer((_request, response) =>
    response.setHeader("content-type", "text/html").end("<!doctype html>"),
  );
  page.listen(0, "127.0.0.1");
  await once(page, "listening");
  const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
  const { code, text } = await run(["list", "--url", url]);
  page.close();
  expect(code).toBe(3);
  expect(text).toMatch(
    /^repl: .* answered something that is not JSON \(text\/html\).*\nDoes --url name the api's public port\?$/,
  );
});

test("the usage is for who types nothing; who types something wrong reads what", async () => {
  expect((await run([])).text).toMatch(/^repl: a command is missing\n\nusage: /);
  expect((await run(["start"])).text.split("\n")).toEqual([
    "repl: start: the repl's name is missing",
    "npm run repl -- --help tells more.",
  ]);
});

test("a reader who has seen enough is no error", async () => {
  await using command = await startProcess({
    name: "sh",
    command: "sh",
    args: ["-c", '{ "$0" "$@"; echo "code $?" >&2; } | true', process.execPath, MAIN, "list"],
    env: { REPL_URL: urlOf(system) },
  });
  await command.exited;
  expect(command.output.text()).toBe("code 0");
});

test.skipIf(process.platform !== "linux")(
  "a terminal's line is written again and again, a dumb terminal's is not",
  async () => {
    const inTerminal = async (term: string, replId: string) => {
      await using command = await startProcess({
        name: "script",
        command: "script",
        args: ["-qec", `'${process.execPath}' '${MAIN}' start ${replId}`, "/dev/null"],
        env: { REPL_URL: urlOf(system), TERM: term },
      });
      await command.exited;
      return command.output.text();
    };
    expect(await inTerminal("xterm", "rewritten")).toContain("\r\u001b[2K");
    const dumb = await inTerminal("dumb", "appended");
    expect(dumb).not.toContain("\u001b");
    expect(dumb).toMatch(/^ *\d+ % {2}\w+: /m);
  },
);

test("Ctrl-C ends the waiting, not the job, and says how to pick it up", async () => {
  await using idle = await startSystem(target, { workers: 0 });
  const env = { REPL_URL: urlOf(idle) };
  const accepted = await run(["start", "later", "--no-wait"], env);
  expect(accepted).toMatchObject({
    code: 0,
    text: expect.stringMatching(/has been accepted: job .*\nPick it up: npm/),
  });

  await using waiting = await open(["start", "later"], env);
  await waiting.output.line(/queued: /);
  waiting.kill("SIGINT");
  expect(await waiting.exited).toMatchObject({ code: 130 });
  expect(waiting.output.text()).toContain(
    "The start of later goes on. Pick it up: npm run repl -- status later --wait",
  );
  await idle.startWorker();
  expect(await run(["status", "later", "--wait"], env)).toMatchObject({
    code: 0,
    text: expect.stringContaining("later is ready"),
  });
});
