import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type ApiClient, createApiClient, startProcess } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import type { StubCounts } from "./server.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A stub of an API server in a process of its own. */
export interface RunningStub extends AsyncDisposable {
  readonly kubeconfigPath: string;
  readonly api: ApiClient;
  counts(): Promise<StubCounts>;
  /** When the POST of that repl's Deployment came, in ms since 1970. @throws Error where none did */
  firstWriteAtMs(replId: string): Promise<number>;
}

/** How a stub is to be. */
export interface StubSettings {
  /** Before each answer; 0 where left out. */
  readonly latencyMs?: number;
  /** False: Deployments stay as they were written. Default true: they are available at once. */
  readonly controllers?: boolean;
}

/** Starts a stub on the processors that are not measured. */
export async function startStub({ latencyMs = 0, controllers = true }: StubSettings = {}): Promise<RunningStub> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const [kubeconfigPath, caPath] = [join(folder, "kubeconfig"), join(folder, "ca.crt")];
  const flags = ["--kubeconfig", kubeconfigPath, "--ca", caPath, "--latency-ms", String(latencyMs)];
  const server = await startProcess({
    name: "stub",
    command: process.execPath,
    args: ["bench/stub/main.ts", ...flags, ...(controllers ? [] : ["--no-controllers"])],
    cwd: ROOT,
    ready: { line: /listening on (\S+)/ },
  });
  pin(server.pid, "rest");
  const api = await createApiClient({ server: server.ready?.[1] ?? "", caPath, token: "bench" });
  return {
    kubeconfigPath,
    api,
    counts: async () => (await api.get("/counts")) as StubCounts,
    async firstWriteAtMs(replId) {
      const { atMs } = (await api.get(`/arrived/${replId}`)) as { readonly atMs?: number };
      if (atMs === undefined) throw new Error(`nothing was written for ${replId}`);
      return atMs;
    },
    async [Symbol.asyncDispose]() {
      await api.close();
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}
