import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadApiSettings, loadWorkerSettings } from "@repl/settings";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const goIsMissing = process.env.REQUIRE_ALL !== "1" && spawnSync("go", ["version"]).status !== 0;

interface Service {
  readonly environment?: Record<string, string>;
  readonly command?: readonly string[];
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number }[];
  readonly depends_on?: Record<string, { readonly condition: string }>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
  readonly build?: { readonly context: string };
  readonly volumes?: readonly { readonly type: string; readonly target: string }[];
}
interface Project {
  readonly services: Record<"redis" | "k3s" | "cluster-setup" | "api" | "worker", Service>;
}

describe.skipIf(goIsMissing)("docker-compose.yml, as Docker Compose's own loader reads it", () => {
  let folder: string;
  let check: string;
  let services: Project["services"];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "compose-"));
    check = join(folder, "check");
    await run("go", ["build", "-o", check, "."], { cwd: join(ROOT, "tools/compose-check") });
    const { stdout } = await run(check, [join(ROOT, "docker-compose.yml")]);
    services = (JSON.parse(stdout) as Project).services;
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true }));

  test("the loader refuses what is wrong, or its consent would mean nothing", async () => {
    const file = join(folder, "wrong.yml");
    for (const [service, reason] of [
      ["{ image: x, depends_on: [absent] }", /depends on undefined service/],
      ["{ image: x, imagee: y }", /a\.imagee/],
      ['{ image: x, volumes: ["absent:/x"] }', /undefined volume/],
    ] as const) {
      await writeFile(file, `services: { a: ${service} }\n`);
      await expect(run(check, [file])).rejects.toThrow(reason);
    }
  });

  test("api and worker accept their settings, and find what these name among the mounts", () => {
    const api = loadApiSettings(services.api.environment ?? {});
    const worker = loadWorkerSettings(services.worker.environment ?? {});
    expect(api.redisUrl).toBe(worker.redisUrl);
    expect(new URL(api.redisUrl)).toMatchObject({ hostname: "redis", password: "on-this-machine" });
    expect([api.opsPort, worker.opsPort]).toEqual([3003, 3004]);
    expect(services.worker.command).toEqual(["apps/worker/src/main.ts"]);
    for (const service of [services.api, services.worker]) expect(service.read_only).toBe(true);
  });

  test("Redis keeps what it is given and evicts nothing", () => {
    const command = services.redis.command?.join(" ");
    expect(command).toContain("--appendonly yes --maxmemory-policy noeviction --requirepass on-this-machine");
  });

  test("the cluster that is started again is the same node with the same password", () => {
    expect(services.k3s.command).toContain("--node-name=k3s");
    const kept = services.k3s.volumes?.filter(({ type }) => type === "volume").map(({ target }) => target);
    expect(kept).toEqual(expect.arrayContaining(["/var/lib/rancher/k3s", "/etc/rancher/node"]));
  });

  test("everything waits for what it needs, and nothing is open beyond this machine", () => {
    const conditions = (service: Service) =>
      Object.fromEntries(Object.entries(service.depends_on ?? {}).map(([name, { condition }]) => [name, condition]));
    expect(conditions(services.api)).toEqual({ redis: "service_healthy" });
    expect(conditions(services["cluster-setup"])).toEqual({ k3s: "service_healthy" });
    expect(conditions(services.worker)).toEqual({
      redis: "service_healthy",
      api: "service_healthy",
      "cluster-setup": "service_completed_successfully",
    });
    for (const name of ["redis", "k3s", "api", "worker"] as const)
      expect(services[name].healthcheck, name).toBeDefined();
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.map(({ target }) => target).sort()).toEqual([3002, 3003, 30080]);
    expect(ports.filter(({ host_ip }) => host_ip !== "127.0.0.1")).toEqual([]);
    // More than one worker on one machine cannot share a port of it.
    expect(services.worker.ports).toBeUndefined();
  });

  test("the health check of the apps tells a process that is ready from one that is not", async () => {
    const [, program = "", ...args] = services.api.healthcheck?.test ?? [];
    expect(program).toBe("node");
    const port = "1"; // Nobody listens there.
    await expect(
      run(
        process.execPath,
        args.map((arg) => arg.replaceAll("$$", "$")),
        { env: { OPS_PORT: port } },
      ),
    ).rejects.toMatchObject({ code: 1 });
  });
});
