import { execFile } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { startProcess } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshCopy } from "./support/fresh-copy.ts";
import { type BuiltImage, buildAndInspect, buildImage, missingBuilder } from "./support/image.ts";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator, type Target } from "./support/targets.ts";

const run = promisify(execFile);

/** The first build of a machine installs packages and copies Node.js. */
const BUILD_TIMEOUT_MS = 600_000;
/** What the image adds to its base; 76 MB when this was written. */
const MOST_BYTES = 90_000_000;

describe.skipIf(missingBuilder())("the image", () => {
  let image: BuiltImage;

  beforeAll(async () => {
    image = await buildImage();
  }, BUILD_TIMEOUT_MS);
  afterAll(() => image?.[Symbol.asyncDispose]());

  test("runs as a number that is not root, executes Node.js directly and leaves health to HTTP", () => {
    const { User, Entrypoint, Cmd, Volumes, Healthcheck } = image.config;
    expect(User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect([Entrypoint, Cmd]).toEqual([["node"], ["apps/api/src/main.ts"]]);
    expect(Object.keys(Volumes ?? {})).toEqual([]);
    expect(Healthcheck).toBeUndefined();
  });

  test("says what it is and which commit it was made of", async () => {
    const { stdout: commit } = await run("git", ["rev-parse", "HEAD"], { cwd: import.meta.dirname });
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(image.config.Labels).toMatchObject({
      "org.opencontainers.image.title": "Repl Orchestrator",
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.revision": commit.trim(),
      "org.opencontainers.image.licenses": "Apache-2.0",
      "org.opencontainers.image.created": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
  });

  test("names its own commit where nothing else has changed since the last image", { timeout: 120_000 }, async () => {
    await using copy = await freshCopy();
    const git = async (...args: string[]) => (await run("git", args, { cwd: copy.path })).stdout.trim();
    const tag = "localhost/repl-orchestrator:test-commit";
    const author = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
    await git("init", "--quiet");
    for (const message of ["first", "second"]) {
      await git(...author, "commit", "--quiet", "--allow-empty", `--message=${message}`);
      const { Labels } = await buildAndInspect(tag, copy.path);
      const commit = await git("rev-parse", "HEAD");
      expect(Labels["org.opencontainers.image.revision"], message).toBe(commit);
      expect(JSON.parse(await fileOf(tag, "/app/build.json")), message).toEqual({ commit });
    }
    await run("buildah", ["rmi", tag]);
  });

  test("holds the two apps and what they run on, and nothing of those who build it", () => {
    const names = (path: string) => readdirSync(join(image.root, path)).sort();
    const files = ["LICENSE", "build.json", "package.json", "service.yaml", "user-namespace.yaml"];
    expect(names("app")).toEqual([...files, "apps", "node_modules", "packages"].sort());
    expect(names("app/apps")).toEqual(["api", "web", "worker"]);
    expect(names("app/packages")).toEqual(["client", "contract", "kube", "ops", "provision", "settings"]);
    for (const name of ["vitest", "typescript", "node", "@biomejs", "@types/node/index.d.ts"])
      expect(existsSync(join(image.root, "app/node_modules", name)), name).toBe(false);
    for (const path of ["run/secrets", "var/cache/npm", "root", "app/.git"])
      expect(existsSync(join(image.root, path)), path).toBe(false);
  });

  test("is small, and its files belong to root and can be written by nobody else", () => {
    const entries = readdirSync(join(image.root, "app"), { recursive: true, encoding: "utf8" });
    const files = entries.map((path) => ({ path, ...lstatSync(join(image.root, "app", path)) }));
    const isLink = (mode: number) => (mode & 0o170000) === 0o120000;
    const exposed = files.filter(({ uid, mode }) => uid !== 0 || (!isLink(mode) && (mode & 0o6022) !== 0));
    expect(exposed.map(({ path }) => path)).toEqual([]);
    expect(files.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(MOST_BYTES);
  });

  test("listens beyond its own loopback, and therefore only once AUTH_MODE is set in so many words", async () => {
    const start = startProcess({
      name: "api",
      ...image.program("api", { PORT: "0", OPS_PORT: "0" }),
      ready: { line: /listening/ },
    });
    await expect(start).rejects.toThrow(/ended early.*AUTH_MODE/s);
  });

  describe("started from its read-only filesystem", () => {
    let target: Target;
    let system: System;

    beforeAll(async () => {
      target = await openSimulator();
      const loopback = { HOST: "127.0.0.1", OPS_HOST: "127.0.0.1", AUTH_MODE: "none" };
      system = await startSystem(target, { env: loopback, program: image.program });
    });
    afterAll(async () => {
      await system?.[Symbol.asyncDispose]();
      await target?.[Symbol.asyncDispose]();
    });

    const processes = () => [...system.apis.map((api) => api.process), ...system.workers];

    test("api and worker are Node.js of the image, as its user, without groups or capabilities, and can write nowhere", () => {
      for (const { pid } of processes()) {
        const proc = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");
        expect(proc("cmdline").split("\0")[0]).toMatch(/\/node$/);
        const status = proc("status");
        expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
        expect(status).toMatch(/^Gid:\t65532\t65532\t65532\t65532$/m);
        expect(status).toMatch(/^Groups:\s*$/m);
        expect(status).toMatch(/^CapEff:\t0+$/m);
        const writable = mountsOf(proc("mountinfo")).filter(({ place, options }) => {
          return !/^\/(proc|dev)(\/|$)/.test(place) && !options.includes("ro");
        });
        expect(writable).toEqual([]);
      }
    });

    test("each process says which version and commit it is", async () => {
      const { "org.opencontainers.image.revision": commit, "org.opencontainers.image.version": version } =
        image.config.Labels;
      for (const opsUrl of [system.apis[0]?.opsUrl, system.workers[0]?.opsUrl])
        expect(await (await fetch(`${opsUrl}/metrics`)).text()).toContain(
          `repl_build_info{version="${version}",commit="${commit}"} 1`,
        );
      const line = await system.workers[0]?.output.line(/.*"msg":"worker ready".*/);
      expect(JSON.parse(line?.[0] ?? "{}")).toMatchObject({ version, commit });
    });

    test("a start reaches a running workspace, and a stop removes it", async () => {
      const start = await system.ended(await system.submit("start", "repl123"));
      expect(start).toMatchObject({ state: "completed", progress: 100 });
      const deployment = await target.api.get(`/apis/apps/v1/namespaces/${system.namespace}/deployments/repl123`);
      expect(deployment.status.readyReplicas).toBe(1);
      const stop = await system.ended(await system.submit("stop", "repl123"));
      expect(stop.state).toBe("completed");
    });

    test("the api serves the page, its modules without their types, and the dashboard", async () => {
      const [api] = system.apis;
      const page = await (await fetch(`${api?.url}/`)).text();
      const [, module = ""] = /href="\.(\/assets\/page\/main\.ts)"/.exec(page) ?? [];
      const script = await fetch(`${api?.url}${module}`);
      expect([script.status, script.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
      expect((await fetch(`${api?.opsUrl}/admin/queues`)).status).toBe(200);
      expect((await fetch(`${api?.url}/docs/`)).status).toBe(200);
    });

    test("SIGTERM ends each of them in order", async () => {
      for (const each of processes()) expect(await each.stop()).toEqual({ code: 0, signal: null, leftovers: [] });
    });
  });
});

/** The text of a file of an image. */
async function fileOf(tag: string, path: string): Promise<string> {
  const buildah = async (...args: string[]) => (await run("buildah", args)).stdout.trim();
  const container = await buildah("from", tag);
  try {
    return readFileSync(join(await buildah("mount", container), path), "utf8");
  } finally {
    await buildah("rm", container);
  }
}

/** The mounts that a process sees: where, and the mount's own options (proc_pid_mountinfo(5)). */
function mountsOf(mountinfo: string): { place: string; options: string[] }[] {
  return mountinfo
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([, , , , place = "", options = ""]) => ({ place, options: options.split(",") }));
}
