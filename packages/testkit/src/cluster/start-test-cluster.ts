import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { inheritedEnvironment } from "../process/environment.ts";
import { guard } from "../process/guard.ts";
import { clusterTool, connectTestCluster, type TestCluster, whyNoTestCluster } from "./test-cluster.ts";

/** What a control plane of a test's own shall be. */
export interface TestClusterOptions {
  /** Port of the API server; default a free one. */
  readonly port?: number;
  /** More flags for kube-apiserver: `["--max-mutating-requests-inflight=1"]`. None may hold a blank. */
  readonly apiserverFlags?: readonly string[];
  /** False: etcd and kube-apiserver alone; nothing collects garbage and no pod ever runs. Default true. */
  readonly controllers?: boolean;
  /** How pods become ready: at once ("fast", the default) or within some 8 s ("general"). */
  readonly podStages?: "fast" | "general";
  /** Logs every request for `auditEvents()`, "RequestResponse" with bodies. Default off. */
  readonly audit?: "Metadata" | "RequestResponse";
}

/** A control plane that its starter has to stop. */
export interface OwnTestCluster extends TestCluster {
  /** Stops it and removes its data. May be called twice. */
  stop(): Promise<void>;
}

const run = promisify(execFile);

/**
 * Starts a control plane (4 s, 600 MB). It ends with `stop()`, at the latest with the test runner itself.
 * @throws Error that says what is missing or what failed.
 */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<OwnTestCluster> {
  const missing = await whyNoTestCluster();
  if (missing !== undefined) throw new Error(missing);
  const dataDir = await mkdtemp(join(tmpdir(), "repl-cluster-"));
  const release = guard("sh", "-c", `"$0" "$1"; rm -rf "$1"`, clusterTool("down"), dataDir);
  const remove = async (): Promise<void> => {
    await run(clusterTool("down"), [dataDir], { env: inheritedEnvironment() });
    await rm(dataDir, { recursive: true, force: true });
    release();
  };
  try {
    await run(clusterTool("up"), [dataDir, String(options.port ?? 0)], { env: environmentOf(options) });
    const cluster = await connectTestCluster(dataDir);
    const stop = async (): Promise<void> => {
      await cluster.close();
      await remove();
    };
    return { ...cluster, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

function environmentOf({ apiserverFlags, controllers, podStages, audit }: TestClusterOptions): Record<string, string> {
  return {
    ...inheritedEnvironment(),
    APISERVER_FLAGS: (apiserverFlags ?? []).join(" "),
    CONTROLLERS: controllers === false ? "off" : "on",
    KWOK_POD_STAGES: podStages ?? "fast",
    AUDIT: audit ?? "",
  };
}
