import { listResources } from "@repl/testkit";
import { afterAll, describe, expect, test } from "vitest";
import { failedOnce, firstSight, unschedulable, waitsFor } from "./support/first-sight.ts";
import { openPlace, type PlaceOptions } from "./support/place.ts";
import { type Containers, changedTemplate } from "./support/template.ts";

interface Case {
  readonly name: string;
  readonly code: string;
  readonly says: RegExp;
  /** What the API server shows first of it. */
  readonly signal: Parameters<typeof firstSight>[2];
  readonly template?: (containers: Containers) => void;
  readonly place?: PlaceOptions;
  readonly files?: Readonly<Record<string, string>>;
}

/** From the signal to the job's failure, on a node that six failing workspaces share with their services. */
const LONGEST_MS = 20_000;
const FILES = { "index.html": "It runs.\n" };

const CASES: readonly Case[] = [
  {
    name: "an image that does not exist",
    code: "image_pull_failed",
    says: /The image .*100xdevs\/no-such-runner:1 of the container runner cannot be pulled/,
    signal: waitsFor("ErrImagePull", "ImagePullBackOff"),
    template: ({ runner }) => {
      runner.image = "100xdevs/no-such-runner:1";
    },
  },
  {
    name: "a runner that exits",
    code: "container_crash_loop",
    says: /The container runner ended with exit code 3: Cannot find module 'left-pad'/,
    signal: failedOnce,
    template: ({ runner }) => {
      runner.command = ["node", "-e", "console.error(`Cannot find module 'left-pad'`); process.exit(3)"];
    },
  },
  {
    name: "a runner killed for its use of memory",
    code: "out_of_memory",
    says: /The container runner was killed for its use of memory/,
    signal: failedOnce,
    template: ({ runner }) => {
      runner.command = ["node", "-e", "const kept = []; for (;;) kept.push(Buffer.alloc(8 << 20, 1))"];
      runner.resources.requests.memory = "128Mi";
      runner.resources.limits.memory = "128Mi";
    },
  },
  {
    name: "a missing Secret",
    code: "config_error",
    says: /copy-s3-resources cannot be started: secret "repl-s3-credentials" not found/,
    signal: waitsFor("CreateContainerConfigError"),
    place: { secretAccessKey: null },
  },
  {
    name: "a bucket that refuses",
    code: "copy_failed",
    says: /copy-s3-resources ended with exit code 1: .*(SignatureDoesNotMatch|AccessDenied|403)/s,
    signal: failedOnce,
    place: { secretAccessKey: "not-the-key" },
  },
  {
    name: "an empty prefix",
    code: "copy_failed",
    says: /There are no files under s3:\/\/repl\/code\/repl-[a-z]+\/\./,
    signal: failedOnce,
    files: {},
  },
  {
    name: "more CPU than the node has",
    code: "unschedulable",
    says: /The scheduler says: .*Insufficient cpu/,
    signal: unschedulable,
    template: ({ runner }) => {
      runner.resources.requests.cpu = "64";
      runner.resources.limits.cpu = "64";
    },
  },
];

const NOTES: string[] = [];

describe("a failure as it really comes", () => {
  afterAll(() => console.log(["signal to failure:", ...NOTES].join("\n")));

  test.concurrent.each(CASES)(
    "$name",
    async ({ name, code, says, signal, template = () => {}, place: options, files }) => {
      await using file = await changedTemplate(template);
      await using place = await openPlace({ ...options, env: { TEMPLATE_PATH: file.path } });
      const { system, bucket, api } = place;
      const replId = `repl-${code.replaceAll("_", "")}`;
      await bucket.put(replId, files ?? FILES);
      const before = await listResources(api, system.namespace);
      await using sight = firstSight(api, system.namespace, signal);

      const status = await system.ended(await system.submit("start", replId), 120_000);
      expect(status).toMatchObject({ state: "failed", error: { code }, attempts: { made: 1 } });
      expect(status.message).toMatch(/^Failed to create resources: /);
      expect(status.error?.message).toMatch(says);
      expect(sight.atMs).toBeDefined();
      const tookMs = Date.parse(status.finishedAt ?? "") - (sight.atMs ?? 0);
      NOTES.push(`${name}: ${code} ${tookMs} ms after the signal: ${status.error?.message}`);
      expect(tookMs).toBeLessThan(LONGEST_MS);
      expect(await listResources(api, system.namespace)).toEqual(before);
    },
  );
});
