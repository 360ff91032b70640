import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { FAILURE_PREFIXES } from "@repl/simulator";
import { durationText, placeText, STEPS } from "repl-orchestrator-client";
import { expect, test } from "vitest";
import { evidenceText } from "../page/evidence.ts";
import { FAILURE_EXAMPLES } from "../page/failure-examples.ts";
import { headingOf, stepName } from "../page/words.ts";
import { loadPage } from "../src/index.ts";

const APP = fileURLToPath(new URL("..", import.meta.url));
const COMPILER = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));

test("every module, style and image that the page loads is served, in the type that browsers insist on", async () => {
  const { files } = await loadPage();
  const byPath = new Map(files.map((file) => [file.path, file]));
  const html = String(byPath.get("/")?.body);
  const fromPage = [...html.matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  const imports = files
    .filter(({ path }) => path.endsWith(".ts"))
    .flatMap(({ path, body }) =>
      [...String(body).matchAll(/ from "(\.[^"]+)"/g)].map(([, to = ""]) => new URL(to, `http://x${path}`).pathname),
    );
  expect(fromPage.length).toBeGreaterThan(20);
  expect([...fromPage, ...imports].filter((path) => !byPath.has(path))).toEqual([]);
  for (const path of imports) expect(byPath.get(path)?.contentType).toBe("text/javascript; charset=utf-8");
});

test("its policy lets nothing run but its own modules and this one import map", async () => {
  const { files, contentSecurityPolicy } = await loadPage();
  const html = String(files[0]?.body);
  const inline = [...html.matchAll(/<script(?![^>]*src=)[^>]*>(.*?)<\/script>/gs)].map(([, text = ""]) => text);
  const hashes = inline.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);
  expect(hashes).toHaveLength(1);
  expect(contentSecurityPolicy["scriptSrc"]).toEqual(["'self'", ...hashes]);
  expect(contentSecurityPolicy["defaultSrc"]).toEqual(["'none'"]);
  expect(html).not.toMatch(/ style=| on[a-z]+=/);
});

test("a process that loads it says nothing on stderr, where Node would warn", async () => {
  const args = [
    "--input-type=module",
    "-e",
    'import { loadPage } from "@repl/web"; console.log((await loadPage()).files.length)',
  ];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: APP });
  expect(stderr).toBe("");
  expect(Number(stdout)).toBeGreaterThan(20);
});

test("it has the types that it claims, in a browser's world", async () => {
  await expect(promisify(execFile)(process.execPath, [COMPILER, "-p", APP])).resolves.toMatchObject({ stdout: "" });
});

test("every failure that the simulator can play is offered", () => {
  const prefixes = FAILURE_EXAMPLES.map(({ replId }) => replId.replace(/demo$/, ""));
  expect(prefixes.sort()).toEqual(Object.keys(FAILURE_PREFIXES).sort());
});

test("evidence is indented text without what is empty", () => {
  const details = {
    container: "runner",
    restarts: 0,
    log: "",
    ended: null,
    waiting: { reason: "ImagePullBackOff", message: "" },
    dossier: {
      pods: [
        { name: "a", containers: [] },
        { name: "b", node: { zone: "z" } },
      ],
      events: [],
    },
    events: [
      { at: "12:00", reason: "Pulled", message: "ok", count: 2 },
      { at: "12:01", reason: "Started", message: "", count: 1 },
    ],
  };
  expect(evidenceText(details)).toBe(
    [
      "container: runner",
      "restarts: 0",
      "waiting:",
      "  reason: ImagePullBackOff",
      "dossier:",
      "  pods:",
      "    - name: a",
      "    - name: b",
      "      node:",
      "        zone: z",
      "events:",
      "  - 12:00  Pulled  ok  ×2",
      "  - 12:01  Started",
    ].join("\n"),
  );
  expect(evidenceText({})).toBe("");
});

test("a text of several lines stays within its outline, without the blank lines at its end", () => {
  const containers = [
    { name: "copy", log: "\n", ended: { message: "gone\n" } },
    { name: "runner", log: "started\r\n  at index.js\n\n  at main\n \n", ended: { exitCode: 1 } },
  ];
  const events = [{ at: "12:00", message: "two\nlines\n", count: 3 }];
  expect(evidenceText({ lastMessage: "first\nsecond\n", pods: [{ containers }], events })).toBe(
    [
      "lastMessage:",
      "  first",
      "  second",
      "pods:",
      "  - containers:",
      "      - name: copy",
      "        ended:",
      "          message: gone",
      "      - name: runner",
      "        log:",
      "          started",
      "            at index.js",
      "",
      "            at main",
      "        ended:",
      "          exitCode: 1",
      "events:",
      "  - 12:00  two",
      "    lines  ×3",
    ].join("\n"),
  );
});

test("each step has a name of its own, and each end a heading", () => {
  for (const kind of ["start", "stop"] as const) {
    const names = STEPS[kind].map((phase) => stepName(phase, kind));
    expect(new Set(names).size).toBe(names.length);
  }
  const job = { kind: "start", replId: "hello" } as const;
  const headings = (["active", "completed", "failed", "cancelled"] as const).map((state) =>
    headingOf({ ...job, state } as Parameters<typeof headingOf>[0]),
  );
  expect(headings).toEqual([
    "Starting hello",
    "hello is ready",
    "hello could not be started",
    "The start of hello was cancelled",
  ]);
  expect([0, 61_000, 3_600_000].map(durationText)).toEqual(["0 s", "1:01 min", "1:00:00 h"]);
});

test("a place in the queue is a sentence, and none where nothing is known", () => {
  expect(placeText({ queue: { ahead: 3, startsInSeconds: 10 } })).toBe(" 3 before yours, about 10 s.");
  expect(placeText({ queue: { ahead: 0, startsInSeconds: null } })).toBe(" Yours is next.");
  expect(placeText({ queue: null })).toBe("");
});
